"""Flags of `import` for files: the meaning of folder levels, and the encoding of names."""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.imports.understood import Reading, Understood

_SHOWN = 10  # classes that are named one by one


def add_reading(made: argparse.ArgumentParser) -> None:
    """Add the flags for files."""
    levels = (
        ("class", 0, "for files: depth of the folder that names the class; 1: the outermost; default: detected"),
        ("split", -1, "for files: depth of the folder that says train, validation or test; 0: none; default: detected"),
        ("group", -1, "for files: depth of the folder whose files stay in one split; 0: none; default: detected"),
    )
    for role, default, words in levels:
        made.add_argument(f"--{role}-level", type=int, metavar="N", default=default, help=words)
    made.add_argument(
        "--names-encoding",
        default="",
        metavar="NAME",
        help="for a zip: encoding of its file names, such as cp850; default: detected",
    )


def reading_of(arguments: argparse.Namespace) -> "Reading":
    """Return the reading that the flags ask for."""
    from engine.imports.labels_file import ChosenColumns
    from engine.imports.understood import Reading

    columns = ChosenColumns(arguments.label_column, arguments.group_column, arguments.split_column)
    return Reading(
        arguments.class_level, arguments.split_level, arguments.group_level, arguments.names_encoding, columns
    )


def files_to_json(found: "Understood") -> dict[str, object]:
    """Return how files were read, as data."""
    return {
        "left_out": found.left_out,
        "names_encoding": found.names_encoding,
        "levels": [{"level": level.number, "names": level.names, "files": level.files} for level in found.levels],
    }


def print_files(found: "Understood", counts: dict[str, int]) -> None:
    """Print the classes, how the files were read, and how many were left out."""
    if not counts:
        if found.arrangement and found.arrangement.measure:
            print(f"{sum(found.counts.values()):,} files with numbers, {found.left_out:,} left out.")
        for remark in found.remarks:
            print(f"  {remark}")
        return
    named = [f"{label} {count:,}" for label, count in list(counts.items())[:_SHOWN]]
    more = f" and {len(counts) - _SHOWN:,} more" if len(counts) > _SHOWN else ""
    if counts:
        print(f"{len(counts):,} classes: {', '.join(named)}{more}")
    for remark in found.remarks:
        print(f"  {remark}")
    if found.left_out:
        print(f"  {found.left_out:,} of {found.left_out + sum(found.counts.values()):,} files were left out.")
