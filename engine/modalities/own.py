"""Imported data of one modality: how its datasets are named and used, and how a file becomes an example."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.errors import TrainyardError
from engine.sentences import Sentence

Rewritten = tuple[bytes, Sentence | None]
"""An example as it is stored, and what had to be changed."""


def rewrite_numbers(data: bytes, name: str) -> Rewritten:
    """Numbers as JSON, or between commas and white space -> float32, little-endian."""
    try:
        text = data.decode("utf-8-sig")
        values = json.loads(text) if text.lstrip().startswith("[") else text.replace(",", " ").split()
        found = np.asarray(values, float).ravel().astype("<f4")
    except (TypeError, ValueError, OverflowError, RecursionError):
        found = np.empty(0, "<f4")
    if not len(found) or not np.isfinite(found).all():
        raise TrainyardError("{name!r} contains neither numbers separated by commas nor a JSON list.", name=name[-80:])
    return found.tobytes(), None


@dataclass(frozen=True)
class OwnKind:
    """One kind of imported sets. The defaults do for files of numbers, a folder for each class."""

    name: str
    """As sets remember it, and the command line takes it."""
    title: str
    """As people read it."""
    words: Sentence
    """Its examples, inside of a sentence: "images"."""
    dataset: str
    """The dataset that reads such sets."""
    field: str
    """The field of that dataset that names the set."""
    endings: tuple[str, ...]
    """Name endings of its files, small, with the point: by these, and the content, an upload is recognised."""
    task: str = ""
    """Task of a dataset with classes; "" where the target of each dataset decides."""
    more_tasks: tuple[str, ...] = ()
    """Further tasks that the same examples serve."""
    rewrite: Callable[[bytes, str], Rewritten] | None = rewrite_numbers
    """Content and name of a file -> the example as it is stored; None: files are no examples.

    Raises `TrainyardError` for a file that cannot be used.
    """
    rewrite_cell: Callable[[str], bytes] | None = None
    """The same for a cell, where the examples may stand in a column of a table."""
    free_task: str = ""
    """Task that needs no labels, so that files without folders and one column alone make a set; "": none."""
    cut: Callable[[bytes, str, bool], tuple[list[bytes], Sentence | None]] | None = None
    """Where labels are not needed: content and name of a file, and whether it is the only one -> the examples in it, and what had
    to be changed."""
    pairs: bool = False
    """Whether beside each example stands a text that is to be made of it, instead of a label."""
    rows: bool = False
    """Whether the rows of a table are the examples, each column with a role."""
    timed: bool = False
    """Whether a table is one or several series: a column of times, one of values, and perhaps one that tells the series apart."""
    chosen: bool = False
    """Whether a table says who chose what and when: a column of people, one of items, one of times."""
    array: str = "examples"
    """Name of the array that holds the bytes of all examples."""
    unfit: Callable[[str, bytes], Sentence | None] | None = None
    """For examples with a transcript instead of a class: transcript and example as stored -> why they cannot belong together."""

    measured: bool = False
    """Whether a table beside the files gives each a number, instead of a class."""
    boxed: bool = False
    """Whether files beside the examples say where things are in them."""

    @property
    def told(self) -> bool:
        """Whether a table beside the files says of each, in words of any number, what is in it."""
        return self.unfit is not None

    @property
    def by_time(self) -> bool:
        """Whether examples are cut of a table by its times when they are loaded: its file has none by themselves."""
        return self.timed or self.chosen

    @property
    def tabular(self) -> bool:
        """Whether a set can be made of one table."""
        return self.rows or self.by_time or self.rewrite_cell is not None

    @property
    def file(self) -> str:
        """Name of the file in which the examples of a set are."""
        return f"{self.name}.npz"
