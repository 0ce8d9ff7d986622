"""Choices: the items that somebody chose so far, the latest last."""

from typing import Any

import numpy as np

from engine.catalogue import Catalogue
from engine.data_info import DataInfo
from engine.errors import TrainyardError
from engine.modalities.base import Face, Modality, modalities
from engine.modalities.choices.own import OWN_CHOICES
from engine.modalities.given import Decoded
from engine.modalities.schema import Schema, either, file
from engine.sentences import Sentence

_FACE_ITEMS = 5
_USUAL_ITEMS = ("", "")


@modalities.register("choices", "Interactions")
class Choices(Modality):
    """(history,) int32, numbers of items of the catalogue, then zeros; -1 for what is not in it."""

    checks = ()
    by_time = True
    own = OWN_CHOICES

    def expected(self, info: DataInfo) -> str:
        """Return what one person's choices look like."""
        return Sentence(
            "names of items that somebody chose, the latest last, such as {name!r}", name=catalogue(info).name(1)
        )

    def decode(self, data: bytes, name: str, info: DataInfo) -> Decoded:
        """Everybody in a table with a column of items and perhaps one of people; or one person: a list as JSON, or a name a line."""
        from engine.modalities.choices.given import people_in

        names, rows = people_in(data, name, info, self.expected(info))
        return Decoded(tuple(names), np.stack(rows))

    def decode_one(self, data: bytes, name: str, info: DataInfo) -> np.ndarray:
        """Return the choices of the only person in a file."""
        found: np.ndarray = self.decode(data, name, info).single(name)[0]
        return found

    def parse_arrays(self, instances: list[Any], info: DataInfo, where: str = "instances[0]") -> np.ndarray:
        """Lists of names of items."""
        from engine.modalities.choices.given import row_from

        number = int(where.split("[")[-1].rstrip("]"))
        return np.stack(
            [
                row_from(instance, f"instances[{number + i}]", info, self.expected(info))
                for i, instance in enumerate(instances)
            ]
        )

    def schema(self, info: DataInfo | None = None) -> Schema:
        """Return the schema of a list of names, or of a file."""
        words = self.expected(info) if info else "Names of items that somebody chose, the latest last."
        names = {"type": "array", "items": {"type": "string"}, "description": words}
        return either(names, file("A list of names as JSON, a name a line, or a table with a column of items."))

    def inputs(self, info: DataInfo) -> tuple[Any, Any]:
        """Return (batch, history) int32."""
        import keras

        inputs = keras.Input(info.shape, name="inputs", dtype="int32")
        return inputs, inputs

    def signature(self, info: DataInfo, dtype: str) -> Any:
        """Return that of whole numbers."""
        import tensorflow as tf

        return tf.TensorSpec([None, *info.shape], tf.int32)

    def measures(self, inputs: Any, where: np.ndarray, info: DataInfo) -> dict[str, np.ndarray]:
        """Return how many choices there are before each."""
        return {"choices": np.count_nonzero(np.asarray(inputs[where]), axis=1)}

    def face(self, one: Any, info: DataInfo) -> Face:
        """The latest items."""
        return Face(text=" · ".join(names_of(one, info)[-_FACE_ITEMS:]) or "—")


def catalogue(info: DataInfo) -> Catalogue:
    """Return the items that can be recommended; two without names where only shapes are known."""
    return info.catalogue or Catalogue(_USUAL_ITEMS, (0,) * len(_USUAL_ITEMS))


def names_of(row: Any, info: DataInfo) -> list[str]:
    """Numbers (history,) -> the names of the items, the latest last."""
    known = catalogue(info)
    return [known.name(int(number)) for number in np.asarray(row) if number != 0]


def require_catalogue(info: DataInfo) -> Catalogue:
    """Return the items. Raise `TrainyardError` for data that has none."""
    if info.catalogue is None:
        raise TrainyardError("These data are no choices: they do not say which items there are.")
    return info.catalogue
