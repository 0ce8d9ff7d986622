"""A run as one HTML file that needs nothing else: read-only, without scripts, and without a request to anywhere."""

from engine.reporting.page import render
from engine.reporting.subject import Subject

__all__ = ["Subject", "render"]
