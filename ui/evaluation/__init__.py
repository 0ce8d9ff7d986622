"""How a finished run did: figures, mistakes, baselines."""
