"""The form that starts a run, and what it tells before the start."""
