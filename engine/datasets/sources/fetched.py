"""Datasets whose files are downloaded on request: where from, and how a true copy is known."""

from pathlib import Path
from typing import ClassVar

from engine.datasets.base import Dataset
from engine.readers.downloads import Download as Download
from engine.sentences import Sentence
from engine.settings import settings


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
