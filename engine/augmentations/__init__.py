"""Random changes to training inputs: one file a modality."""
