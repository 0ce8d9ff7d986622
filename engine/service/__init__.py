"""User actions in Trainyard. Each function takes the actor first, and asks `engine.access` before it does anything.

Pages, API and command line call these; executors and workers, which act for no user, use the store directly.
"""

from engine.service import (
    accounts,
    artifacts,
    audit,
    budgets,
    costs,
    datasets,
    demos,
    executors,
    headlines,
    limits,
    metrics,
    notices,
    people,
    predictions,
    preferences,
    reports,
    runs,
    scripts,
    shares,
    studies,
    tokens,
)

__all__ = [
    "accounts",
    "artifacts",
    "audit",
    "budgets",
    "costs",
    "datasets",
    "demos",
    "executors",
    "headlines",
    "limits",
    "metrics",
    "notices",
    "people",
    "predictions",
    "preferences",
    "reports",
    "runs",
    "scripts",
    "shares",
    "studies",
    "tokens",
]
