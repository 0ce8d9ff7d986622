"""The start page: a training one click away, what trains now, and the newest results."""
