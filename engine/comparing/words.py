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
    return f"{100 * settings().confidence:g} %"


def amount_text(metric: str, amount: float) -> str:
    """Return a difference: in percentage points for shares, with four digits otherwise."""
    return f"{100 * amount:.1f}" if metric_named(metric).share else f"{amount:.4g}"


def value_text(metric: str, value: float) -> str:
    """Return a value of a metric: a percentage for shares, four digits otherwise."""
    return f"{100 * value:.1f} %" if metric_named(metric).share else f"{value:.4g}"


def p_text(p: float) -> str:
    """Return `p = 0.012`, or `p < 0.001`."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def corrected_text(p: float, pairs: int) -> str:
    """Return what the correction for several pairs leaves of a p-value."""
    return Sentence("Corrected for {pairs} pairs: {p}.", pairs=pairs, p=p_text(p))
