"""Verdicts on pairs of runs on the same test examples: which is better, and whether the examples suffice to tell."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from engine.comparing.correction import corrected
from engine.comparing.outcomes import Evaluated, check_same_examples, read_evaluated
from engine.comparing.resampling import interval_of, interval_of_right, metric_of, resampled_metric
from engine.comparing.words import corrected_text, lead_interval, lead_text, p_text
from engine.errors import TrainyardError
from engine.evaluation import deciding_metric
from engine.metrics import metric_named
from engine.runs import Run
from engine.sentences import SPACE, Sentence, joined
from engine.settings import settings
from engine.tasks.base import tasks

MOST_FOR_ALL_PAIRS = 4
"""With more runs than this, each is compared with the first only: nobody reads more pairs."""
EXACT_BELOW = 25
"""With fewer discordant examples than this, McNemar's test is the exact one, on the binomial."""


@dataclass(frozen=True)
class Verdict:
    """The comparison of `run` with `other` on the test examples. With a `problem` there is no result."""

    run: int
    other: int
    problem: str = ""
    metric: str = ""
    examples: int = 0
    gain: float = 0.0
    """By how much `run` is better in `metric`; negative when it is worse. `low` to `high` is its confidence interval."""
    low: float = 0.0
    high: float = 0.0
    p: float = 1.0
    """The probability of so large a difference by chance: McNemar's test for accuracies, else the paired t-test."""
    corrected_p: float = 1.0
    """The same, corrected for the number of `pairs` that are compared at once."""
    pairs: int = 1
    only_run: int = 0
    """Examples that only `run` answers correctly, and that only `other` does: where answers are right or wrong."""
    only_other: int = 0
    mcnemar_p: float | None = None

    @property
    def distinguishable(self) -> bool:
        """Whether zero lies outside the interval, and the corrected test agrees."""
        if self.problem or self.low <= 0.0 <= self.high:
            return False
        return self.corrected_p < 1.0 - settings().confidence

    def sentences(self) -> str:
        """Return the verdict in words."""
        return joined(self.parts(), SPACE)

    def parts(self) -> tuple[str, ...]:
        """Return the same, one sentence each."""
        if self.problem:
            return (self.problem,)
        mcnemar = [] if self.mcnemar_p is None else [self._right_and_wrong(self.mcnemar_p)]
        correction = [corrected_text(self.corrected_p, self.pairs)] if self.pairs > 1 else []
        if self.metric == "accuracy":
            return (self._said(), *mcnemar, *correction)
        return (self._said(), Sentence("Paired t-test: {p}.", p=p_text(self.p)), *correction, *mcnemar)

    def _said(self) -> Sentence:
        """Return the verdict from the side of the better run."""
        ahead, behind = (self.run, self.other) if self.gain >= 0 else (self.other, self.run)
        amount = lead_text(self.metric, self.gain)
        interval = lead_interval(self.metric, self.gain, self.low, self.high)
        if self.distinguishable:
            return Sentence(
                "Run {ahead} is better than run {behind} by {amount} ({interval}) on {examples:,} test examples.",
                ahead=ahead,
                behind=behind,
                amount=amount,
                interval=interval,
                examples=self.examples,
            )
        return Sentence(
            "Runs {run} and {other} are not distinguishable on {examples:,} test examples: run {ahead} is ahead by "
            "{amount} ({interval}).",
            run=self.run,
            other=self.other,
            examples=self.examples,
            ahead=ahead,
            amount=amount,
            interval=interval,
        )

    def _right_and_wrong(self, p: float) -> str:
        return Sentence(
            "McNemar's test of right and wrong answers: {p} (run {run} alone is right {only_run:,} times, "
            "run {other} alone {only_other:,} times).",
            p=p_text(p),
            run=self.run,
            only_run=self.only_run,
            other=self.other,
            only_other=self.only_other,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON, with the words."""
        return asdict(self) | {"distinguishable": self.distinguishable, "sentence": self.sentences()}


def pairs_of(runs: Sequence[Run]) -> list[tuple[Run, Run]]:
    """Return all pairs of a few runs; of many runs each with the first."""
    if len(runs) <= MOST_FOR_ALL_PAIRS:
        return [(run, other) for other, run in itertools.combinations(runs, 2)]
    return [(run, runs[0]) for run in runs[1:]]


def compare_pairs(runs: Sequence[Run]) -> list[Verdict]:
    """Return a verdict for each of `pairs_of(runs)`, corrected for their number. Each run's predictions are read once."""
    evaluated: dict[int, Evaluated] = {}
    problems: dict[int, str] = {}
    for run in runs:
        try:
            evaluated[run.id] = read_evaluated(run)
        except TrainyardError as error:
            problems[run.id] = error.sentence
    drawn = _draw(evaluated.values())
    return _corrected([_verdict(run.id, other.id, evaluated, problems, drawn) for run, other in pairs_of(runs)])


def _corrected(verdicts: Sequence[Verdict]) -> list[Verdict]:
    ps = corrected([verdict.p for verdict in verdicts if not verdict.problem])
    left = iter(ps)
    return [v if v.problem else replace(v, corrected_p=next(left), pairs=len(ps)) for v in verdicts]


def decides(evaluated: Evaluated) -> str:
    """Return the metric for comparing the run: the one that chose its best epoch, if it is defined per example."""
    return deciding_metric(tasks[evaluated.run.spec["task"]["name"]].objective, evaluated.scores)


def _draw(evaluated: Iterable[Evaluated]) -> dict[int, np.ndarray]:
    """Return the deciding metric of each run on each draw, (draws,) by run; all share the draws. Accuracies need none."""
    alike: dict[tuple[str, int], list[Evaluated]] = {}
    for one in evaluated:
        if decides(one) != "accuracy":
            alike.setdefault((decides(one), one.num_examples), []).append(one)
    found: dict[int, np.ndarray] = {}
    for (metric, _examples), group in alike.items():
        columns = resampled_metric(metric, np.stack([one.scores[metric] for one in group], axis=1))
        found |= {one.run.id: column for one, column in zip(group, columns.T, strict=True)}
    return found


def _verdict(
    run: int, other: int, evaluated: dict[int, Evaluated], problems: dict[int, str], drawn: dict[int, np.ndarray]
) -> Verdict:
    if missing := [problems[i] for i in (other, run) if i in problems]:
        return Verdict(run, other, " ".join(missing))
    one, two = evaluated[run], evaluated[other]
    try:
        check_same_examples(two, one)
    except TrainyardError as error:
        return Verdict(run, other, error.sentence)
    metric = decides(one)
    sign = 1.0 if metric_named(metric).maximize else -1.0
    values = [float(metric_of(metric, part.scores[metric].mean(dtype=np.float64))) for part in (one, two)]
    gain, answers = sign * (values[0] - values[1]), _mcnemar(one, two)
    if metric == "accuracy":
        p = answers["mcnemar_p"]
        low, high = interval_of_right(answers["only_run"], answers["only_other"], one.num_examples)
    else:
        p = paired_p(one.scores[metric] - two.scores[metric])
        low, high = interval_of(sign * (drawn[run] - drawn[other]), one.num_examples)
    return Verdict(run, other, "", metric, one.num_examples, gain, low, high, p, p, **answers)


def paired_p(differences: np.ndarray) -> float:
    """Return the p-value of Student's paired t-test of `differences` (examples,), with a true mean of 0.

    For squared errors it tests their mean, and so its root.
    """
    if np.ptp(differences) == 0:  # one example, or identical answers: nothing to test
        return 1.0
    from scipy.stats import ttest_1samp

    return float(ttest_1samp(differences, 0.0).pvalue)


def _mcnemar(one: Evaluated, two: Evaluated) -> dict[str, Any]:
    """McNemar 1947, where answers are right or wrong."""
    if "accuracy" not in one.scores:
        return {}
    first, second = one.scores["accuracy"] > 0.5, two.scores["accuracy"] > 0.5
    counts = {"only_run": int((first & ~second).sum()), "only_other": int((~first & second).sum())}
    both, neither = int((first & second).sum()), int((~first & ~second).sum())
    table = [[both, counts["only_run"]], [counts["only_other"], neither]]
    return counts | {"mcnemar_p": mcnemar_p(table)}


def mcnemar_p(table: list[list[int]]) -> float:
    """Return the probability of a difference like that of the two discordant cells of `table` by chance."""
    discordant = table[0][1] + table[1][0]
    if not discordant:
        return 1.0
    from statsmodels.stats.contingency_tables import mcnemar

    return float(mcnemar(table, exact=discordant < EXACT_BELOW).pvalue)
