"""The IDX format of MNIST and its relatives: a small header, then raw bytes, compressed with gzip."""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np

from engine.datasets.base import Examples
from engine.datasets.sources.fetched import FetchedDataset
from engine.errors import TrainyardError
from engine.sentences import Sentence

_LARGEST_BYTES = 1 << 30  # no file of the MNIST family is near this; a bomb is


def read_idx(path: Path) -> np.ndarray:
    """The array of unsigned bytes in a gzipped IDX file.

    Raises `TrainyardError` when the file is not IDX, holds another type, or ends early.
    """
    try:
        with gzip.open(path) as file:
            zero, kind, rank = file.read(2), file.read(1), file.read(1)
            if zero != b"\0\0" or kind != b"\x08" or not rank or not 1 <= rank[0] <= 4:
                raise _broken(path, "it does not begin like an IDX file of bytes")
            shape = tuple(int.from_bytes(file.read(4), "big") for _ in range(rank[0]))
            size = math.prod(shape)
            if size > _LARGEST_BYTES:
                raise _broken(path, Sentence("its header declares {size:,} bytes", size=size))
            data = file.read(size)
    except (OSError, EOFError, zlib.error) as error:
        raise _broken(path, str(error)) from error
    if len(data) != size:
        raise _broken(path, Sentence("it ends after {data:,} of {size:,} bytes", data=len(data), size=size))
    return np.frombuffer(data, np.uint8).reshape(shape)


class IdxDataset(FetchedDataset):
    """Four IDX files, in the order of `downloads`: training images and labels, test images and labels."""

    def load_idx(self, labels: tuple[str, ...]) -> Examples:
        """All examples, (height, width, 1) uint8, with the test split of the source."""
        train_x, train_y, test_x, test_y = map(read_idx, self.paths())
        inputs, targets = np.concatenate([train_x, test_x]), np.concatenate([train_y, test_y])
        if inputs.ndim != 3 or targets.ndim != 1 or len(inputs) != len(targets):
            raise _broken(
                self.folder(),
                Sentence(
                    "images {images} and labels {targets} do not belong together",
                    images=inputs.shape,
                    targets=targets.shape,
                ),
            )
        if len(targets) and targets.max() >= len(labels):
            raise _broken(
                self.folder(),
                Sentence(
                    "a label is {found}, but the largest possible is {last}", found=targets.max(), last=len(labels) - 1
                ),
            )
        test = np.arange(len(inputs)) >= len(train_x)
        return Examples(inputs[..., None], targets.astype(np.int64), labels, test=test)


def _broken(path: Path, reason: str) -> TrainyardError:
    return TrainyardError(
        "{path!r} cannot be read: {reason}. Delete it and fetch the dataset again.", path=path.name, reason=reason
    )
