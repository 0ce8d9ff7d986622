"""The search form and the page of a study."""
