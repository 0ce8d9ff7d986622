"""Figures of a comparison in words: amounts with their unit, intervals with their level, small probabilities."""

from engine.metrics import metric_named
from engine.sentences import Sentence
from engine.settings import settings

_NAMES = {"cross_entropy": "cross-entropy", "rmse": "RMSE", "mae": "MAE", "auc": "AUC", "r2": "R²"}


def metric_name(metric: str) -> str:
    """Return a metric's name for use inside a sentence."""
    return _NAMES.get(metric, metric.replace("_", " "))


def level_text() -> str:
    """Return the confidence level, as `95 %`."""
    return f"{100 * settings().confidence:g}%"


def amount_text(metric: str, amount: float) -> str:
    """Return a difference: in percentage points for shares, with four digits otherwise."""
    return f"{100 * amount:.1f}" if metric_named(metric).share else f"{amount:.4g}"


def lead_text(metric: str, amount: float) -> Sentence:
    """Return by how much one is ahead of the other: points of a share, or a difference in another metric."""
    size, name = amount_text(metric, abs(amount)), metric_name(metric)
    if metric_named(metric).share:
        return Sentence("{amount} points of {name}", amount=size, name=name)
    return Sentence("{amount} in {name}", amount=size, name=name)


def lead_interval(metric: str, gain: float, low: float, high: float) -> Sentence:
    """Return the interval of a gain as the one who is ahead sees it."""
    ends = (low, high) if gain >= 0 else (-high, -low)
    return interval_text(*(amount_text(metric, end) for end in ends))


def interval_text(low: str, high: str) -> Sentence:
    """Return an interval with its level."""
    return Sentence("{level}: {low} to {high}", level=level_text(), low=low, high=high)


def value_text(metric: str, value: float) -> str:
    """Return a value of a metric: a percentage for shares, four digits otherwise."""
    return f"{100 * value:.1f}%" if metric_named(metric).share else f"{value:.4g}"


def p_text(p: float) -> str:
    """Return `p = 0.012`, or `p < 0.001`."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def corrected_text(p: float, pairs: int) -> Sentence:
    """Return what the correction for several pairs leaves of a p-value."""
    return Sentence("Corrected for {pairs} pairs: {p}.", pairs=pairs, p=p_text(p))
