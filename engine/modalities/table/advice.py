"""Defaults for tables of one's own, as measured on subsets: see `engine.advice.defaults`."""

from engine.advice.defaults import Advice, Facts, batch_size_for, training_for
from engine.sentences import Sentence

_FEW_ROWS = 20
"""The same for tables, whose epochs are compared by cross-entropy or squared error: these carry more information per example."""


def advise(facts: Facts) -> Advice:
    """Return what to start with."""
    why = Sentence("A small network with two hidden layers: enough for {count:,} rows.", count=facts.num_train)
    return Advice("mlp", why, {}, training_for(facts, batch_size_for(facts), few=_FEW_ROWS))
