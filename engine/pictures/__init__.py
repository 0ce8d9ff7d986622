"""Pictures that are made: how they come from noise, and who judges them."""
