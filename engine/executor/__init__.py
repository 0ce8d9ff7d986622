"""Keeps workers busy: claims queued runs, hands them to processes, and says what became of these."""
