"""The Classrooms page: the list with its forms, one classroom, and what its lecturer changes."""
