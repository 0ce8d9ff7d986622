"""Figures as pure functions from numbers to Plotly, and pictures."""
