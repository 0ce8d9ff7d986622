"""Import a zip or a folder of class/file: its examples become one checked file under the home folder.

Uploaded files are never kept: the modality decodes and re-encodes each (`engine.modalities.own`).
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from engine.errors import TrainyardError
from engine.imports.annotations import find_annotations
from engine.imports.boxed import BoxedPictures
from engine.imports.collected import Collected
from engine.imports.folders import Arrangement, Placed, arrange, columns_of
from engine.imports.measured import Measured, find_arrangement
from engine.imports.own_kinds import modality_of, own_kind
from engine.imports.sets import ImportReport, Problem
from engine.imports.transcripts import Told, find_transcripts, missing_clips
from engine.imports.versions import next_version, write_about
from engine.modalities.own import OwnKind
from engine.readers.unpack import ArchiveError, Member, open_members

Progress = Callable[[int, int], None]

_TICK = 20  # files between two reports of progress


def import_files(
    kind: str,
    source: Path | IO[bytes],
    name: str,
    progress: Progress | None = None,
    title: str = "",
    *,
    arrangement: Arrangement | None = None,
    names_encoding: str = "",
) -> ImportReport:
    """Import a zip (path or open file) or a folder of class/file as the next version of the set `name`.

    Folders around the classes are tolerated. `arrangement` says what the folders are, `names_encoding` in which encoding
    a zip has its names; without them both are guessed. Broken files are left out and reported. Raises `TrainyardError`
    when the archive is hostile, or fewer than two classes remain; then nothing is left behind.
    """
    modality, own = modality_of(kind), own_kind(kind)
    if own.rewrite is None:
        raise TrainyardError(
            "{kind!r} is made of one table, not of files in folders. Give a table, or another kind.", kind=kind
        )
    with (
        next_version(name) as (reference, folder),
        open_members(source, modality.largest_mb, names_encoding) as members,
    ):
        spool = folder / "spool"
        fits = arrangement is not None and (bool(arrangement.measure), bool(arrangement.beside)) == (
            own.measured,
            own.boxed,
        )
        arranged = arrangement if arrangement is not None and fits else _arranged(own, members)
        with spool.open("wb") as file:
            collected, placed = _collect(own, members, arranged, file, progress)
        data, counts = collected.store(folder, spool, **columns_of(placed))
        spool.unlink()
        return write_about(
            folder,
            reference,
            kind,
            title or name,
            [own.task, *own.more_tasks],
            counts,
            collected.listed(),
            data=data,
            num_examples=len(collected) if own.boxed else sum(counts.values()) or len(collected),
            roles={"target": arranged.measure} if arranged.measure else None,
        )


def _arranged(kind: OwnKind, members: Sequence[Member]) -> Arrangement:
    if kind.measured:
        return find_arrangement(members)
    if kind.boxed:
        if (boxes := find_annotations(members, kind.endings)) is None:
            raise TrainyardError(
                "No boxes were found beside the pictures. Add COCO JSON, Pascal VOC XML, or text files of YOLO with the names of pictures."
            )
        return boxes.arrangement
    found = find_transcripts(members, kind.endings) if kind.told else None
    return found.arrangement if found else arrange(members)


def _collector(kind: OwnKind) -> type[Collected]:
    """Return what collects the examples of a kind."""
    return BoxedPictures if kind.boxed else Told if kind.told else Measured if kind.measured else Collected


def _missing(kind: OwnKind, members: Sequence[Member], arrangement: Arrangement) -> list[Problem]:
    """Return what is said of files that are not there, or cannot be understood."""
    if kind.boxed:
        found = find_annotations(members, kind.endings)
        return list(found.problems) if found else []
    return missing_clips(members, arrangement) if kind.told else []


def _collect(
    kind: OwnKind, members: Sequence[Member], arrangement: Arrangement, spool: IO[bytes], progress: Progress | None
) -> tuple[Collected, list[Placed]]:
    """Check and rewrite one file at a time, so that memory does not grow with the archive."""
    collected = _collector(kind)(kind, spool)
    placed: list[Placed] = []
    for position, member in enumerate(members, 1):
        try:
            if (found := arrangement.place(member)) is None:
                continue
            label, data, remark = collected.rewritten(found, member.read(), member.path[-1], member.name)
        except ArchiveError:
            raise
        except TrainyardError as error:
            collected.leave_out(member.name, error.sentence)
        else:
            collected.add(label, member.name, data, len(placed))
            placed.append(found)
            if remark:
                collected.leave_out(member.name, remark)
        if progress and (position % _TICK == 0 or position == len(members)):
            progress(position, len(members))
    for problem in _missing(kind, members, arrangement):
        collected.leave_out(problem.file, problem.reason)
    return collected, placed
