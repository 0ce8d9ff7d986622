"""Budgets of people on a shared installation: how much each may use, and the order in which their runs train.

A local installation has one owner and no budgets: none of this is read there.
"""

from engine.budgets.budget import LIMITS, NO_LIMIT, Budget, Usage, sharing, strictest, usual_budget
from engine.budgets.estimate import FREE, UNKNOWN, Estimate, Terms, unknown_estimate

__all__ = [
    "FREE",
    "LIMITS",
    "NO_LIMIT",
    "UNKNOWN",
    "Budget",
    "Estimate",
    "Terms",
    "Usage",
    "sharing",
    "strictest",
    "unknown_estimate",
    "usual_budget",
]
