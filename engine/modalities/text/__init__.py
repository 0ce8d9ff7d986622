"""Texts: strings of any length in any script."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.advice.defaults import Advice, Facts
from engine.data_info import DataInfo
from engine.errors import TrainyardError
from engine.modalities.base import FACE_CHARACTERS, Face, Inputs, Modality, ScriptInputs, Stored, modalities
from engine.modalities.given import Decoded, bytes_of, whole_characters
from engine.modalities.occlusions import Occlusions
from engine.modalities.recipe import Recipe
from engine.modalities.schema import Schema, either, file
from engine.modalities.text.own import PAIRS, TEXTS
from engine.modalities.text.texts import Texts, texts_array
from engine.readers.kinds import PLAIN, kind_of
from engine.readers.unpack import Member
from engine.sentences import Sentence
from engine.settings import settings

_QUICK_BYTES = 4096


@modalities.register("text", "Texts")
class Text(Modality):
    """Strings, as arrays of objects (examples,)."""

    ragged = True
    occludes = True
    own = TEXTS
    more_own = (PAIRS,)

    def store(self, inputs: np.ndarray) -> Stored:
        """The letters of all, and where each text ends."""
        return Stored(Texts.of(list(inputs)).files(), (), "text")

    def open(self, folder: Path) -> Inputs:
        """Decoded one by one, when they are asked for."""
        return Texts.read(folder)

    def quick(self, data: bytes) -> bool:
        """Return whether these are few characters in UTF-8: not a container that unfolds, no encoding to be found out."""
        return len(data) <= _QUICK_BYTES and is_utf8(data)

    def decode(self, data: bytes, name: str, info: DataInfo) -> Decoded:
        """One text in UTF-8 that says something, at most `max_text_characters` long; of a table, a text in each row."""
        from engine.modalities.text.given import decode_texts, is_table_of_texts

        if is_table_of_texts(name):
            return decode_texts(data, name, info)
        return Decoded((name,), np.array([_decoded(data, name)], object))

    def unfold(self, member: Member, columns: Sequence[str]) -> list[Member]:
        """Of a table the texts of its column."""
        from engine.modalities.text.given import texts_of_table

        if not self.unfolds(member.name):
            return [member]
        return texts_of_table(member.read(), member.name, next(iter(columns), ""))

    def unfolds(self, name: str) -> bool:
        """Whether it is a table."""
        from engine.modalities.text.given import is_table_of_texts

        return is_table_of_texts(name)

    def parse(self, instances: list[Any], info: DataInfo) -> np.ndarray:
        """Strings, or `{"b64": text in UTF-8}`."""
        return np.array([_parsed(instance, f"instances[{at}]") for at, instance in enumerate(instances)], object)

    def schema(self, info: DataInfo | None = None) -> Schema:
        """A string, or a file of it."""
        written = {"type": "string", "maxLength": settings().max_text_characters, "description": "A text."}
        return either(written, file("A text in UTF-8."))

    def fits(self, batch: np.ndarray, info: DataInfo) -> bool:
        """Strings (examples,)."""
        return batch.dtype == object and batch.ndim == 1

    def inputs(self, info: DataInfo) -> tuple[Any, Any]:
        """Strings (batch,), in any script."""
        import keras

        raw = keras.Input((), dtype="string", name="text")
        return raw, raw

    def keys(self, inputs: Inputs) -> Iterable[bytes]:
        """A digest of the letters."""
        return (hashlib.sha256(text.encode()).digest() for text in inputs)

    def near_copies(self, inputs: Inputs, where: np.ndarray) -> list[list[int]]:
        """Texts that differ in case, punctuation and white space only."""
        from engine.modalities.text.looks import near_texts

        return near_texts(inputs[where])

    def face(self, one: Any, info: DataInfo) -> Face:
        """The beginning, on one line."""
        text = " ".join(str(one)[: 4 * FACE_CHARACTERS].split())
        return Face(text=text if len(text) <= FACE_CHARACTERS else f"{text[:FACE_CHARACTERS].rstrip()} …")

    def measures(self, inputs: Inputs, where: np.ndarray, info: DataInfo) -> dict[str, np.ndarray]:
        """Characters and words."""
        from engine.modalities.text.looks import text_sizes

        return dict(zip(("characters", "words"), text_sizes(inputs[where]), strict=True))

    def occlude(self, one: np.ndarray, most: int, info: DataInfo, typical: Any) -> Occlusions:
        """Words, left out."""
        from engine.modalities.text.occlusions import leave_out_words

        return leave_out_words(one[0], most)

    def advise(self, facts: Facts) -> Advice | None:
        """By the number of texts and their size."""
        from engine.modalities.text.advice import advise

        return advise(facts)

    def baseline(self, sample: np.ndarray, num_classes: int) -> Recipe:
        """TF-IDF of words or characters."""
        from engine.modalities.text.baseline import recipe

        return recipe(sample, num_classes)

    def doubter(self, sample: np.ndarray, num_classes: int) -> Recipe:
        """Characters, which are there in any script."""
        found = self.baseline(sample, num_classes)
        return Recipe(found.extract, found.families[-1:])

    def arrays(self, inputs: np.ndarray) -> dict[str, np.ndarray]:
        """All texts as one."""
        return {"inputs": texts_array(inputs.tolist())}

    def script(self, info: DataInfo) -> ScriptInputs:
        """A tensor of strings."""
        return ScriptInputs('tf.constant(texts("{split}_inputs"))', strings=True)


def _decoded(data: bytes, name: str) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TrainyardError(_no_text(data, name, f" ({error.reason})")) from error
    if "\0" in text:  # which is valid UTF-8, and what English in UTF-16 is full of
        raise TrainyardError(_no_text(data, name, ", but UTF-16 or binary data"))
    if not text.strip():
        raise TrainyardError(
            "{name!r} does not contain any letters. Write something, or leave it out.", name=name[-80:]
        )
    limit = settings().max_text_characters
    if len(text) > limit:
        raise TrainyardError(
            "{name!r} has {text:,} characters; a text may have {limit:,} (TRAINYARD_MAX_TEXT_CHARACTERS). Shorten it.",
            name=name[-80:],
            text=len(text),
            limit=limit,
        )
    return text


def _no_text(data: bytes, name: str, reason: str) -> str:
    """The sentence for bytes that are something else, which is named where it is known."""
    kind = kind_of(data)
    if kind in PLAIN:
        return Sentence("{name!r} is not text in UTF-8{reason}. Save it as UTF-8.", name=name[-80:], reason=reason)
    return Sentence("{name!r} is {kind}, not text in UTF-8. Give a text file.", name=name[-80:], kind=kind)


def _parsed(instance: Any, where: str) -> str:
    if isinstance(instance, dict):
        instance = _decoded(bytes_of(instance, where), where)
    if not isinstance(instance, str):
        raise TrainyardError("{where} is not a text: expected a string.", where=where)
    limit = settings().max_text_characters
    if len(instance) > limit:
        raise TrainyardError(
            "{where} has {instance:,} characters; a text may have {limit:,} (TRAINYARD_MAX_TEXT_CHARACTERS).",
            where=where,
            instance=len(instance),
            limit=limit,
        )
    return whole_characters(instance, where)


def is_utf8(data: bytes) -> bool:
    """Return whether these bytes are text in UTF-8."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
