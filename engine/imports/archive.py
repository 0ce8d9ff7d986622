"""Import a zip or a folder of class/file: pictures, sounds or texts become one checked file under the home folder.

Uploaded files are never kept. Each picture is decoded, turned upright, cut square and written anew; each sound becomes
mono at 16 kHz; each text becomes UTF-8.
"""

from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import IO

from PIL import Image, ImageOps

from engine.errors import TrainyardError
from engine.imports.collected import Collected
from engine.imports.folders import Arrangement, Placed, arrange, columns_of
from engine.imports.sets import ImportReport, Kind
from engine.imports.versions import next_version, write_about
from engine.readers.encodings import decode_text
from engine.readers.images import read_image
from engine.readers.sounds import hear, is_silent
from engine.readers.unpack import ArchiveError, Member, open_members
from engine.sentences import Sentence
from engine.settings import settings

Progress = Callable[[int, int], None]

LARGEST_SIDE = 160
"""Side of the stored squares in pixels; smaller images keep their size."""
TASKS: dict[Kind, str] = {
    "images": "image-classification",
    "clips": "audio-classification",
    "texts": "text-classification",
}
_TICK = 20  # files between two reports of progress


def import_files(
    kind: Kind,
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
    with next_version(name) as (reference, folder), open_members(source, _largest_mb(kind), names_encoding) as members:
        spool = folder / "spool"
        with spool.open("wb") as file:
            collected, placed = _collect(kind, members, arrangement or arrange(members), file, progress)
        data, counts = collected.store(folder, spool, **columns_of(placed))
        spool.unlink()
        return write_about(
            folder,
            reference,
            kind,
            title or name,
            [TASKS[kind]],
            counts,
            collected.listed(),
            data=data,
            num_examples=sum(counts.values()),
        )


def _largest_mb(kind: Kind) -> int:
    return settings().max_clip_mb if kind == "clips" else settings().max_image_mb


def _collect(
    kind: Kind, members: Sequence[Member], arrangement: Arrangement, spool: IO[bytes], progress: Progress | None
) -> tuple[Collected, list[Placed]]:
    """Check and rewrite one file at a time, so that memory does not grow with the archive."""
    collected, rewritten = Collected(kind, spool), _REWRITTEN[kind]
    placed: list[Placed] = []
    for position, member in enumerate(members, 1):
        try:
            if (found := arrangement.place(member)) is None:
                continue
            data, remark = rewritten(member)
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
    return collected, placed


def _picture(member: Member) -> tuple[bytes, Sentence | None]:
    """A square PNG of our own making."""
    image = read_image(member.read(), member.path[-1], (LARGEST_SIDE, LARGEST_SIDE))
    side = min(LARGEST_SIDE, *image.size)
    square = ImageOps.fit(image, (side, side), Image.Resampling.BICUBIC)
    square.info.clear()  # profiles, comments and places that cameras write
    buffer = BytesIO()
    square.save(buffer, "PNG", compress_level=3)
    return buffer.getvalue(), None


def _sound(member: Member) -> tuple[bytes, Sentence | None]:
    """Samples of 16 bits. Silence is left out: all silent clips are equal."""
    heard = hear(member.read(), member.path[-1])
    if is_silent(heard.samples):
        raise TrainyardError("{path!r} is silent from beginning to end. Record it again.", path=member.path[-1][-80:])
    return heard.samples.astype("<i2").tobytes(), heard.remark


def _text(member: Member) -> tuple[bytes, Sentence | None]:
    """UTF-8, without white space around it."""
    decoded = decode_text(member.read(), member.path[-1])
    return checked_text(decoded.text, repr(member.path[-1][-80:])), decoded.problem


def checked_text(text: str, shown: str) -> bytes:
    """One text as it is stored. Raises `TrainyardError` for an empty and for a too long one."""
    text = text.strip()
    if not text:
        raise TrainyardError("{shown} has no letters in it. Leave it out.", shown=shown)
    if len(text) > settings().max_text_characters:
        raise TrainyardError(
            "{shown} has {text:,} characters; a text may have {max_text_characters:,} "
            "(TRAINYARD_MAX_TEXT_CHARACTERS). Cut it shorter.",
            shown=shown,
            text=len(text),
            max_text_characters=settings().max_text_characters,
        )
    return text.encode("utf-8", "replace")


_REWRITTEN: dict[Kind, Callable[[Member], tuple[bytes, Sentence | None]]] = {
    "images": _picture,
    "clips": _sound,
    "texts": _text,
}
