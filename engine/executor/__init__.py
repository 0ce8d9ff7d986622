"""Keeps workers busy: claims queued runs, hands them to processes, and records how these ended."""
