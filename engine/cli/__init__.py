"""Everything the dashboard can do, from a terminal. Exit codes: 0 completed, 1 failed or bad input, 3 stopped."""

from engine.cli.commands import main

__all__ = ["main"]
