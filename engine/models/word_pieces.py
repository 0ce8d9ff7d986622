"""Texts as the ids of word pieces, cut by Keras' own layers exactly as BERT's tokenizer does: a saved network takes texts."""

from typing import Any

import numpy as np

from engine.language.wordpiece import NOTHING, UNKNOWN_LETTER, Tables, tables
from engine.models.text import packed

_DOUBLINGS = 5  # a word of more than 2 ** 5 pieces counts as unknown; BERT does so with words of more than 100 letters


def word_pieces(x: Any, vocabulary: list[str], most: int) -> Any:
    """Strings (batch,) -> (batch, longest) int32: ids of `[CLS]`, at most `most` pieces, `[SEP]`, and zeros.

    `vocabulary` has the pieces in the order of their ids; the first must be `[PAD]`.
    """
    from keras import layers, ops

    known = tables(tuple(vocabulary))
    split = layers.TextVectorization(standardize=None, split="character", vocabulary=known.signs, name="split")
    codes = packed(ops.take(known.codes, ops.cast(split(x), "int32"), axis=0))
    codes = ops.pad(codes, ((0, 0), (1, 1)))  # place 0 is nowhere, and nothing follows the last sign
    ids = _pieces(codes, known, vocabulary.index("[UNK]"), most)
    count = ops.sum(ops.cast(ops.not_equal(ids, NOTHING), "int64"), axis=1, keepdims=True)
    ids = ops.pad(ids, ((0, 0), (1, 1)))
    place = _places(ids)
    ids = ops.where(ops.equal(place, count + 1), vocabulary.index("[SEP]"), ids)
    ids = ops.where(ops.equal(place, 0), vocabulary.index("[CLS]"), ids)
    used = ops.nonzero(ops.any(ops.not_equal(ids, NOTHING), axis=0))[0]
    return ops.cast(ops.take(ids, used, axis=1), "int32")


def _places(x: Any) -> Any:
    """(batch, longest) -> 0, 1, 2 ... in each row."""
    from keras import ops

    return ops.cumsum(ops.ones_like(x), axis=1) - 1


def _pieces(codes: Any, known: Tables, unknown: int, most: int) -> Any:
    """Codes of signs (batch, signs) -> ids of pieces (batch, most), padded with zeros."""
    from keras import ops

    begins = _begins(codes, known)
    goes_on = ops.where(begins, NOTHING, codes)  # what follows in the same word
    length, piece = _longest_piece(codes, begins, goes_on, known)
    lost = ops.logical_and(ops.greater_equal(codes, UNKNOWN_LETTER), ops.equal(length, 0))
    piece = ops.where(lost, -1, piece)
    place = _places(codes)
    more = ops.greater_equal(ops.take_along_axis(goes_on, place + length, axis=1), UNKNOWN_LETTER)
    following = ops.where(ops.logical_and(more, ops.greater(length, 0)), place + length, 0)

    words = ops.pad(packed(ops.where(begins, place, 0)), ((0, 0), (0, most)))
    words = ops.reshape(words[:, :most], (-1, most))
    starts, count = words, 1
    for _ in range(_DOUBLINGS):  # the starts of 1, 2, 4 ... pieces of each word
        more = ops.take_along_axis(following, starts, axis=1)
        both = [ops.reshape(part, (-1, most, count)) for part in (starts, more)]
        count *= 2
        starts = ops.reshape(ops.concatenate(both, axis=2), (-1, most * count))
        following = ops.take_along_axis(following, following, axis=1)
    found = ops.reshape(ops.take_along_axis(piece, starts, axis=1), (-1, most, count))
    unfinished = ops.not_equal(ops.take_along_axis(following, words, axis=1), 0)
    failed = ops.logical_or(ops.any(ops.less(found, 0), axis=2, keepdims=True), ops.expand_dims(unfinished, 2))
    alone = np.array([unknown] + [0] * (count - 1), np.int64)
    found = ops.reshape(ops.where(failed, alone, found), (-1, most * count))
    return packed(found)[:, :most]


def _begins(codes: Any, known: Tables) -> Any:
    """Whether a word begins at each place (batch, signs)."""
    from keras import ops

    before = ops.pad(codes[:, :-1], ((0, 0), (1, 0)))
    alone = ops.greater_equal(codes, known.first_alone)
    apart = ops.logical_or(ops.less(before, UNKNOWN_LETTER), ops.greater_equal(before, known.first_alone))
    return ops.logical_and(ops.greater_equal(codes, UNKNOWN_LETTER), ops.logical_or(alone, apart))


def _longest_piece(codes: Any, begins: Any, goes_on: Any, known: Tables) -> tuple[Any, Any]:
    """Return the number of letters of the longest piece from each place (batch, signs), and its id; zeros where there is none."""
    from keras import layers, ops

    step = layers.IntegerLookup(vocabulary=known.transitions, num_oov_indices=1, name="trie")
    last = known.longest - 1
    ahead = ops.pad(goes_on, ((0, 0), (0, last)))
    node = step(ops.where(begins, known.begin, known.inside) * known.letters + codes)
    nodes = [node]
    for number in range(1, known.longest):
        letter = ahead[:, number : number - last if number < last else None]
        node = step(node * known.letters + letter)
        nodes.append(node)
    ids = ops.take(known.pieces, ops.stack(nodes, axis=2), axis=0)
    lengths = np.arange(1, known.longest + 1, dtype=np.int64)
    length = ops.max(ops.where(ops.greater(ids, 0), lengths, 0), axis=2)
    here = ops.equal(ops.expand_dims(length, 2), lengths)
    return length, ops.sum(ops.where(here, ids, 0), axis=2)
