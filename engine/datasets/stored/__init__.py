"""Datasets that people imported."""
