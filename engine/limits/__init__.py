"""Limits on by default where several people use one installation: how often somebody may ask, upload or try a code."""
