"""How good outputs are: pure functions from arrays to plain JSON. They know neither runs nor networks nor pages."""

LESS_IS_BETTER = frozenset({"loss", "cross_entropy", "ece", "mae", "rmse"})
"""Metrics that measure an error; of all others more is better."""
