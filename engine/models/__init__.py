"""Architectures: one file a model."""
