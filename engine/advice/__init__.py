"""What is best done with data of which only the outlines are known."""
