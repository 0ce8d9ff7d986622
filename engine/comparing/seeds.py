"""Runs that differ in nothing but the seed, or the fold: what they say together, and whether two such groups differ."""

import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from engine.comparing.outcomes import split_key
from engine.comparing.words import amount_text, level_text, metric_name, p_text, value_text
from engine.errors import TrainyardError
from engine.judging import LESS_IS_BETTER, SHARES
from engine.runs import Run
from engine.settings import settings
from engine.tasks.base import tasks


@dataclass(frozen=True)
class Mean:
    """The mean of some values that vary by chance, with its t interval."""

    values: tuple[float, ...]
    mean: float
    deviation: float
    low: float
    high: float

    @property
    def count(self) -> int:
        """How many values there are."""
        return len(self.values)


def mean_of(values: Sequence[float]) -> Mean:
    """Mean, standard deviation and Student's t interval at the level of the settings, of at least two values."""
    from scipy.special import stdtrit

    mean, deviation = statistics.fmean(values), statistics.stdev(values)
    reach = float(stdtrit(len(values) - 1, 0.5 + settings().confidence / 2)) * deviation / len(values) ** 0.5
    return Mean(tuple(values), mean, deviation, mean - reach, mean + reach)


@dataclass(frozen=True)
class Seeds:
    """Runs of one spec with different seeds that were judged on the test examples."""

    runs: tuple[int, ...]
    metric: str
    figures: Mean
    judged_on: str = ""
    """Equal for groups with the same test examples."""

    def comparable(self, other: "Seeds") -> bool:
        """Whether both were judged on the same test examples by the same metric."""
        return (self.metric, self.judged_on) == (other.metric, other.judged_on)

    def sentence(self) -> str:
        """Mean and interval in words."""
        found, name = self.figures, metric_name(self.metric)
        low, high = value_text(self.metric, found.low), value_text(self.metric, found.high)
        return (
            f"{found.count} seeds of one spec (runs {_listed(self.runs)}): test {name} "
            f"{value_text(self.metric, found.mean)} on average ({level_text()}: {low} to {high})."
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON, with the words."""
        return {"runs": list(self.runs), "metric": self.metric, **asdict(self.figures), "sentence": self.sentence()}


@dataclass(frozen=True)
class Welch:
    """How much better one group of seeds is than another, by Welch's t-test (1947): their spreads may differ."""

    group: Seeds
    other: Seeds
    gain: float
    low: float
    high: float
    p: float

    @property
    def distinguishable(self) -> bool:
        """Whether so large a difference would be rare without one."""
        return self.p < 1.0 - settings().confidence

    def sentence(self) -> str:
        """The verdict in words, from the side of the better group."""
        metric = self.group.metric
        better, worse = (self.group, self.other) if self.gain >= 0 else (self.other, self.group)
        ends = (self.low, self.high) if self.gain >= 0 else (-self.high, -self.low)
        amount, low, high = (amount_text(metric, value) for value in (abs(self.gain), *ends))
        level, name, share, p = level_text(), metric_name(metric), metric in SHARES, p_text(self.p)
        ahead, behind = _listed(better.runs), _listed(worse.runs)
        if self.distinguishable and share:
            return (
                f"The seeds {ahead} are better than the seeds {behind} by {amount} points of {name} on average "
                f"({level}: {low} to {high}, Welch's t-test {p})."
            )
        if self.distinguishable:
            return (
                f"The seeds {ahead} are better than the seeds {behind} by {amount} in {name} on average "
                f"({level}: {low} to {high}, Welch's t-test {p})."
            )
        if share:
            return (
                f"The seeds {ahead} are not distinguishable from the seeds {behind}: they are ahead by {amount} points "
                f"of {name} on average ({level}: {low} to {high}, Welch's t-test {p})."
            )
        return (
            f"The seeds {ahead} are not distinguishable from the seeds {behind}: they are ahead by {amount} in {name} "
            f"on average ({level}: {low} to {high}, Welch's t-test {p})."
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON, with the words."""
        facts = {name: getattr(self, name) for name in ("gain", "low", "high", "p", "distinguishable")}
        return {"runs": list(self.group.runs), "others": list(self.other.runs), **facts, "sentence": self.sentence()}


def group_seeds(runs: Iterable[Run]) -> list[Seeds]:
    """The groups with at least two different seeds (or folds) among `runs`, by their first test metric.

    The same seed twice is the same training again and tells nothing new: the newer one counts.
    """
    alike: dict[str, dict[Any, Run]] = {}
    for run in runs:
        if _metric(run):
            alike.setdefault(_without_chance(run), {})[_chance(run)] = run
    groups = [sorted(members.values(), key=lambda run: run.id) for members in alike.values() if len(members) > 1]
    return [_seeds(group, _metric(group[0])) for group in groups]


def compare_seeds(group: Seeds, other: Seeds) -> Welch:
    """Whether the means of two groups with the same metric differ."""
    sign = -1.0 if group.metric in LESS_IS_BETTER else 1.0
    gain = sign * (group.figures.mean - other.figures.mean)
    if group.figures.deviation == other.figures.deviation == 0.0:  # nothing varies: any difference is one
        return Welch(group, other, gain, gain, gain, 0.0 if gain else 1.0)
    from scipy.stats import ttest_ind

    found = ttest_ind(*([sign * v for v in g.figures.values] for g in (group, other)), equal_var=False)
    between = found.confidence_interval(settings().confidence)
    return Welch(group, other, gain, float(between.low), float(between.high), float(found.pvalue))


def _seeds(group: Sequence[Run], metric: str) -> Seeds:
    figures = mean_of([run.result[f"test_{metric}"] for run in group])
    return Seeds(tuple(run.id for run in group), metric, figures, split_key(group[0]))


def _metric(run: Run) -> str:
    """The first metric of the run's task that was judged on the test examples; "" for none."""
    try:
        names = tasks[run.spec["task"]["name"]].metrics
    except TrainyardError:
        return ""
    return next((name for name in names if isinstance(run.result.get(f"test_{name}"), float)), "")


def _chance(run: Run) -> tuple[Any, Any]:
    return run.spec["training"]["seed"], run.spec["dataset"].get("fold")


def _without_chance(run: Run) -> str:
    """What seeds of one spec have in common, as a text that can be compared."""
    spec = {section: dict(part) for section, part in run.spec.items() if part}
    spec["training"].pop("seed", None)
    spec["dataset"].pop("fold", None)
    return json.dumps(spec, sort_keys=True)


def _listed(runs: Sequence[int]) -> str:
    return ", ".join(map(str, runs))
