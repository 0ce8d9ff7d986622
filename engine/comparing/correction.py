"""Several verdicts at once: each p-value is corrected for their number, so that one in twenty equal pairs does not look different."""

from collections.abc import Sequence

from engine.sentences import Sentence
from engine.settings import settings


def corrected(ps: Sequence[float]) -> list[float]:
    """Return `ps`, each corrected for how many there are (Holm 1979)."""
    if len(ps) < 2:
        return list(ps)
    from statsmodels.stats.multitest import multipletests

    _, found, _, _ = multipletests(ps, method="holm")
    return [float(p) for p in found]


def about_correction() -> str:
    """Return a sentence on what the correction does."""
    wrong = f"{100 * (1 - settings().confidence):g}%"
    return Sentence(
        "Several pairs are compared at once, so p is corrected for their number (Holm's method): if "
        "all runs were equal, the chance of calling even one pair different would be at most "
        "{wrong}. Each interval is for its own pair only.",
        wrong=wrong,
    )
