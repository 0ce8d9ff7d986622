"""Texts that people bring, in files or in columns of a table: each becomes UTF-8."""

from engine.errors import TrainyardError
from engine.modalities.own import OwnKind, Rewritten
from engine.modalities.text.pieces import LONGEST, pieces
from engine.sentences import SPACE, Sentence, joined
from engine.settings import settings


def rewrite_text(data: bytes, name: str) -> Rewritten:
    """UTF-8, without white space around it."""
    from engine.readers.encodings import decode_text

    decoded = decode_text(data, name)
    return _checked(decoded.text, repr(name[-80:])), decoded.problem


def cut_text(data: bytes, name: str, alone: bool) -> tuple[list[bytes], Sentence | None]:
    """The texts in a file of any length, as UTF-8, and what had to be changed. Raises `TrainyardError` for one without letters."""
    from engine.readers.encodings import decode_text

    decoded = decode_text(data, name)
    found = pieces(decoded.text, alone=alone)
    if not found:
        raise TrainyardError("{shown} does not contain any letters. Leave it out.", shown=repr(name[-80:]))
    told = [decoded.problem] if decoded.problem else []
    if len(found) > 1:
        told.append(
            Sentence(
                "It was cut into {count:,} texts, at blank lines and where more than {longest:,} characters would have been left.",
                count=len(found),
                longest=LONGEST,
            )
        )
    return [text.encode("utf-8", "replace") for text in found], joined(told, SPACE) if told else None


def rewrite_cell(text: str) -> bytes:
    """The same for the cell of a table."""
    return _checked(text, Sentence("The text"))


def _checked(text: str, shown: str) -> bytes:
    """One text as it is stored. Raises `TrainyardError` for an empty and for a too long one."""
    text = text.strip()
    if not text:
        raise TrainyardError("{shown} does not contain any letters. Leave it out.", shown=shown)
    if len(text) > settings().max_text_characters:
        raise TrainyardError(
            "{shown} has {text:,} characters; a text may have {max_text_characters:,} "
            "(TRAINYARD_MAX_TEXT_CHARACTERS). Shorten it.",
            shown=shown,
            text=len(text),
            max_text_characters=settings().max_text_characters,
        )
    return text.encode("utf-8", "replace")


TEXTS = OwnKind(
    "texts",
    "Texts",
    Sentence("texts"),
    dataset="my-texts",
    field="texts",
    endings=(".txt", ".md", ".text"),
    task="text-classification",
    more_tasks=("text-generation",),
    free_task="text-generation",
    rewrite=rewrite_text,
    rewrite_cell=rewrite_cell,
    cut=cut_text,
    array="letters",
)

PAIRS = OwnKind(
    "text-pairs",
    "Pairs of texts",
    Sentence("pairs of texts"),
    dataset="my-pairs",
    field="pairs",
    endings=(),
    task="text2text-generation",
    more_tasks=("translation", "summarization"),
    rewrite=None,
    rewrite_cell=rewrite_cell,
    pairs=True,
    array="letters",
)
