"""A plug-in with three answers that are neither a class nor a number: a text, a box, a picture. No page names them."""

from tests.answers import boxes, copies, reversal

__all__ = ["boxes", "copies", "reversal"]
