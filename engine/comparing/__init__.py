"""Comparisons of ended runs: verdicts on the same test examples, groups of seeds, leaderboards."""
