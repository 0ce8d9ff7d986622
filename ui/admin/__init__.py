"""The Admin page: one file for each of its parts."""
