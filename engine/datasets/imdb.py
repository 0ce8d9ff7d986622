"""IMDB: 50,000 film reviews, read from the archive of plain text files (Keras' own copy is pickled arrays)."""

import re
import tarfile
import zlib
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from engine.datasets.base import Examples, datasets
from engine.datasets.sources.fetched import Download, FetchedDataset
from engine.datasets.sources.scored_texts import LABELS
from engine.errors import TrainyardError
from engine.sentences import COMMA, Sentence, joined

_REVIEW = re.compile(r"aclImdb/(train|test)/(neg|pos)/(\d{1,6})_\d{1,2}\.txt")
_FOLDERS = (("train", "neg"), ("train", "pos"), ("test", "neg"), ("test", "pos"))
_LARGEST_BYTES = 100_000  # the longest review has 14,000
_MOST_REVIEWS = 50_000
_LINE_BREAKS = re.compile(r"\s*(?:<br\s*/?>\s*)+")


@datasets.register("imdb", "IMDB (50,000 film reviews)")
class Imdb(FetchedDataset):
    """Whole film reviews, clearly positive or clearly negative: the textbook sentiment task."""

    tasks: ClassVar[tuple[str, ...]] = ("text-classification",)
    source: ClassVar[str] = (
        "A. L. Maas et al., Learning Word Vectors for Sentiment Analysis, ACL 2011, "
        "https://ai.stanford.edu/~amaas/data/sentiment/"
    )
    licence: ClassVar[str] = "None stated; the page asks to cite the paper above"
    limits: ClassVar[str] = (
        "English reviews of at most 4 or at least 7 stars out of 10; those in between are left out. "
        "Names of films and actors give some answers away."
    )
    num_examples: ClassVar[int] = 50_000
    num_classes: ClassVar[int] = 2
    suggested: ClassVar[dict[str, Any]] = {"model": "bag-of-embeddings", "epochs": 6}
    downloads: ClassVar[tuple[Download, ...]] = (
        Download(
            "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",
            84_125_825,
            "c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe",
        ),
    )

    def load(self) -> Examples:
        """25,000 reviews to train on and 25,000 for the test; line breaks of HTML become spaces."""
        (path,) = self.paths()
        reviews = read_reviews(path)
        texts = [text for folder in _FOLDERS for _number, text in sorted(reviews[folder])]
        counts = [len(reviews[folder]) for folder in _FOLDERS]
        sides = [(label == "pos", split == "test") for split, label in _FOLDERS]
        positive, test = np.repeat(np.array(sides), counts, axis=0).T
        return Examples(np.array(texts, object), positive.astype(np.int64), LABELS, test=test)


def read_reviews(path: Path) -> dict[tuple[str, str], list[tuple[int, str]]]:
    """(split, label) -> number and text of each review. Files are read as streams: nothing is unpacked to disk."""
    reviews: dict[tuple[str, str], list[tuple[int, str]]] = {folder: [] for folder in _FOLDERS}
    try:
        with tarfile.open(path, "r|gz") as archive:
            for member in archive:
                if found := _REVIEW.fullmatch(member.name):
                    split, label, number = found.groups()
                    reviews[split, label].append((int(number), _text(path, archive, member)))
                    if sum(map(len, reviews.values())) > _MOST_REVIEWS:
                        raise _broken(path, Sentence("it has more than {most:,} reviews", most=_MOST_REVIEWS))
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise _broken(path, str(error)) from error
    lacking = ["/".join(folder) for folder, found in reviews.items() if not found]
    if lacking:
        raise _broken(path, Sentence("{lacking} is missing", lacking=joined(lacking, COMMA)))
    return reviews


def _text(path: Path, archive: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    stream = archive.extractfile(member) if member.isreg() else None
    if stream is None or member.size > _LARGEST_BYTES:
        raise _broken(
            path,
            Sentence(
                "{member} is not a file of at most {most:,} bytes",
                member=member.name,
                most=_LARGEST_BYTES,
            ),
        )
    try:
        return _LINE_BREAKS.sub(" ", stream.read(member.size).decode()).strip()
    except UnicodeDecodeError as error:
        raise _broken(path, Sentence("{member} is not text in UTF-8", member=member.name)) from error


def _broken(path: Path, reason: str) -> TrainyardError:
    return TrainyardError(
        "{path!r} cannot be read: {reason}. Delete it and fetch the dataset again.", path=path.name, reason=reason
    )
