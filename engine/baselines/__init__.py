"""The bar for a network: a classical method for each modality, fitted in seconds on the same training split."""
