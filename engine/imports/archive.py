"""Import a zip or a folder of class/file: its examples become one checked file under the home folder.

Uploaded files are never kept: the modality decodes and re-encodes each (`engine.modalities.own`).
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from engine.errors import TrainyardError
from engine.imports.collected import Collected
from engine.imports.folders import Arrangement, Placed, arrange, columns_of
from engine.imports.measured import Measured, find_arrangement
from engine.imports.own_kinds import modality_of, own_kind
from engine.imports.sets import ImportReport
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
        fits = arrangement is not None and bool(arrangement.measure) == own.measured
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
            num_examples=sum(counts.values()) or len(collected),
            roles={"target": arranged.measure} if arranged.measure else None,
        )


def _arranged(kind: OwnKind, members: Sequence[Member]) -> Arrangement:
    if kind.measured:
        return find_arrangement(members)
    found = find_transcripts(members, kind.endings) if kind.told else None
    return found.arrangement if found else arrange(members)


def _collect(
    kind: OwnKind, members: Sequence[Member], arrangement: Arrangement, spool: IO[bytes], progress: Progress | None
) -> tuple[Collected, list[Placed]]:
    """Check and rewrite one file at a time, so that memory does not grow with the archive."""
    make = Told if kind.told else Measured if kind.measured else Collected
    collected, rewrite = make(kind, spool), kind.rewrite
    assert rewrite is not None
    placed: list[Placed] = []
    for position, member in enumerate(members, 1):
        try:
            if (found := arrangement.place(member)) is None:
                continue
            data, remark = rewrite(member.read(), member.path[-1])
        except ArchiveError:
            raise
        except TrainyardError as error:
            collected.leave_out(member.name, error.sentence)
        else:
            collected.add(found.label, member.name, data, len(placed))
            placed.append(found)
            if remark:
                collected.leave_out(member.name, remark)
        if progress and (position % _TICK == 0 or position == len(members)):
            progress(position, len(members))
    for problem in missing_clips(members, arrangement) if kind.told else ():
        collected.leave_out(problem.file, problem.reason)
    return collected, placed
