"""Defaults for clips of one's own, as measured on subsets: see `engine.advice.defaults`."""

from engine.advice.defaults import Advice, Facts, batch_size_for, training_for
from engine.sentences import Sentence

_MANY_CLIPS = 5_000


def advise(facts: Facts) -> Advice:
    """Return what to start with."""
    training = training_for(facts, batch_size_for(facts))
    if facts.num_train >= _MANY_CLIPS:
        why = Sentence(
            "A convolutional network: {count:,} clips are enough without augmentation.", count=facts.num_train
        )
        return Advice("audio-cnn", why, {}, training)
    why = Sentence(
        "A convolutional network, with augmentation: {count:,} clips are few enough to be memorised, "
        "so they are shifted, sped up or slowed down, and made noisy.",
        count=facts.num_train,
    )
    return Advice("audio-cnn", why, {"versions": 8, "shift_ms": 150, "speed": 0.1, "noise": 0.4}, training)
