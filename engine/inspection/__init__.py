"""Is this data fit to learn from? What can be found out about a prepared dataset without a network."""
