"""What a network has to beat: a classical method for each modality, fitted in seconds on the same training split."""
