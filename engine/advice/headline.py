"""The headline of an ended run: every rule in turn, the heaviest finding as its title, and what to try next."""

from collections.abc import Callable, Iterator

from engine.advice.choice import kept_epoch
from engine.advice.course import failure, learning, overfitted
from engine.advice.evidence import Evidence, figure
from engine.advice.findings import Finding, Headline, Severity
from engine.advice.results import baseline, confusion, constant_answer, result, typical_error
from engine.advice.suggestions import suggest
from engine.metrics import metric_named
from engine.sentences import Sentence, word

RULES: tuple[Callable[[Evidence], Iterator[Finding]], ...] = (
    failure,
    constant_answer,
    baseline,
    result,
    typical_error,
    confusion,
    overfitted,
    learning,
    kept_epoch,
)
"""In the order in which their findings are read."""


def headline(seen: Evidence) -> Headline:
    """Return what became of a run, by the rules of `docs/formulas.md`."""
    findings = tuple(finding for rule in RULES for finding in rule(seen))
    title, severity = _title(seen, {finding.kind for finding in findings})
    return Headline(title, severity, findings, suggest(seen, findings))


def _title(seen: Evidence, kinds: set[str]) -> tuple[Sentence, Severity]:
    if "diverged" in kinds:
        return Sentence("The loss was no longer a number"), "problem"
    if seen.state == "failed":
        return Sentence("The run failed"), "problem"
    reached = _reached(seen)
    for kind, (verdict, severity) in _VERDICTS.items():
        if kind in kinds:
            return Sentence("{reached}: {verdict}", reached=reached, verdict=verdict), severity
    return reached, "note"


def _reached(seen: Evidence) -> Sentence:
    """The headline metric, or that there is none."""
    name = seen.shown
    metric = word(metric_named(name).word) if name else ""
    if name in seen.reached:
        value = figure(name, seen.reached[name])
        if seen.split == "test":
            return Sentence("Test {metric} {value}", metric=metric, value=value)
        return Sentence("Validation {metric} {value}", metric=metric, value=value)
    if name:
        return Sentence("Validation {metric} {value}", metric=metric, value=figure(name, seen.best[f"val_{name}"]))
    return Sentence("No result")


_VERDICTS: dict[str, tuple[Sentence, Severity]] = {
    "guess-not-better": (Sentence("it has learned nothing that helps"), "problem"),
    "baseline-below": (Sentence("not better than the baseline"), "problem"),
    "baseline-same": (Sentence("about as good as the baseline"), "warning"),
    "baseline-above": (Sentence("better than the baseline"), "good"),
}
"""What the title says after the figure: the first that was found."""
