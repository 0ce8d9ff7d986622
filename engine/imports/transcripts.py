"""Recordings and what is said in them: a table in the archive that names clips with their transcripts.

Two layouts are known: that of LJSpeech (`metadata.csv` without a row of names, `clip|text|text as spoken`), and tables with a row
of names, as those of Common Voice (`path`, `sentence`, tabs between them).
"""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

import numpy as np

from engine.errors import TrainyardError
from engine.imports.collected import Collected
from engine.imports.folders import Arrangement, Folders, Placed
from engine.imports.sets import Problem
from engine.imports.splits import SPLIT_WORDS
from engine.modalities.own import OwnKind
from engine.readers.encodings import decode_text
from engine.readers.kinds import TABLE_ENDINGS
from engine.readers.unpack import Member
from engine.reading import plain_text
from engine.sentences import Sentence
from engine.settings import settings

LEAST_RECORDINGS = 10
"""Fewer than these cannot be divided into three splits."""
_FILE_WORDS = (
    "path",
    "file",
    "file_name",
    "filename",
    "audio",
    "clip",
    "wav_filename",
    "audio_file",
    "id",
    "文件",
    "录音",
)
_TEXT_WORDS = (
    *("sentence", "transcript", "transcription", "text", "normalized_text", "normalized_transcription", "utterance"),
    *("文本", "句子", "转写"),
)
_SPEAKER_WORDS = ("client_id", "speaker", "speaker_id", "voice", "说话人")
_SPLIT_WORDS = ("split", "subset", "划分")
_MOST_TABLES = 20
_LJ, _TAB = "|", "\t"


@dataclass(frozen=True)
class Transcripts:
    """A table of transcripts, as it was understood."""

    name: str
    placed: Mapping[str, Placed] = field(repr=False)
    """By the path of a clip, or by the name that the table has for one that is not there: what is said, as its label."""

    @property
    def arrangement(self) -> Arrangement:
        """The transcripts in the place of classes."""
        return Arrangement(Folders(class_level=0), self.placed, self.name)

    def remark(self) -> Sentence:
        """Say where the transcripts are."""
        return Sentence("Transcripts are read from the table {name!r}.", name=self.name[-80:])


def find_transcripts(members: Sequence[Member], endings: Sequence[str]) -> Transcripts | None:
    """Return the table that names most of the recordings, which have one of these `endings`; None where there is none."""
    clips = [member for member in members if member.path[-1].lower().endswith(tuple(endings))]
    tables = [member for member in members if member.path[-1].lower().endswith((*TABLE_ENDINGS, ".txt"))]
    best: Transcripts | None = None
    most = 0
    for member in tables[:_MOST_TABLES] if clips else ():
        try:
            found = _understood(member, clips)
        except TrainyardError:  # it is no table, and is listed as a file
            continue
        paths = {clip.name for clip in clips}
        there = sum(path in paths for path in found.placed) if found else 0
        if found is not None and there > most:
            best, most = found, there
    return best


def missing_clips(members: Sequence[Member], arrangement: Arrangement) -> list[Problem]:
    """Return the clips that a table of transcripts names, and that are not there."""
    there = {member.name for member in members}
    reason = Sentence("The table of transcripts names it, but it is not among the files.")
    return [Problem(plain_text(path[-200:], 200), reason) for path in arrangement.labels if path not in there]


class Told(Collected):
    """The recordings of an import so far, each with its transcript."""

    def __init__(self, kind: OwnKind, spool: IO[bytes]) -> None:
        super().__init__(kind, spool)
        self._texts: list[str] = []

    def add(self, label: str, name: str, data: bytes, row: int = 0) -> None:
        """Store a recording whose transcript can be learned; list the others."""
        assert self.kind.unfit is not None
        if problem := self.kind.unfit(label, data):
            self.leave_out(name, problem)
            return
        super().add("", name, data, row)
        self._texts.append(label)

    def store(self, folder: Path, spool: Path, **more: np.ndarray) -> tuple[Path, dict[str, int]]:
        """Write all recordings; they have no classes."""
        if len(self) < LEAST_RECORDINGS:
            first = self.problems[0] if self.problems else None
            raise TrainyardError(
                "There are {count} recordings with a usable transcript; at least {least} are needed. {reason}",
                count=len(self),
                least=LEAST_RECORDINGS,
                reason=first.reason if first else "",
            )
        texts = np.frombuffer(json.dumps(self._texts, ensure_ascii=False).encode("utf-8", "replace"), np.uint8)
        return self.write_arrays(
            folder, spool, list(range(len(self))), np.zeros(len(self), np.int64), more, {"texts": texts}
        )


