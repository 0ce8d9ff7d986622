"""Charts of a study, one file a plot; pure functions: at most some thousand points each, however many trials there are."""
