"""From a dataset's files to cached arrays and a recorded split."""
