"""Files that are downloaded on request: where from, and how a true copy is known."""

import gzip
import hashlib
import zlib
from dataclasses import dataclass
from pathlib import Path

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


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
