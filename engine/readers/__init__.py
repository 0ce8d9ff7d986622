"""Hostile bytes to plain values, in bounded memory."""
