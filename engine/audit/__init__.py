"""The audit log outside the database: as CSV, as JSON lines, and without the names of people who were deleted."""
