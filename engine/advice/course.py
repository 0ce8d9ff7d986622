"""Rules over the course of a training: what broke it, when overfitting began, whether it was still learning."""

from collections.abc import Iterator

from engine.advice.curves import overfitting, still_learning
from engine.advice.evidence import Evidence
from engine.advice.findings import Finding
from engine.metrics import metric_named
from engine.sentences import Sentence, word


def failure(seen: Evidence) -> Iterator[Finding]:
    """What the run said when it broke."""
    if seen.state != "failed":
        return
    anchor = "a-loss-that-is-not-a-number" if seen.diverged is not None else ""
    kind = "diverged" if seen.diverged is not None else "failed"
    said = seen.message if isinstance(seen.message, Sentence) else Sentence(seen.message)
    yield Finding(kind, "problem", said or Sentence("It ended without a message. Its log may tell why."), anchor)


def overfitted(seen: Evidence) -> Iterator[Finding]:
    """From when on validation loss rose while training loss fell."""
    train, held = (_complete(seen.history.get(name, ())) for name in ("loss", "val_loss"))
    found = overfitting(train, held) if train and held else None
    if found is None:
        return
    sentence = Sentence(
        "Overfitting began after epoch {epoch}: since then validation loss rose from {low:.3g} to {high:.3g}, while "
        "training loss fell from {before:.3g} to {after:.3g}.",
        epoch=seen.first_epoch + found.position,
        low=found.validation[0],
        high=found.validation[1],
        before=found.train[0],
        after=found.train[1],
    )
    yield Finding("overfitting", "warning", sentence, "when-overfitting-begins")


def learning(seen: Evidence) -> Iterator[Finding]:
    """Whether the objective still got better."""
    values = _complete(seen.history.get(seen.objective, ()))
    if not values or seen.state == "failed":
        return
    metric = metric_named(seen.objective)
    gained = None if seen.ended_early else still_learning(values, maximize=metric.maximize)
    if gained is not None:
        sentence = Sentence(
            "It was still learning when it ended: in the last epochs the validation {metric} got better by {gain} in each.",
            metric=word(metric.word),
            gain=_amount(metric.name, gained),
        )
        yield Finding("still-learning", "note", sentence, "was-it-still-learning")


def _complete(values: object) -> list[float]:
    """Return the values if all are there: a gap is a run that broke."""
    found = list(values) if isinstance(values, list | tuple) else []
    return found if all(value is not None for value in found) else []


def _amount(metric: str, gain: float) -> Sentence | str:
    if metric_named(metric).share:
        return Sentence("{points:.2g} points", points=100 * gain)
    return f"{gain:.2g}"
