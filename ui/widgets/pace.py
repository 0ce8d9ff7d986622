"""Refresh intervals of live pages: what they may cost when many people watch."""

TICKS_PER_SECOND = 10
"""Budget of live pages: the more viewers, the less often each page refreshes, and training keeps its processor."""

SLOWEST_SECONDS = 5.0
"""No page waits longer than this, however many look."""

MAX_AGE_SECONDS = 0.2
"""Viewers that come within this time of each other share one read."""
