"""The title of an imported set, as runs are listed by it."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from engine.errors import TrainyardError
from engine.imports.own_kinds import kind_of_dataset
from engine.imports.sets import ABOUT, describe_set, set_path, version_of


def own_title(dataset: str, values: Mapping[str, Any]) -> str:
    """Return the title of the imported set that `dataset` reads with these values of its fields, with "@2" for its
    second version; a deleted set is called by its name. Empty for any other dataset, and if no set is chosen."""
    reference = own_reference(dataset, values)
    try:
        written = (set_path(reference) / ABOUT).stat().st_mtime_ns if reference else 0
    except (OSError, TrainyardError):
        return reference
    return _title(reference, written) if reference else ""


def own_reference(dataset: str, values: Mapping[str, Any]) -> str:
    """Return the name and version of the imported set that `dataset` reads; empty for any other dataset."""
    kind = kind_of_dataset(dataset)
    return str(values.get(kind.field) or "") if kind else ""


def dataset_title(part: Mapping[str, Any]) -> str:
    """Return how people call the data of a run, from its spec: imported sets by their title, others by their name."""
    name = str(part.get("name", ""))
    return own_title(name, part) or name


@lru_cache(maxsize=1_024)
def _title(reference: str, written: int) -> str:
    """Read a title once for as long as the record of its set stays as it is: lists of runs ask for it at each look."""
    try:
        title = describe_set(reference).title or reference
    except TrainyardError:
        return reference
    version = version_of(reference)
    return title if version == 1 or title == reference else f"{title} @{version}"
