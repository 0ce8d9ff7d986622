"""What ended runs say about each other: honest verdicts on the same test examples, groups of seeds, leaderboards."""
