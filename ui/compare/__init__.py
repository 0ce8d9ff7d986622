"""Several runs side by side, and leaderboards."""
