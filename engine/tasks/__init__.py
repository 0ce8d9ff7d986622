"""Tasks, which define what is predicted from what: one file each."""
