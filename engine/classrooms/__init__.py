"""Classrooms: codes to join by, data with a hidden part, runs that fit an assignment, and what they score on what is hidden."""
