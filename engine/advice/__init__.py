"""Advice for data of which only the outlines are known."""
