"""Everything that trains: the only package that imports Keras at module level."""
