"""The runs page and the page of a run."""
