"""What would help next, by what was found: at most three suggestions, the likeliest to help first."""

from collections.abc import Callable, Iterator, Set
from typing import Any

from engine.advice.evidence import Evidence
from engine.advice.findings import Finding, Suggestion
from engine.sentences import Sentence
from engine.settings import settings
from engine.spec import Range

MOST = 3
_STEP = 0.2
"""By how much dropout is raised."""
_ENOUGH = 0.5
"""Dropout above this takes away too much."""
_FIRST_PENALTY = 1e-4
_RARE, _LEAST_RARE = 0.5, 10
"""Share of what a class would have if all were alike, up to which it is rare; examples that it must have to say so."""
_FINDINGS_THAT_FAIL = frozenset({"baseline-below", "guess-not-better"})


def suggest(seen: Evidence, findings: tuple[Finding, ...]) -> tuple[Suggestion, ...]:
    """Return what to try, in the order of the rules; nothing for a trial, whose study goes on choosing."""
    if seen.next.trial or seen.state in ("canceled", "pruned"):
        return ()
    kinds = frozenset(finding.kind for finding in findings)
    found = [suggestion for rule in RULES for suggestion in rule(seen, kinds)]
    return tuple(found[:MOST])


def slower(seen: Evidence, kinds: Set[str]) -> Iterator[Suggestion]:
    """A smaller learning rate, where the loss was no longer a number."""
    if "diverged" in kinds and seen.diverged is not None:
        rate = _within(seen, "learning_rate", seen.diverged)
        label = Sentence("Learning rate {rate:g}", rate=rate)
        why = Sentence("The steps were too large: the same training with a smaller learning rate.")
        yield Suggestion("slower", label, why, {"learning_rate": rate})


def resumed(seen: Evidence, kinds: Set[str]) -> Iterator[Suggestion]:
    """The rest of a run that somebody stopped."""
    if seen.state == "stopped" and seen.next.resumable and "overfitting" not in kinds:
        why = Sentence(
            "It was stopped after epoch {epoch} of {epochs}.", epoch=seen.last_epoch, epochs=seen.planned_epochs
        )
        yield Suggestion("resume", Sentence("Train on"), why, resume=True)


def longer(seen: Evidence, kinds: Set[str]) -> Iterator[Suggestion]:
    """Twice the epochs, from the last one on where it was kept."""
    planned, bounds = seen.next.values.get("epochs"), seen.next.ranges.get("epochs")
    if (
        seen.state != "completed"
        or "still-learning" not in kinds
        or "overfitting" in kinds
        or not planned
        or not bounds
    ):
        return
    epochs = min(2 * int(planned), int(bounds.high))
    if epochs <= seen.last_epoch:
        return
    label = Sentence("Train to epoch {epochs}", epochs=epochs)
    fork = seen.next.kept_epoch if seen.next.kept_epoch == seen.last_epoch else 0
    why = (
        Sentence("It was still learning: go on from epoch {epoch} as a new run.", epoch=fork)
        if fork
        else Sentence("It was still learning: the same training for more epochs.")
    )
    yield Suggestion("longer", label, why, {"epochs": epochs}, fork)


def weighted(seen: Evidence, kinds: Set[str]) -> Iterator[Suggestion]:
    """Class weights, where a rare class is mostly missed."""
    if seen.next.values.get("class_weights") is not False or not len(seen.confusion):
        return
    counts = [sum(row) for row in seen.confusion]
    total, largest = sum(counts), max(range(len(counts)), key=counts.__getitem__)
    for rare in sorted(range(len(counts)), key=counts.__getitem__):
        found = seen.confusion[rare][rare]
        is_rare = counts[rare] >= _LEAST_RARE and counts[rare] * len(counts) <= _RARE * total
        if (
            is_rare
            and 2 * found < counts[rare]
            and found * counts[largest] < seen.confusion[largest][largest] * counts[rare]
        ):
            facts = {"label": seen.labels[rare], "found": found, "count": counts[rare]}
            why = (
                Sentence(
                    "{label!r} is rare, and only {found:,} of {count:,} examples of it were found. With class weights more of "
                    "them will be found, with more false alarms. Another threshold does the same without training: see Costs.",
                    **facts,
                )
                if len(counts) == 2
                else Sentence(
                    "{label!r} is rare, and only {found:,} of {count:,} examples of it were found. With class weights more of "
                    "them will be found, with more false alarms.",
                    **facts,
                )
            )
            yield Suggestion("weighted", Sentence("Class weights"), why, {"class_weights": True})
            return


