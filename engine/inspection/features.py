"""Any example as one row of numbers, for simple classifiers: what they find hard is worth a look."""

from typing import Any

import numpy as np

from engine.datasets.prepare import TEXT, PreparedDataset
from engine.datasets.sounds import SAMPLE_RATE_HZ

_SIDE = 16  # pixels
_BANDS, _FRAMES = 32, 8
_HASHED = 2**16
_LOWEST_HZ = 60.0


def features_of(prepared: PreparedDataset, where: np.ndarray) -> Any:
    """The examples at `where` as (examples, features), dense or sparse, each feature on a like scale."""
    inputs = prepared.inputs[where]
    if prepared.info.columns:
        return row_features(inputs)
    if prepared.meta["kind"] == TEXT:
        return text_features(inputs)
    if len(prepared.info.shape) == 1:
        return clip_features(np.asarray(inputs))
    return image_features(np.asarray(inputs))


def image_features(images: np.ndarray) -> np.ndarray:
    """(examples, height, width, channels) uint8 -> means of at most 16 x 16 fields, from 0 to 1."""
    return thumbnails(images, _SIDE).reshape(len(images), -1) / 255


def thumbnails(images: np.ndarray, side: int) -> np.ndarray:
    """(examples, height, width, channels) uint8 -> (examples, side, side, channels) float32 means of fields."""
    rows, columns = (
        np.linspace(0, length, min(side, length), endpoint=False).astype(int) for length in images.shape[1:3]
    )
    made = np.empty((len(images), len(rows), len(columns), images.shape[3]), np.float32)
    areas = np.diff([*rows, images.shape[1]])[:, None, None] * np.diff([*columns, images.shape[2]])[None, :, None]
    for index, image in enumerate(images):
        sums = np.add.reduceat(np.add.reduceat(image.astype(np.int64), rows, axis=0), columns, axis=1)
        made[index] = sums / areas
    return made


def clip_features(clips: np.ndarray) -> np.ndarray:
    """(examples, samples) int16 -> loudness in 32 bands, evenly spaced in octaves, over 8 stretches of time."""
    length = clips.shape[1] // _FRAMES
    edges = np.geomspace(_LOWEST_HZ, SAMPLE_RATE_HZ / 2, _BANDS + 1) * length / SAMPLE_RATE_HZ
    starts = np.minimum(np.unique(edges[:-1].astype(int)), length // 2)
    window = np.hanning(length)
    made = np.empty((len(clips), _FRAMES * len(starts)), np.float32)
    for index, clip in enumerate(clips):
        frames = clip[: length * _FRAMES].reshape(_FRAMES, length) / 32_768 * window
        power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
        made[index] = np.log(np.add.reduceat(power, starts, axis=1) + 1e-6).ravel()
    return standardised(made)


def text_features(texts: np.ndarray) -> Any:
    """(examples,) strings -> sparse TF-IDF of words and of pairs of letters: works for any script, keeps no words."""
    from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
    from sklearn.pipeline import make_union

    words = HashingVectorizer(n_features=_HASHED, alternate_sign=False, norm=None)
    letters = HashingVectorizer(
        n_features=_HASHED, alternate_sign=False, norm=None, analyzer="char_wb", ngram_range=(2, 2)
    )
    return TfidfTransformer(sublinear_tf=True).fit_transform(make_union(words, letters).transform(list(texts)))


def row_features(rows: np.ndarray) -> Any:
    """Rows of a table -> numbers with a mean of 0 and a deviation of 1, gaps marked, categories one-hot (sparse)."""
    from scipy.sparse import csr_matrix, hstack
    from sklearn.preprocessing import OneHotEncoder

    parts = []
    fields = rows.dtype.names or ()
    if "numbers" in fields:
        numbers = rows["numbers"].astype(np.float64)
        parts += [csr_matrix(standardised(numbers)), csr_matrix(np.isnan(numbers).astype(np.float32))]
    if "categories" in fields:
        parts.append(OneHotEncoder(min_frequency=2, handle_unknown="ignore").fit_transform(rows["categories"]))
    return hstack(parts).tocsr()


def standardised(numbers: np.ndarray) -> np.ndarray:
    """(examples, features) -> each with a mean of 0 and a deviation of 1; what is missing becomes 0."""
    present = np.isfinite(numbers)
    count = np.maximum(present.sum(axis=0), 1)
    mean = np.where(present, numbers, 0).sum(axis=0) / count
    centred = np.where(present, numbers - mean, 0)
    deviation = np.sqrt((centred**2).sum(axis=0) / count)
    found: np.ndarray = centred / np.where(deviation > 0, deviation, 1)
    return found
