"""Rows of tables: numbers and dates, NaN for missing, and categories, empty for missing."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.advice.defaults import Advice, Facts
from engine.data_info import Column, DataInfo, Kind
from engine.dates import write_date
from engine.errors import TrainyardError
from engine.modalities.base import FACE_CELLS, Face, Inputs, Modality, ScriptInputs, Stored, modalities
from engine.modalities.given import Decoded
from engine.modalities.occlusions import Occlusions
from engine.modalities.plane import Plane, plane_through
from engine.modalities.recipe import Recipe
from engine.modalities.schema import Schema
from engine.modalities.seen import Seen
from engine.modalities.table.own import TABLES
from engine.modalities.table.rows import Rows
from engine.modalities.text.texts import texts_array
from engine.readers.unpack import Member
from engine.sentences import Sentence
from engine.settings import settings

_MOST_EXAMPLES = 20
_KINDS: dict[str, Kind] = {"numbers": "number", "dates": "date", "categories": "category"}
"""Kind of the columns of each field, in the order of `DataInfo.columns`."""


@modalities.register("table", "Tables")
class Table(Modality):
    """Structured arrays (examples,) of up to three fields: see `engine.modalities.table.rows.make_rows`."""

    checks = ("duplicates", "columns", "mislabels")
    occludes = True
    own = TABLES

    def store(self, inputs: np.ndarray) -> Stored:
        """Numbers as they are, categories as positions in a list of words."""
        rows = Rows.of(inputs)
        return Stored(rows.files(), (), "rows", rows.texts())

    def open(self, folder: Path) -> Rows:
        """Put together when they are asked for."""
        return Rows.read(folder)

    def decode(self, data: bytes, name: str, info: DataInfo) -> Decoded:
        """A JSON object is one row, a table many."""
        from engine.modalities.table.given import decode_rows

        return decode_rows(data, name, info)

    def unfold(self, member: Member, columns: Sequence[str]) -> list[Member]:
        """Its rows, unless it may be a single one."""
        from engine.modalities.table.uploads import rows_of_table

        if not self.unfolds(member.name):
            return [member]
        return rows_of_table(member.read(), member.name, columns)

    def unfolds(self, name: str) -> bool:
        """Whether it may have several rows."""
        return not name.lower().endswith(".json")

    def opened(self, data: bytes, name: str, pixels: int) -> dict[str, list[Any]]:
        """The cells, a row for each result; rows that were left out have none at the end."""
        from engine.modalities.table.uploads import cells_of_table

        return cells_of_table(data, name)

    def parse(self, instances: list[Any], info: DataInfo) -> np.ndarray:
        """Objects of column and value; a column that is missing or null counts as missing."""
        from engine.modalities.table.instances import parse_rows

        return parse_rows(instances, info)

    def batch(self, info: DataInfo) -> str:
        """The columns."""
        return Sentence("rows of its columns")

    def schema(self, info: DataInfo | None = None) -> Schema:
        """An object of columns and values."""
        words = "A row by column; one that is missing or null counts as missing."
        row: Schema = {"type": "object", "description": words}
        if info is None:
            return row
        properties = {column.name: _cell_schema(column) for column in info.columns}
        return row | {"properties": properties, "additionalProperties": False}

    def fits(self, batch: np.ndarray, info: DataInfo) -> bool:
        """A field for each kind of column, of as many columns."""
        names = batch.dtype.names or ()
        return all(name in names and batch[name].shape[1:] == (count,) for name, count in _counts(info).items())

    @property
    def largest_mb(self) -> int:
        """Return the limit of a table."""
        return settings().max_table_mb

    # -- in a network --------------------------------------------------------------------------------------------------

    def inputs(self, info: DataInfo) -> tuple[Any, Any]:
        """`numbers` (batch, k) and `dates` (batch, d), NaN for missing, `categories` (batch, m), empty for missing; as they come."""
        import keras

        types = {"numbers": "float64" if info.wide else None, "dates": "float64", "categories": "string"}
        raw = {name: keras.Input((count,), dtype=types[name], name=name) for name, count in _counts(info).items()}
        return raw, raw

    def signature(self, info: DataInfo, dtype: str) -> Any:
        """A field for each kind of column."""
        import tensorflow as tf

        types = {"numbers": tf.float64 if info.wide else tf.float32, "dates": tf.float64, "categories": tf.string}
        return {name: tf.TensorSpec([None, count], types[name]) for name, count in _counts(info).items()}

    def learns(self) -> bool:
        """Scale of the numbers, words of the categories, what varies of the dates."""
        return True

    def learn(self, inputs: np.ndarray) -> dict[str, Any]:
        """See `learn_columns`."""
        from engine.modalities.table.columns import learn_columns

        return learn_columns(inputs)

    def learned_by(self) -> list[Any]:
        """Return the number of distinct categories."""
        return [settings().max_category_values]

    def preprocess(self, x: Any, info: DataInfo) -> Any:
        """One vector for each row."""
        from engine.modalities.table.columns import encode_columns

        return encode_columns(x, info)

    def freezes(self) -> bool:
        """Looking words up costs more than a step of a small network."""
        return True

    # -- looked at -----------------------------------------------------------------------------------------------------

    def keys(self, inputs: Inputs) -> Iterable[bytes]:
        """The bytes of numbers and positions."""
        assert isinstance(inputs, Rows)
        return inputs.keys()

    def face(self, one: Any, info: DataInfo) -> Face:
        """The first cells that are there, with the names of their columns."""
        cells = [
            f"{column.name} {_written(cell, column)}"
            for field in one.dtype.names or ()
            for column, cell in zip(info.named(_KINDS[field]), one[field].tolist(), strict=True)
            if cell not in ("", None) and cell == cell
        ]
        more = " …" if len(cells) > FACE_CELLS else ""
        return Face(text=", ".join(cells[:FACE_CELLS]) + more)

    def measures(self, inputs: Inputs, where: np.ndarray, info: DataInfo) -> dict[str, np.ndarray]:
        """The numbers of each numeric column that are there, of all examples: reading them costs nothing."""
        assert isinstance(inputs, Rows)
        names = [column.name for column in info.named("number")]
        return {name: column[np.isfinite(column)] for name, column in zip(names, inputs.numbers().T, strict=True)}

    def columns(self, inputs: np.ndarray, info: DataInfo) -> list[tuple[str, np.ndarray, np.ndarray]]:
        """Numbers as they are, categories as numbers of their words."""
        found = []
        for position, column in enumerate(info.named("number")):
            cells = inputs["numbers"][:, position]
            found.append((column.name, cells, np.isnan(cells)))
        for position, column in enumerate(info.named("date")):
            cells = inputs["dates"][:, position]
            found.append((column.name, cells, np.isnan(cells)))
        for position, column in enumerate(info.named("category")):
            cells = inputs["categories"][:, position]
            codes = np.unique(cells.astype(str), return_inverse=True)[1].astype(np.float32)
            found.append((column.name, codes, cells == ""))
        return found

    def plane(self, inputs: np.ndarray, info: DataInfo) -> Plane | None:
        """Two numeric columns, or two principal components of more; categories are the commonest ones, dates the middle ones."""
        return plane_through(self.numbers(inputs), [column.name for column in info.named("number")])

    def numbers(self, inputs: np.ndarray) -> np.ndarray:
        """The numeric columns."""
        return inputs["numbers"] if "numbers" in (inputs.dtype.names or ()) else np.empty((len(inputs), 0))

    def from_numbers(self, numbers: np.ndarray, like: np.ndarray) -> np.ndarray:
        """Rows with the commonest category in each column of categories, and the date in the middle in each of dates."""
        made = np.empty(len(numbers), like.dtype)
        made["numbers"] = numbers
        if "dates" in (like.dtype.names or ()):
            made["dates"] = np.nan_to_num(np.quantile(like["dates"], 0.5, axis=0, method="lower"))
        if "categories" in (like.dtype.names or ()):
            made["categories"] = [Counter(column.tolist()).most_common(1)[0][0] for column in like["categories"].T]
        return made

    def seen(self, features: np.ndarray, info: DataInfo) -> list[Seen]:
        """(examples, features) -> each number under the name of its column; of the places of a category the one that is set."""
        from engine.modalities.table.columns import name_places

        places = name_places(info)
        rows = [zip(places, row.tolist(), strict=True) for row in features]
        return [Seen(numbers=tuple((*place, x) for place, x in row if place[1] is None or x)) for row in rows]

    def typical(self, inputs: Inputs, where: np.ndarray) -> Any:
        """The median of each number and date, the most frequent value of each category."""
        from engine.modalities.table.occlusions import typical_row

        return typical_row(inputs[where[: settings().max_inspected]])

    def occlude(self, one: np.ndarray, most: int, info: DataInfo, typical: Any) -> Occlusions:
        """Cells, made typical."""
        from engine.modalities.table.occlusions import replace_cells

        if typical is None:
            raise TrainyardError(
                "The run does not say which values are typical of its columns: it was not evaluated, or by an earlier version."
            )
        return replace_cells(one, typical, info)

    def advise(self, facts: Facts) -> Advice | None:
        """By the number of tables."""
        from engine.modalities.table.advice import advise

        return advise(facts)

    def baseline(self, sample: np.ndarray, num_classes: int) -> Recipe:
        """A linear model, or gradient boosted trees."""
        from engine.modalities.table.baseline import recipe

        return recipe(sample, num_classes)

    # -- in a script ---------------------------------------------------------------------------------------------------

    def arrays(self, inputs: np.ndarray) -> dict[str, np.ndarray]:
        """An array for each kind of column."""
        found = {}
        for name in inputs.dtype.names or ():
            found[name] = (
                texts_array(inputs[name].tolist()) if name == "categories" else np.ascontiguousarray(inputs[name])
            )
        return found

    def script(self, info: DataInfo) -> ScriptInputs:
        """A function that puts numbers and texts together."""
        parts = {
            "numbers": '"numbers": data[f"{split}_numbers"]',
            "dates": '"dates": data[f"{split}_dates"]',
            "categories": '"categories": tf.constant(texts(f"{split}_categories"))',
        }
        counts = _counts(info)
        lines = (
            "def rows(split):",
            f'    """The columns ({len(info.columns)}) of one split."""',
            f"    return {{{', '.join(parts[name] for name in counts)}}}",
        )
        return ScriptInputs('rows("{split}")', strings="categories" in counts, lines=lines)


def _cell_schema(column: Column) -> Schema:
    if column.kind == "number":
        return {"type": ["number", "string", "null"], "description": "A number, or how a person writes it."}
    if column.kind == "date":
        example = "2024-03-31T14:30:00" if column.read_as.times else "2024-03-31"
        words = f"A date in ISO 8601, such as {example}, or as in the table that was imported."
        return {"type": ["string", "null"], "description": words}
    return {"type": ["string", "number", "boolean", "null"], "examples": list(column.values[:_MOST_EXAMPLES])}


def _written(cell: str | float, column: Column) -> str:
    """Return a cell as people read it."""
    if isinstance(cell, str):
        return cell
    return write_date(cell, times=column.read_as.times) if column.kind == "date" else f"{cell:.4g}"


def _counts(info: DataInfo) -> dict[str, int]:
    """Return the number of columns of each field; a field without columns is absent."""
    counts = {name: len(info.named(kind)) for name, kind in _KINDS.items()}
    return {name: count for name, count in counts.items() if count}
