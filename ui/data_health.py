"""Health checks of a dataset."""

from engine.datasets.prepare import PreparedDataset


def draw_health(prepared: PreparedDataset, kind: str) -> None:
    """Soon."""
