"""Boxes around objects: their formats, how they are found in what a network says, and how that is measured."""
