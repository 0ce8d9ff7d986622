"""Imported datasets: what was understood, stored, and versioned."""
