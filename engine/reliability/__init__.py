"""Reliability of a single answer: how far its input lies from the data, and within what interval the target should be."""
