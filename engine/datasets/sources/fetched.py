"""Datasets whose files are downloaded on request: where from, and how a true copy is known."""

import gzip
import hashlib
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from engine.datasets.base import Dataset
from engine.sentences import Sentence
from engine.settings import settings

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Download:
    """One file to fetch, and the hash that a true copy has."""

    url: str
    size_bytes: int
    sha256: str
    content_sha256: str = ""
    """For a .gz file: hash of what it unpacks to. A copy that somebody compressed again is then as good."""
    content_bytes: int = 0
    """Size of what it unpacks to."""

    @property
    def filename(self) -> str:
        """Name of the file on disk: the last part of the URL."""
        return self.url.rsplit("/", 1)[-1]

    @property
    def largest_bytes(self) -> int:
        """Size that no acceptable copy exceeds."""
        return max(self.size_bytes, self.content_bytes)

    def matches(self, path: Path) -> bool:
        """Whether `path` holds a true copy."""
        size = path.stat().st_size
        if size == self.size_bytes and _hash(path) == self.sha256:
            return True
        return bool(self.content_sha256) and size <= self.largest_bytes and self._content_matches(path)

    def _content_matches(self, path: Path) -> bool:
        digest, left = hashlib.sha256(), self.content_bytes
        try:
            with gzip.open(path) as file:
                while left >= 0 and (chunk := file.read(min(_CHUNK, left + 1))):
                    digest.update(chunk)
                    left -= len(chunk)
        except (OSError, EOFError, zlib.error):
            return False
        return digest.hexdigest() == self.content_sha256


class FetchedDataset(Dataset):
    """A dataset that is not embedded: `downloads` names its files."""

    embedded: ClassVar[bool] = False
    downloads: ClassVar[tuple[Download, ...]] = ()
    """The files it consists of."""

    @classmethod
    def folder(cls) -> Path:
        """Return the folder of its files."""
        return settings().datasets_path / cls.name

    @classmethod
    def paths(cls) -> list[Path]:
        """Its files, in the order of `downloads`."""
        return [cls.folder() / download.filename for download in cls.downloads]

    def available(self) -> bool:
        """Whether every file has been fetched; a file gets its name only after its hash was checked."""
        return all(path.is_file() for path in self.paths())

    def missing(self) -> Sentence:
        """The command that fetches it."""
        return Sentence("Dataset {name!r} is not on disk. Run: python -m engine fetch {name}", name=self.name)

    def fingerprint(self) -> str:
        """Names, sizes and times of the files: hashing a large download before every launch would be slow."""
        found = [(path.name, path.stat()) for path in self.paths()]
        return " ".join(f"{name}:{stat.st_size}:{stat.st_mtime_ns}" for name, stat in found)


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
