"""Runs that differ only in the seed, or the fold: their mean, and whether two such groups differ."""

import json
import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from engine.comparing.outcomes import data_changed, split_key
from engine.comparing.words import (
    corrected_text,
    interval_text,
    lead_interval,
    lead_text,
    metric_name,
    p_text,
    value_text,
)
from engine.errors import TrainyardError
from engine.metrics import metric_named
from engine.runs import Run
from engine.sentences import SPACE, Sentence, joined
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
        """Number of values."""
        return len(self.values)

    @property
    def varies(self) -> bool:
        """Whether the values vary: otherwise the interval has no width and cannot be trusted."""
        return self.deviation > 0


def mean_of(values: Sequence[float], metric: str = "") -> Mean:
    """Return mean, standard deviation and Student's t interval at the level of the settings, of at least two values.

    The interval of a `metric` that is a share ends at 0 and at 1.
    """
    from scipy.special import stdtrit

    mean, deviation = statistics.fmean(values), statistics.stdev(values)
    reach = float(stdtrit(len(values) - 1, 0.5 + settings().confidence / 2)) * deviation / len(values) ** 0.5
    least, most = (0.0, 1.0) if metric_named(metric).share else (-math.inf, math.inf)
    return Mean(tuple(values), mean, deviation, max(mean - reach, least), min(mean + reach, most))


@dataclass(frozen=True)
class Seeds:
    """Runs of one spec with different seeds, or folds, that were evaluated on the test examples."""

    runs: tuple[Run, ...]
    metric: str
    figures: Mean

    @property
    def ids(self) -> tuple[int, ...]:
        """The numbers of the runs."""
        return tuple(run.id for run in self.runs)

    def comparable(self, other: "Seeds") -> bool:
        """Whether both were evaluated on the same test examples by the same metric, and both spreads are known."""
        one, two = self.runs[0], other.runs[0]
        return (
            (self.metric, split_key(one)) == (other.metric, split_key(two))
            and not data_changed(one, two)
            and (self.figures.varies or other.figures.varies)
        )

    def sentence(self) -> str:
        """Return mean and interval in words."""
        name, ids, count = metric_name(self.metric), _listed(self.ids), self.figures.count
        mean, low, high = (value_text(self.metric, v) for v in (self.figures.mean, self.figures.low, self.figures.high))
        if not self.figures.varies:
            return Sentence(
                "Runs {ids} share one spec and reached the same test {name}, {mean}, so their "
                "variation cannot be estimated.",
                ids=ids,
                name=name,
                mean=mean,
            )
        seeds = len({_chance(run)[0] for run in self.runs}) > 1
        group = Sentence("{count} seeds", count=count) if seeds else Sentence("{count} folds", count=count)
        return Sentence(
            "{group} of one spec (runs {ids}): test {name} {mean} on average ({interval}).",
            group=group,
            ids=ids,
            name=name,
            mean=mean,
            interval=interval_text(low, high),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON, with the words."""
        return {"runs": list(self.ids), "metric": self.metric, **asdict(self.figures), "sentence": self.sentence()}


@dataclass(frozen=True)
class Welch:
    """Return how much better one group of seeds is than another, by Welch's t-test (1947): their variances may differ."""

    group: Seeds
    other: Seeds
    gain: float
    low: float
    high: float
    p: float
    corrected_p: float
    """The same, corrected for the number of `pairs` of groups that are compared at once."""
    pairs: int = 1

    @property
    def distinguishable(self) -> bool:
        """Whether so large a difference would be rare by chance."""
        return self.corrected_p < 1.0 - settings().confidence

    def sentence(self) -> str:
        """Return the verdict in words, with what the correction leaves of it."""
        correction = [corrected_text(self.corrected_p, self.pairs)] if self.pairs > 1 else []
        return joined([self._said(), *correction], SPACE)

    def _said(self) -> Sentence:
        """Return the verdict from the side of the better group."""
        metric = self.group.metric
        better, worse = (self.group, self.other) if self.gain >= 0 else (self.other, self.group)
        ahead, behind, amount = _listed(better.ids), _listed(worse.ids), lead_text(metric, self.gain)
        interval, p = lead_interval(metric, self.gain, self.low, self.high), p_text(self.p)
        if self.distinguishable:
            return Sentence(
                "Runs {ahead} together are better than runs {behind} by {amount} on average ({interval}, Welch's t-test {p}).",
                ahead=ahead,
                behind=behind,
                amount=amount,
                interval=interval,
                p=p,
            )
        return Sentence(
            "Runs {ahead} together are not distinguishable from runs {behind}: they are ahead by {amount} on average "
            "({interval}, Welch's t-test {p}).",
            ahead=ahead,
            behind=behind,
            amount=amount,
            interval=interval,
            p=p,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON, with the words."""
        facts = {
            name: getattr(self, name)
            for name in ("gain", "low", "high", "p", "corrected_p", "pairs", "distinguishable")
        }
        return {"runs": list(self.group.ids), "others": list(self.other.ids), **facts, "sentence": self.sentence()}


def group_seeds(runs: Iterable[Run]) -> list[Seeds]:
    """Return the groups with at least two different seeds (or folds) among `runs`, by their first test metric.

    The same seed twice is the same training again and adds no information: the newer run counts. Forks are left out: those
    of one run share its first epochs, so they vary less than seeds do.
    """
    alike: dict[str, dict[Any, Run]] = {}
    for run in runs:
        if _metric(run) and run.parent_id is None:
            members = alike.setdefault(_without_chance(run), {})
            members[_chance(run)] = max(run, members.get(_chance(run), run), key=lambda one: one.id)
    groups = [sorted(members.values(), key=lambda run: run.id) for members in alike.values() if len(members) > 1]
    return [_seeds(group, _metric(group[0])) for group in groups]


def compare_seeds(group: Seeds, other: Seeds) -> Welch:
    """Return how the means of two `comparable` groups differ."""
    from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

    sign = 1.0 if metric_named(group.metric).maximize else -1.0
    gain = sign * (group.figures.mean - other.figures.mean)
    means = CompareMeans(*(DescrStatsW([sign * value for value in g.figures.values]) for g in (group, other)))
    _, p, _ = means.ttest_ind(usevar="unequal")
    low, high = means.tconfint_diff(1.0 - settings().confidence, usevar="unequal")
    return Welch(group, other, gain, float(low), float(high), float(p), float(p))


def _seeds(group: Sequence[Run], metric: str) -> Seeds:
    return Seeds(tuple(group), metric, mean_of([run.result[f"test_{metric}"] for run in group], metric))


def _metric(run: Run) -> str:
    """Return the first metric of the run's task that was evaluated on the test examples; "" for none."""
    try:
        names = tasks[run.spec["task"]["name"]].metric_names()
    except TrainyardError:
        return ""
    return next((name for name in names if isinstance(run.result.get(f"test_{name}"), float)), "")


def _chance(run: Run) -> tuple[Any, Any]:
    return run.spec["training"]["seed"], run.spec["dataset"].get("fold")


def _without_chance(run: Run) -> str:
    """Return what seeds of one spec have in common, as comparable text: also the data, and learning-rate changes."""
    spec = {section: dict(part) for section, part in run.spec.items() if part}
    spec["training"].pop("seed", None)
    folds = spec["dataset"].pop("fold", None) is not None and spec["dataset"].get("folds", 0) > 1
    data = "" if folds else run.environment.get("dataset_hash")  # the hash distinguishes folds, too
    return json.dumps([spec, data, run.taken_steering], sort_keys=True)


def _listed(runs: Sequence[int]) -> str:
    return ", ".join(map(str, runs))
