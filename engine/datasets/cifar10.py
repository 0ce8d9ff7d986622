"""CIFAR-10: 60,000 small colour photos, read from the binary version (the other one is pickles)."""

import tarfile
import zlib
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from engine.datasets.base import Examples, datasets
from engine.datasets.sources.fetched import Download, FetchedDataset
from engine.datasets.sources.pictures import PictureDataset
from engine.errors import TrainyardError
from engine.sentences import COMMA, Sentence, joined

LABELS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_FOLDER = "cifar-10-batches-bin"
_TRAIN = tuple(f"{_FOLDER}/data_batch_{number}.bin" for number in range(1, 6))
_TEST = f"{_FOLDER}/test_batch.bin"
_RECORD = 1 + 3 * 32 * 32  # one byte of label, then red, green and blue planes
_LARGEST_BYTES = 10_000 * _RECORD


@datasets.register("cifar10", "CIFAR-10 (60,000 photos)")
class Cifar10(PictureDataset, FetchedDataset):
    """Colour photos of 32x32 pixels in ten classes: the usual benchmark of small image networks."""

    source: ClassVar[str] = (
        "A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009, "
        "https://www.cs.toronto.edu/~kriz/cifar.html"
    )
    licence: ClassVar[str] = "None stated; the page asks to cite the report above"
    limits: ClassVar[str] = (
        "32x32 thumbnails with one centred object each; some test photos nearly repeat training "
        "photos, which inflates scores."
    )
    num_examples: ClassVar[int] = 60_000
    num_classes: ClassVar[int] = 10
    suggested: ClassVar[dict[str, Any]] = {
        "epochs": 20,
        "batch_size": 128,
        "flip": "horizontal",
        "shift": 0.1,
    }
    downloads: ClassVar[tuple[Download, ...]] = (
        Download(
            "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
            170_052_171,
            "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        ),
    )

    def load(self) -> Examples:
        """50,000 examples to train on and 10,000 for the test, (32, 32, 3) uint8."""
        (path,) = self.paths()
        batches = read_batches(path)
        records = np.concatenate([batches[name] for name in (*_TRAIN, _TEST)])
        targets = records[:, 0].astype(np.int64)
        if len(targets) and targets.max() >= len(LABELS):
            raise _broken(
                path,
                Sentence(
                    "a label is {found}, but the largest possible is {last}", found=targets.max(), last=len(LABELS) - 1
                ),
            )
        planes = records[:, 1:].reshape(-1, 3, 32, 32)
        test = np.arange(len(records)) >= len(records) - len(batches[_TEST])
        return Examples(planes.transpose(0, 2, 3, 1), targets, LABELS, test=test)


def read_batches(path: Path) -> dict[str, np.ndarray]:
    """Member name -> records (examples, 3073) uint8. Members are read as streams: nothing is unpacked to disk."""
    batches: dict[str, np.ndarray] = {}
    try:
        with tarfile.open(path, "r|gz") as archive:
            for member in archive:
                if member.name in (*_TRAIN, _TEST):
                    batches[member.name] = _records(path, archive, member)
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise _broken(path, str(error)) from error
    lacking = [name for name in (*_TRAIN, _TEST) if name not in batches]
    if lacking:
        raise _broken(path, Sentence("{lacking} is missing", lacking=joined(lacking, COMMA)))
    return batches


def _records(path: Path, archive: tarfile.TarFile, member: tarfile.TarInfo) -> np.ndarray:
    stream = archive.extractfile(member) if member.isreg() else None
    if stream is None or member.size > _LARGEST_BYTES or member.size % _RECORD:
        raise _broken(
            path, Sentence("{member} is not a file of records of {record} bytes", member=member.name, record=_RECORD)
        )
    return np.frombuffer(stream.read(member.size), np.uint8).reshape(-1, _RECORD)


def _broken(path: Path, reason: str) -> TrainyardError:
    return TrainyardError(
        "{path!r} cannot be read: {reason}. Delete it and fetch the dataset again.", path=path.name, reason=reason
    )