def regularised(seen: Evidence, kinds: Set[str]) -> Iterator[Suggestion]:
    """More dropout, or a weight penalty where there is no room for it."""
    if "overfitting" not in kinds:
        return
    values, ranges = seen.next.values, seen.next.ranges
    dropout = values.get("dropout")
    if "dropout" in ranges and isinstance(dropout, int | float) and dropout < _ENOUGH:
        more = round(_within(seen, "dropout", min(dropout + _STEP, _ENOUGH)), 2)
        why = Sentence("It overfitted: dropout keeps single units from learning examples by heart.")
        label = Sentence("Dropout {before:g} → {after:g}", before=dropout, after=more)
        yield Suggestion("regularise", label, why, {"dropout": more})
        return
    for name in ("l2", "weight_decay"):
        if name in ranges:
            before = float(values.get(name) or 0.0)
            after = _within(seen, name, 10 * before or _FIRST_PENALTY)
            if after > before:
                label = Sentence("{name} {before:g} → {after:g}", name=_PENALTIES[name], before=before, after=after)
                why = Sentence("It overfitted: a penalty on large weights keeps the network smooth.")
                yield Suggestion("regularise", label, why, {name: after})
                return


_PENALTIES = {"l2": "L2", "weight_decay": Sentence("Weight decay")}


def pretrained(seen: Evidence, kinds: Set[str]) -> Iterator[Suggestion]:
    """A network that has learned from other data, where this one overfits or does not beat the baseline."""
    weak = kinds & {*_FINDINGS_THAT_FAIL, "baseline-same", "overfitting"}
    if weak and seen.next.pretrained:
        why = Sentence(
            "A network that knows other data already needs fewer examples than one that begins from nothing."
        )
        label = Sentence("Pretrained network")
        yield Suggestion("pretrained", label, why, {"model": seen.next.pretrained})


def more_data(seen: Evidence, kinds: Set[str]) -> Iterator[Suggestion]:
    """More examples, where people can add some."""
    if seen.next.own_data and kinds & {*_FINDINGS_THAT_FAIL, "overfitting"}:
        why = Sentence("More examples may help a network to find what they have in common: add some to your dataset.")
        yield Suggestion("more-data", Sentence("Add examples"), why, more_data=True)


def seeds(seen: Evidence, kinds: Set[str]) -> Iterator[Suggestion]:
    """Other seeds, where the result stands: how much of it is chance."""
    if seen.state == "completed" and not kinds & _FINDINGS_THAT_FAIL:
        count = settings().repeated_seeds
        why = Sentence("The same training with other seeds: together they tell how much of the result is chance.")
        yield Suggestion("seeds", Sentence("{count} other seeds", count=count), why, seeds=count)


Rule = Callable[[Evidence, Set[str]], Iterator[Suggestion]]
RULES: tuple[Rule, ...] = (slower, resumed, longer, weighted, regularised, pretrained, more_data, seeds)
"""In the order of what they are likely to gain for what they cost."""


def _within(seen: Evidence, name: str, value: float) -> float:
    """Return a value inside the bounds of its field, as few digits as it needs."""
    bounds: Any = seen.next.ranges.get(name) or Range(value, value)
    return float(f"{min(max(value, bounds.low), bounds.high):.6g}")
