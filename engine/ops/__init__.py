"""Operating an installation: backups, restoring them, and whether all is well."""
