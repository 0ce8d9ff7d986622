"""What is predicted from what: one file a task."""
