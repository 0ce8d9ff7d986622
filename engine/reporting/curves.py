"""The learning curves of a run: loss and the task's metrics over epochs, with baseline and best epoch."""

import math
from collections.abc import Iterator

from engine.metrics import metric_named
from engine.reporting.parts import Section
from engine.reporting.plots import Dot, Line, Look, Plot
from engine.reporting.subject import Subject
from engine.sentences import COMMA, Sentence, joined, word

_LINES: tuple[tuple[str, str, Look, Sentence], ...] = (
    ("train", "step", "running", Sentence("Train, running")),
    ("train", "epoch", "train", Sentence("Train")),
    ("validation", "epoch", "validation", Sentence("Validation")),
)


def curves(subject: Subject) -> Iterator[Section]:
    """Yield the curves, where there are any."""
    plots = [plot for name in ("loss", *subject.metrics) if (plot := _curve(subject, name)) is not None]
    if plots:
        yield Section(Sentence("Learning curves"), plots, wide=False)


def _curve(subject: Subject, name: str) -> Plot | None:
    series = subject.series()
    lines = [
        Line(title, look, *series[split, name, scope])
        for split, scope, look, title in _LINES
        if (split, name, scope) in series
    ]
    lines = [line for line in lines if any(value is not None and math.isfinite(value) for value in line.y)]
    if not lines:
        return None
    level = subject.run.environment.get("baseline", {}).get(name, subject.run.result.get(f"baseline_validation_{name}"))
    if isinstance(level, int | float) and math.isfinite(level):
        last = max(line.x[-1] for line in lines)
        lines.append(Line(Sentence("Baseline, validation"), "level", [0.0, last], [level, level]))
    metric = metric_named(name)
    return Plot(
        title=word(metric.title),
        spoken=_spoken(word(metric.word), lines, shares=metric.share),
        x_title=Sentence("Epoch"),
        lines=lines,
        best=_best(subject, lines),
        shares=metric.share,
        from_zero=True,
    )


def _best(subject: Subject, lines: list[Line]) -> Dot | None:
    epoch = subject.run.best.get("epoch")
    held = next((line for line in lines if line.look == "validation"), None)
    if epoch is None or held is None:
        return None
    found = [y for x, y in zip(held.x, held.y, strict=True) if x == epoch and y is not None and math.isfinite(y)]
    return Dot(Sentence("Best epoch"), epoch, found[0]) if found else None


def _spoken(metric: str, lines: list[Line], *, shares: bool) -> Sentence:
    """Where each line ends."""
    ends = []
    for line in lines:
        if line.look != "running":
            last = next((y for y in reversed(line.y) if y is not None and math.isfinite(y)), None)
            if last is not None:
                value = f"{last:.1%}" if shares else f"{last:.4g}"
                ends.append(Sentence("{line} ends at {value}", line=line.title, value=value))
    if not ends:
        return Sentence("{metric} over epochs", metric=metric)
    return Sentence("{metric} over epochs: {ends}", metric=metric, ends=joined(ends, COMMA))
