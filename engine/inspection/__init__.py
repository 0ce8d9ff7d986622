"""Is this data fit to learn from? Checks of a prepared dataset that need no network."""
