"""Choices that people bring: a table with a column of people, one of items and one of times."""

from engine.modalities.own import OwnKind
from engine.sentences import Sentence

OWN_CHOICES = OwnKind(
    "choices",
    "Interactions",
    Sentence("choices"),
    dataset="my-choices",
    field="choices",
    endings=(),
    task="recommendation",
    rewrite=None,
    chosen=True,
)
"""Imported choices."""
