"""Sources of labelled examples: one file a dataset."""