def _understood(table: Member, clips: Sequence[Member]) -> Transcripts | None:
    rows = _rows(table)
    first = next(rows, None)
    if first is None:
        return None
    names = [cell.strip().lower().replace(" ", "_") for cell in first]
    file, text = _named(names, _FILE_WORDS), _named(names, _TEXT_WORDS)
    who, split = _named(names, _SPEAKER_WORDS), _named(names, _SPLIT_WORDS)
    if file is None or text is None:
        if table.path[-1].lower().endswith((".tsv", ".jsonl")) or len(first) < 2:
            return None
        file, text, who, split = 0, None, None, None
        rows = iter([first, *rows])
    paths = _by_name(table, clips)
    placed: dict[str, Placed] = {}
    for row in rows:
        if len(row) <= file or not (name := row[file].strip().replace("\\", "/").removeprefix("./")):
            continue
        said = row[text] if text is not None and len(row) > text else _last(row[file + 1 :]) if text is None else ""
        word = row[split].strip().lower() if split is not None and len(row) > split else ""
        placed[paths.get(name, name)] = Placed(
            said.strip(),
            word if word in SPLIT_WORDS else "",
            row[who].strip() if who is not None and len(row) > who else "",
        )
    return Transcripts(table.name, placed)


def _rows(table: Member) -> Iterator[list[str]]:
    """Cells of the lines. Quotes mean something between commas only: sentences have them, too."""
    data = table.read()
    if len(data) > settings().max_table_mb * 1_000_000:
        raise TrainyardError(
            "{name!r} is larger than {limit} MB (TRAINYARD_MAX_TABLE_MB).",
            name=table.name[-80:],
            limit=settings().max_table_mb,
        )
    lines = decode_text(data, table.name).text.split("\n")
    mark = next((mark for mark in (_LJ, _TAB) if lines and mark in lines[0]), "")
    limit = settings().max_table_rows
    if mark:
        yield from (line.split(mark) for line in lines[:limit] if line.strip())
        return
    try:
        for number, row in enumerate(csv.reader(lines)):
            if row and number < limit:
                yield row
    except csv.Error as error:
        raise TrainyardError("{name!r} is no table ({error}).", name=table.name[-80:], error=error) from error


def _named(names: Sequence[str], words: Sequence[str]) -> int | None:
    return next((names.index(word) for word in words if word in names), None)


def _last(cells: Sequence[str]) -> str:
    """The last cell that says something: in the layout of LJSpeech the text with its numbers written as words."""
    return next((cell for cell in reversed(cells) if cell.strip()), "")


def _by_name(table: Member, clips: Sequence[Member]) -> dict[str, str]:
    """The path of each clip by all that a table may call it: its path or its name, with or without its ending."""
    found: dict[str, str] = {}
    start = table.path[:-1]
    for clip in clips:
        beside = "/".join(clip.path[len(start) :]) if clip.path[: len(start)] == start else clip.name
        for name in (clip.path[-1], beside, clip.name):
            found.setdefault(name, clip.name)
            found.setdefault(str(PurePosixPath(name).with_suffix("")), clip.name)
    return found


def texts_of(more: Mapping[str, Any]) -> list[str]:
    """Return the transcripts that `Told.store` wrote."""
    found: list[str] = json.loads(np.asarray(more["texts"]).tobytes().decode("utf-8"))
    return found
