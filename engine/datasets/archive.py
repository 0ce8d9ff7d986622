"""Import images of one's own: a zip or a folder of class/name.png becomes one checked file under the home folder.

Uploaded files are never kept: each image is decoded, turned upright, cut square and written anew.
"""

import json
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image, ImageOps

from engine.datasets.folder import ABOUT, FORMAT, IMAGES, folder_path
from engine.datasets.images import read_image
from engine.datasets.prepare import file_fingerprint
from engine.datasets.unpack import ArchiveError, Member, open_members
from engine.errors import TrainyardError

LARGEST_SIDE = 160
"""Side of the stored squares in pixels; smaller images keep their size."""
LEAST_IMAGES = 3
"""A class needs one image for training, one for validation and one for the test."""


@dataclass(frozen=True)
class Problem:
    """One file that was left out, and the reason."""

    file: str
    reason: str


@dataclass(frozen=True)
class FolderReport:
    """What an import brought: images by class, and every file that was left out."""

    name: str
    counts: dict[str, int]
    problems: tuple[Problem, ...] = ()

    @property
    def num_images(self) -> int:
        """Images that were imported."""
        return sum(self.counts.values())


@dataclass
class _Collected:
    """What has been read so far; the images themselves are in a file already."""

    labels: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    starts: list[tuple[int, int]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def import_images(
    source: Path | IO[bytes], name: str, progress: Callable[[int, int], None] | None = None
) -> FolderReport:
    """Import a zip (path or open file) or a folder of class/name.png images as the set `name`.

    One folder around the classes is tolerated. Broken images are left out and reported. Raises `TrainyardError` when
    the name is taken, the archive is hostile, or fewer than two classes remain; then nothing is left behind.
    """
    target = folder_path(name)
    if target.exists():
        raise TrainyardError(f"There is an image set {name!r} already. Delete it first, or choose another name.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".import-", dir=target.parent) as temporary:
            report = _import_into(Path(temporary) / name, source, name, progress)
            (Path(temporary) / name).rename(target)
    except OSError as error:
        raise TrainyardError(
            f"The images cannot be stored in {target.parent}: {error.strerror or error}. Check free space and "
            "permissions, then import again."
        ) from error
    return report


def _import_into(
    folder: Path, source: Path | IO[bytes], name: str, progress: Callable[[int, int], None] | None
) -> FolderReport:
    folder.mkdir()
    spool = folder / "spool"
    with open_members(source) as members, spool.open("wb") as file:
        collected = _collect(members, file, progress)
    counts = _enough(collected)
    _store(folder, spool, collected, counts)
    spool.unlink()
    report = FolderReport(name, counts, tuple(collected.problems))
    about = {
        "format": FORMAT,
        "labels": list(counts),
        "counts": counts,
        "problems": len(report.problems),
        "fingerprint": file_fingerprint(folder / IMAGES),
    }
    (folder / ABOUT).write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")
    return report


def _collect(members: list[Member], spool: IO[bytes], progress: Callable[[int, int], None] | None) -> _Collected:
    """Check and rewrite one image at a time, so that memory does not grow with the archive."""
    collected = _Collected()
    for position, member in enumerate(members, 1):
        try:
            label = _label(member)
            data = _rewritten(member)
        except ArchiveError:
            raise
        except TrainyardError as error:
            collected.problems.append(Problem(member.name[-200:], str(error)))
        else:
            start = spool.tell()
            spool.write(data)
            collected.labels.append(label)
            collected.names.append(member.name[-120:])
            collected.starts.append((start, start + len(data)))
        if progress and (position % 20 == 0 or position == len(members)):
            progress(position, len(members))
    return collected


def _label(member: Member) -> str:
    """The class: the folder that the file lies in, as plain text."""
    if len(member.path) != 2:
        where = "outside of a class folder" if len(member.path) == 1 else "too deep"
        raise TrainyardError(
            f"{member.path[-1][-80:]!r} lies {where}. Each image must lie in the folder of its class: class/name.png."
        )
    label = "".join(letter for letter in member.path[0] if letter.isprintable()).strip()[:80]
    return label or "unnamed"


def _rewritten(member: Member) -> bytes:
    """A square PNG of our own making."""
    image = read_image(member.read(), member.path[-1], (LARGEST_SIDE, LARGEST_SIDE))
    side = min(LARGEST_SIDE, *image.size)
    square = ImageOps.fit(image, (side, side), Image.Resampling.BICUBIC)
    square.info.clear()  # profiles, comments and places that cameras write
    buffer = BytesIO()
    square.save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()


def _enough(collected: _Collected) -> dict[str, int]:
    """Images by class, in alphabetical order, of the classes that are large enough; the others become problems."""
    counts = Counter(collected.labels)
    for label, count in sorted(counts.items()):
        if count < LEAST_IMAGES:
            collected.problems.append(
                Problem(f"{label}/", f"The class has {count} good images; at least {LEAST_IMAGES} are needed.")
            )
    kept = {label: count for label, count in sorted(counts.items()) if count >= LEAST_IMAGES}
    if len(kept) < 2:
        found = f"only {next(iter(kept))!r}" if kept else "none"
        examples = " ".join(f"{p.file}: {p.reason}" for p in collected.problems[:3])
        raise TrainyardError(
            f"At least two classes of {LEAST_IMAGES} images or more are needed, and there is {found}. "
            f"Arrange the images as class/name.png. {examples}".rstrip()
        )
    return kept


def _store(folder: Path, spool: Path, collected: _Collected, counts: dict[str, int]) -> None:
    """Write the images of the kept classes as one file of plain arrays; the spool is mapped, not read."""
    position = {label: index for index, label in enumerate(counts)}
    kept = [index for index, label in enumerate(collected.labels) if label in position]
    np.savez(
        folder / IMAGES,
        pixels=np.memmap(spool, np.uint8, "r"),
        starts=np.array([collected.starts[index] for index in kept], np.int64),
        targets=np.array([position[collected.labels[index]] for index in kept], np.int64),
        names=np.array([collected.names[index] for index in kept]),
    )
