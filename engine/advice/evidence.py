"""What an ended run leaves that rules can look at: plain values, so that a rule is tested without a run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.metrics import metric_named
from engine.spec import Range

Curve = Sequence[float | None]
"""One value an epoch; None where it was not a finite number."""


@dataclass(frozen=True)
class Possible:
    """What a next run could change."""

    values: Mapping[str, Any] = field(default_factory=dict)
    """Every field of the run's spec by its flat name."""
    ranges: Mapping[str, Range] = field(default_factory=dict)
    """The bounds of the numbers among them."""
    pretrained: str = ""
    """A pretrained model that takes these inputs; empty where there is none, or the run has used one."""
    kept_epoch: int = 0
    """The newest epoch that can be forked; 0 where none can."""
    resumable: bool = False
    """Whether it can go on from its last checkpoint, as the same run."""
    own_data: bool = False
    """Whether the dataset is one that people import, so that they can add to it."""
    trial: bool = False
    """Whether a study chose its values: it will choose the next ones, too."""


@dataclass(frozen=True)
class Evidence:
    """The record of an ended run. Everything but its state may be missing."""

    state: str
    objective: str = "val_loss"
    """The metric that decides which epoch is best, by Keras' name."""
    metrics: tuple[str, ...] = ()
    """The metrics that the task declares, in the order of display."""
    message: str = ""
    """Why it ended, where that is not plain."""
    diverged: float | None = None
    """For a run whose loss was no longer a number: the learning rate to try next."""
    history: Mapping[str, Curve] = field(default_factory=dict)
    """Values of all epochs by Keras' names."""
    first_epoch: int = 1
    """The epoch of the first value in `history`: a fork goes on counting."""
    planned_epochs: int = 0
    best: Mapping[str, float] = field(default_factory=dict)
    """Metrics of the best epoch, and its number as `epoch`."""
    split: str = ""
    """The split it was evaluated on; empty where it was not."""
    evaluated: Mapping[str, Any] = field(default_factory=dict)
    """Its evaluation on that split."""
    examples: int = 0
    """How many examples that split has; 0 where it is not known."""
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Confidence intervals by metric, of those that single examples have a score for."""
    held: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Confidence intervals on the validation split, by which the best epoch was chosen."""
    level: float = 0.95
    """The confidence level of the intervals."""
    confusion: Sequence[Sequence[int]] = ()
    """Counts by true class (rows) and predicted class, where the targets are classes."""
    labels: Sequence[str] = ()
    unit: str = ""
    """Name of a number that is predicted, with its unit."""
    next: Possible = field(default_factory=Possible)

    @property
    def reached(self) -> Mapping[str, float]:
        """The metrics that the evaluation found."""
        found: Mapping[str, float] = self.evaluated.get("metrics") or {}
        return found

    @property
    def shown(self) -> str:
        """The metric of the headline: the first of the task's that has an interval, else the first that was evaluated.

        Of a run that was not evaluated, the first that its best epoch has. Empty where there is none.
        """
        names = [name for name in (*self.metrics, *self.reached) if name in self.reached]
        if names:
            return next((name for name in names if name in self.intervals), names[0])
        return next((name for name in (*self.metrics, "loss") if f"val_{name}" in self.best), "")

    @property
    def epochs(self) -> int:
        """How many epochs it has values of."""
        return max((len(values) for values in self.history.values()), default=0)

    @property
    def last_epoch(self) -> int:
        """The number of the last epoch that ended."""
        return self.first_epoch - 1 + self.epochs

    @property
    def ended_early(self) -> bool:
        """Whether it completed before its planned epochs: early stopping had seen no improvement for long."""
        return self.state == "completed" and 0 < self.last_epoch < self.planned_epochs


def figure(metric: str, value: float) -> str:
    """Return a value of a metric: a percentage for shares, four digits otherwise."""
    return f"{value:.1%}" if metric_named(metric).share else f"{value:.4g}"
