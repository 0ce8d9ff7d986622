"""Examples that are there twice: copies, copies across splits, near copies, and equal inputs with different targets."""

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np

from engine.inspection.features import thumbnails
from engine.inspection.sample import sample_of
from engine.modalities.rows import Rows
from engine.modalities.texts import Texts
from engine.preparation.prepare import TEXT, PreparedDataset

MOST_SHOWN = 60
"""How many groups are kept with the result; the others are only counted."""
_SIGNS = 8  # differences of brightness in each direction: 64 bits
_DIFFERENT_BITS = 4  # of 64, in which near copies may differ
_DIFFERENT_BRIGHTNESS = 4.0  # of 255, on average over 16 x 16 fields
_AT_ONCE = 512
_NOT_LETTERS = re.compile(r"[\W_]+")


def find_duplicates(prepared: PreparedDataset, most: int) -> dict[str, Any]:
    """Groups of positions: `copies`, `leaks` (copies in several splits), `near`, `contradictions`; each with its count.

    Copies are looked for among all examples, near copies among `most` of them.
    """
    equal = _groups(_keys(prepared))
    split = split_of(prepared)
    targets = prepared.targets
    near = _near(prepared, sample_of(prepared, most), equal)
    return {
        "examined": len(targets),
        "compared": min(most, len(targets)),
        "copies": _told(equal),
        "leaks": _told([group for group in equal if len(set(split[group].tolist())) > 1]),
        "near": _told(near),
        "near_leaks": _told([group for group in near if len(set(split[group].tolist())) > 1]),
        "contradictions": _told([group for group in equal if len(set(targets[group].tolist())) > 1]),
    }


def split_of(prepared: PreparedDataset) -> np.ndarray:
    """(examples,) int8: 0 train, 1 validation, 2 test, -1 in none."""
    found = np.full(len(prepared.targets), -1, np.int8)
    for code, name in enumerate(("train", "validation", "test")):
        found[prepared.indices(name)] = code  # type: ignore[arg-type]
    return found


def _told(groups: list[list[int]]) -> dict[str, Any]:
    """How many groups there are, how many examples could go, and the first groups."""
    return {
        "groups": len(groups),
        "extra": sum(len(group) - 1 for group in groups),
        "shown": [group[:8] for group in groups[:MOST_SHOWN]],
    }


def _groups(keys: Iterable[Hashable]) -> list[list[int]]:
    """Positions that share a key, where there are several; the largest group first."""
    found: dict[Hashable, list[int]] = defaultdict(list)
    for position, key in enumerate(keys):
        found[key].append(position)
    return sorted((group for group in found.values() if len(group) > 1), key=len, reverse=True)


def _keys(prepared: PreparedDataset) -> Iterable[bytes]:
    """Something that equal inputs share, for each example."""
    if isinstance(prepared.inputs, Rows):
        files = [prepared.path / name for name in ("numbers.npy", "codes.npy")]
        parts = [np.load(path, mmap_mode="r") for path in files if path.is_file()]
        return (b"".join(part[row].tobytes() for part in parts) for row in range(len(prepared.inputs)))
    if isinstance(prepared.inputs, Texts):
        return (hashlib.sha256(text.encode()).digest() for text in prepared.inputs)
    return (hashlib.sha256(one.tobytes()).digest() for one in prepared.inputs)


# -- near copies -------------------------------------------------------------------------------------------------------


def _near(prepared: PreparedDataset, where: np.ndarray, equal: list[list[int]]) -> list[list[int]]:
    """Groups of near copies among the examples at `where`, without those that are copies anyway."""
    if prepared.meta["kind"] == TEXT:
        groups = _groups(map(normalised, prepared.inputs[where]))
        found = [[int(where[position]) for position in group] for group in groups]
    elif len(prepared.info.shape) == 3:
        found = [[int(where[a]), int(where[b])] for a, b in near_images(np.asarray(prepared.inputs[where]))]
    else:
        return []
    copies = {position: number for number, group in enumerate(equal) for position in group}
    return [group for group in found if len({copies.get(position, -position - 1) for position in group}) > 1]


def normalised(text: str) -> str:
    """A text without case, punctuation, white space and width of letters."""
    return _NOT_LETTERS.sub("", unicodedata.normalize("NFKC", text).casefold()) or text


def near_images(images: np.ndarray) -> list[tuple[int, int]]:
    """(examples, height, width, channels) uint8 -> pairs of positions that look alike.

    Signs of the differences between neighbouring fields of brightness (a "difference hash", N. Krawetz 2013,
    https://www.hackerfactor.com/blog/index.php?/archives/529-Kind-of-Like-That.html) find candidates, which are then
    compared field by field.
    """
    grey = thumbnails(images, 2 * _SIGNS).mean(axis=3)
    if min(grey.shape[1:]) < 2:
        return []
    hashes = _difference_hash(grey)
    pairs = []
    for start in range(0, len(hashes), _AT_ONCE):
        block = hashes[start : start + _AT_ONCE, None] ^ hashes[None, start:]
        for a, b in np.argwhere(np.bitwise_count(block) <= _DIFFERENT_BITS).tolist():
            if a < b and np.abs(grey[start + a] - grey[start + b]).mean() <= _DIFFERENT_BRIGHTNESS:
                pairs.append((start + a, start + b))
    return pairs


def _difference_hash(grey: np.ndarray) -> np.ndarray:
    """(examples, side, side) -> (examples,) uint64: whether each of 64 fields is darker than its right neighbour."""
    rows = np.linspace(0, grey.shape[1] - 1, _SIGNS).round().astype(int)
    columns = np.linspace(0, grey.shape[2] - 1, _SIGNS + 1).round().astype(int)
    small = grey[:, rows][:, :, columns]
    bits = small[:, :, :-1] < small[:, :, 1:]
    return np.packbits(bits.reshape(len(grey), 64), axis=1).view(np.uint64).ravel()
