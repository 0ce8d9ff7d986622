"""Defaults for texts of one's own, as measured on subsets: see `engine.advice.defaults`."""

from engine.advice.defaults import Advice, Facts, batch_size_for, training_for
from engine.sentences import Sentence

_SHORT_BYTES = 50.0
"""Texts below this are phrases and names; sentences of reviews and messages take about a hundred."""
_MANY = 20_000
"""From this many texts, networks that learn vectors of words have enough to learn from, and counts of all letters take much memory."""


def advise(facts: Facts) -> Advice:
    """Return what to start with."""
    training = training_for(facts, batch_size_for(facts))
    if facts.num_train < _MANY:
        why = Sentence(
            "TF-IDF of words and groups of letters with one layer of weights: from {count:,} texts it learns more than networks "
            "that first have to learn what words mean, and trains in seconds.",
            count=facts.num_train,
        )
        return Advice("tf-idf", why, {"learning_rate": 0.01}, training)
    if 0 < facts.mean_size_bytes < _SHORT_BYTES:
        why = Sentence(
            "A bag of embeddings over groups of one to three letters: texts of about {size:.0f} "
            "letters have too few words to learn from.",
            size=facts.mean_size_bytes,
        )
        return Advice(
            "bag-of-embeddings",
            why,
            {"splitting": "pieces", "learning_rate": 0.01, "embedding_size": 128, "word_dropout": 0.3},
            training,
        )
    why = Sentence(
        "A bag of embeddings over words and punctuation: with {count:,} training texts it matches or "
        "beats networks that read in order, and trains in seconds.",
        count=facts.num_train,
    )
    return Advice("bag-of-embeddings", why, {"signs": True, "learning_rate": 0.003}, training)
