"""Evaluation of a finished run: figures, mistakes, baselines."""
