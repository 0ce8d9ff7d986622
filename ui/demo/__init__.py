"""Predictions in the browser, one at a time or in batches."""
