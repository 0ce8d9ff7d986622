"""Labelling: people draw boxes in their own pictures, or give them classes, and make datasets of them."""
