"""Actions of people in Trainyard. Each function takes who asks first, and asks `engine.access` before it does anything.

Pages, API and command line call these; executors and workers, which nobody asks for anything, keep to the store.
"""

from engine.service import (
    artifacts,
    costs,
    datasets,
    executors,
    headlines,
    metrics,
    predictions,
    preferences,
    runs,
    scripts,
    studies,
)

__all__ = [
    "artifacts",
    "costs",
    "datasets",
    "executors",
    "headlines",
    "metrics",
    "predictions",
    "preferences",
    "runs",
    "scripts",
    "studies",
]
