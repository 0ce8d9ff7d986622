"""The result of a run: its metrics on each split, with interval and baseline, and what its kind of prediction adds."""

from collections.abc import Iterator

from engine.advice.evidence import figure
from engine.baselines.names import title_of
from engine.comparing.intervals import interval
from engine.metrics import metric_named
from engine.reporting.kinds import kind_of
from engine.reporting.parts import Section, Table, Words
from engine.reporting.subject import Subject
from engine.sentences import Sentence, word
from engine.settings import settings

_SPLITS = {"test": Sentence("Test"), "validation": Sentence("Validation")}


def result(subject: Subject) -> Iterator[Section]:
    """Yield the figures, and beside them what the kind of prediction shows of its evaluation."""
    if not subject.split:
        return
    yield Section(Sentence("Result"), [figures(subject), *_baseline(subject)])
    if subject.task and (parts := list(kind_of(subject.task.prediction).parts(subject.evaluated))):
        on = Sentence("On the test split") if subject.split == "test" else Sentence("On the validation split")
        yield Section(on, parts, wide=False)


def figures(subject: Subject) -> Table:
    """Return the metrics on each split, with interval and baseline."""
    titles = _SPLITS | {name: word(title) for name, title in _extra(subject).items()}
    splits = [split for split in titles if subject.evaluation.get(split)]
    reached = subject.evaluated.get("metrics") or {}
    names = [name for name in (*subject.metrics, *reached) if name in reached]
    baseline = (subject.evaluated.get("baseline") or {}).get("metrics") or {}
    scores = subject.scores()
    head: list[str] = [Sentence("Metric"), titles[splits[0]]]
    head += [Sentence("{level} interval", level=f"{100 * settings().confidence:g}%")] if scores else []
    head += [Sentence("Baseline")] if baseline else []
    rows = []
    for name in dict.fromkeys(names):
        row: list[str] = [word(metric_named(name).title), figure(name, reached[name])]
        if scores:
            ends = [figure(name, end) for end in interval(name, scores[name])] if name in scores else []
            row.append(" – ".join(ends))
        row += [figure(name, baseline[name]) if name in baseline else ""] if baseline else []
        rows.append(row + [_value(subject, split, name) for split in splits[1:]])
    return Table([*head, *(titles[split] for split in splits[1:])], rows)


def _value(subject: Subject, split: str, name: str) -> str:
    value = (subject.evaluation[split].get("metrics") or {}).get(name)
    return "" if value is None else figure(name, value)


def _extra(subject: Subject) -> dict[str, str]:
    return subject.spec.dataset.extra_tests if subject.spec else {}


def _baseline(subject: Subject) -> Iterator[Words]:
    known = subject.evaluated.get("baseline") or {}
    if known.get("metrics") and known.get("name"):
        yield Words(
            Sentence(
                "Baseline: {name}, fitted to the same training examples and evaluated on the same split.",
                name=title_of(known["name"]),
            )
        )
