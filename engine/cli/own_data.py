"""Commands for imported data: `import` and `delete-dataset`."""

import argparse
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import service
from engine.access import local_owner
from engine.cli.own_files import add_reading, files_to_json, print_files, reading_of
from engine.errors import TrainyardError

if TYPE_CHECKING:
    from engine.imports.understood import Choice, Understood
    from engine.readers.layout import Layout

_SHOWN = 20  # problems that are printed one by one


def add_own_data(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the commands; `add(name, function, words)` makes a parser."""
    made = add("import", import_own, "Create a dataset from a folder or zip of CLASS/FILE, or from a table.")
    made.add_argument(
        "path", type=Path, metavar="PATH", help="folder, zip, text file, CSV, TSV, JSON, JSONL, Parquet or TMX"
    )
    made.add_argument(
        "--name", help="name of the dataset; default: the file's name. An existing name gets a new version"
    )
    made.add_argument("--title", default="", help="title shown to people; default: the file's name")
    made.add_argument("--kind", metavar="KIND", help="kind of data: one of the modalities; default: detected")
    made.add_argument(
        "--text-column", default="", metavar="COL", help="for texts in a table: the column with the texts"
    )
    made.add_argument(
        "--label-column",
        default="",
        metavar="COL",
        help="for texts in a table, or a table beside files: the column with the labels",
    )
    made.add_argument(
        "--without-labels",
        action="store_true",
        help="for texts: leave labels and folders of classes aside; for learning to write",
    )
    made.add_argument(
        "--target", default="", metavar="COL", help="for a table: the column to predict; default: detected"
    )
    made.add_argument(
        "--classes", action="store_true", help="for a table: the target holds classes, even if they are numbers"
    )
    made.add_argument(
        "--ignore",
        action="append",
        default=[],
        metavar="COL",
        help="for a table: leave this column out; can be repeated",
    )
    made.add_argument(
        "--number",
        action="append",
        default=[],
        metavar="COL",
        help="for a table: read this column as numbers; can be repeated",
    )
    made.add_argument(
        "--category",
        action="append",
        default=[],
        metavar="COL",
        help="for a table: read this column as categories; can be repeated",
    )
    made.add_argument(
        "--date",
        action="append",
        default=[],
        metavar="COL",
        help="for a table: read this column as dates; can be repeated",
    )
    made.add_argument(
        "--dates", choices=("dmy", "mdy"), default="", help="what comes first in dates like 3/4/2024; default: detected"
    )
    made.add_argument(
        "--time-column",
        default=None,
        metavar="COL",
        help='for a table: the column of dates by which the splits are drawn, the latest rows for the test; "" draws them at random; '
        "default: detected",
    )
    made.add_argument(
        "--group-column", default="", metavar="COL", help="examples that share a value of this column stay in one split"
    )
    made.add_argument(
        "--split-column", default="", metavar="COL", help="the column that says train, validation or test"
    )
    made.add_argument(
        "--separator", default="", metavar="SIGN", help="what separates the cells of a table; default: detected"
    )
    made.add_argument("--decimal", choices=(".", ","), default="", help="decimal mark of a table; default: detected")
    made.add_argument(
        "--header",
        choices=("yes", "no"),
        default="",
        help="whether the first row holds the names of the columns; default: detected",
    )
    add_reading(made)
    made = add("delete-dataset", delete_own, "Delete an imported dataset.")
    made.add_argument("name", metavar="NAME", help="name of the dataset; NAME@2 for its second version")
    made.add_argument("--yes", action="store_true", help="delete it even if ended runs used it")


def import_own(arguments: argparse.Namespace) -> int:
    """`import`: make a dataset of a folder, zip or table; print how it was read and what was left out."""
    from engine.imports.own_kinds import own_kind

    actor, path = local_owner(), arguments.path
    found = service.datasets.understand(
        actor, path, path.name, arguments.kind, _layout(arguments), reading_of(arguments)
    )
    report = service.datasets.import_own(actor, path, path.name, _choice(arguments, found), found=found)
    made, kind = report.made, own_kind(report.made.kind)
    if arguments.json:
        problems = [{"file": problem.file, "reason": problem.reason} for problem in report.problems]
        print(
            json.dumps(
                {
                    "name": made.reference,
                    "version": made.version,
                    "kind": made.kind,
                    "dataset": kind.dataset,
                    kind.field: made.reference,
                    "tasks": made.tasks,
                    "num_examples": made.num_examples,
                    "counts": made.counts,
                    "roles": made.roles,
                    "columns": [
                        {"name": guess.name, "kind": guess.kind, "reason": guess.reason, "missing": guess.missing}
                        for guess in found.columns
                    ],
                    "fingerprint": made.fingerprint,
                    "problems": problems,
                    "remarks": [str(remark) for remark in found.remarks],
                }
                | ({} if found.from_table else files_to_json(found))
            )
        )
        return 0
    if found.from_table:
        _print_table(found, made.roles)
        for remark in () if arguments.group_column else found.remarks:
            print(f"  {remark}")
    else:
        print_files(found, made.counts)
    print(f"{made.num_examples:,} examples. Train on them:")
    print(f"  python -m engine train --dataset {kind.dataset} --{kind.field} {made.reference}")
    for problem in report.problems[:_SHOWN]:
        print(f"  {problem.file}: {problem.reason}".replace("  : ", "  "))
    if len(report.problems) > _SHOWN:
        print(f"  and {len(report.problems) - _SHOWN:,} more problems (--json lists them)")
    return 0


def _layout(arguments: argparse.Namespace) -> "Layout":
    """Return the layout that the flags give; the rest is detected."""
    from engine.readers.layout import Layout

    separator = (
        arguments.separator.encode().decode("unicode_escape") if "\\" in arguments.separator else arguments.separator
    )
    if len(separator) > 1:
        raise TrainyardError(
            "--separator is {separator!r}; one character is expected, such as ';'.", separator=separator
        )
    return Layout(separator, arguments.decimal, arguments.header, dates=arguments.dates)


def _print_table(found: "Understood", roles: dict[str, Any]) -> None:
    """Print how a table was read, as the page shows it, and the flags that change it."""
    print(f"{found.rows:,} rows, {len(found.columns):,} columns, read as {found.layout.describe()}.")
    print("  To change this: --separator, --decimal, --header, --dates.")
    chosen = roles.get("columns") or {column: role for role, column in roles.items()}
    width = max(len(guess.name) for guess in found.columns)
    for guess in found.columns:
        role = chosen.get(guess.name, "ignore")
        missing = f", {guess.missing:,} missing" if guess.missing else ""
        print(f"  {guess.name:<{min(width, 30)}}  {role:<8}  {found.examples[guess.name]}{missing} ({guess.reason})")
    if "time" in roles and "columns" in roles:
        print(
            f"Split by time: the latest rows by {roles['time']!r} are the test. To change this: --time-column COL, or "
            "--time-column '' for at random."
        )
    if "person" in roles:
        print(
            f"People are in {roles['person']!r}, items in {roles['item']!r}, times in {roles['time']!r}. To change this: --group-column, "
            "--target, --time-column."
        )
    elif "time" in roles and "columns" not in roles:
        print(
            f"Times are in {roles['time']!r}, values in {roles['target']!r}. To change this: --text-column, --target; --group-column "
            "tells several series apart."
        )
    elif "text" in roles and "target" in roles:
        print(
            f"Texts are read from {roles['text']!r} and written as in {roles['target']!r}. To change this: --text-column, "
            "--target."
        )
    elif "target" in roles:
        print(
            f"The target is {roles['target']!r}. To change it: --target; to change roles: --number, --date, --category, "
            "--ignore."
        )
    elif "label" not in roles:
        print(f"Texts are in {roles['text']!r}, without labels. To change this: --text-column, --label-column.")
    else:
        print(
            f"Texts are in {roles['text']!r}, labels in {roles['label']!r}. To change this: --text-column, --label-column."
        )


def _choice(arguments: argparse.Namespace, found: "Understood") -> "Choice":
    """Return how the data was read, with the flags applied."""
    from engine.imports.own_kinds import own_kind
    from engine.imports.sets import suggest_name
    from engine.imports.understood import Choice

    kind = own_kind(found.kind)
    pairs, timed = kind.pairs, kind.by_time
    free = arguments.without_labels and bool(own_kind(found.kind).free_task)
    label = _guess(found.label_column, found.target_column, pairs=pairs, timed=timed)
    return Choice(
        kind=found.kind,
        name=arguments.name or suggest_name(arguments.path.stem),
        title=arguments.title or arguments.path.stem,
        roles=_roles(arguments, found) if own_kind(found.kind).rows else {},
        text_column=arguments.text_column or _guess(found.text_column, found.source_column, pairs=pairs, timed=timed),
        label_column="" if free else arguments.label_column or arguments.target or label,
        group_column=arguments.group_column,
        split_column=arguments.split_column,
        time_column=_time(arguments, found),
        classes=arguments.classes,
        layout=found.layout,
        arrangement=replace(found.arrangement, labelled=False) if free and found.arrangement else found.arrangement,
        names_encoding=found.names_encoding,
    )


def _time(arguments: argparse.Namespace, found: "Understood") -> str:
    """Return the column of dates by which a table is split: the one that is named, or the one that was found."""
    if arguments.time_column is not None or arguments.split_column:
        return str(arguments.time_column or "")
    return "" if arguments.target == found.time_column else found.time_column


def _guess(one: str, of_pairs: str, *, pairs: bool, timed: bool) -> str:
    """Return the column that is guessed; of series and choices the import finds it."""
    return "" if timed else of_pairs if pairs else one


def _roles(arguments: argparse.Namespace, found: "Understood") -> Any:
    roles: dict[str, str] = dict(found.roles)
    kinds = {guess.name: guess.kind for guess in found.columns}
    if arguments.target:
        for name, role in found.roles.items():
            if role == "target":
                roles[name] = kinds[name]
        roles[arguments.target] = "target"
    for role in ("ignore", "number", "date", "category"):
        roles |= dict.fromkeys(getattr(arguments, role), role)
    for role in ("group", "split"):
        if column := getattr(arguments, f"{role}_column"):
            roles[column] = role
    return roles


def delete_own(arguments: argparse.Namespace) -> int:
    """`delete-dataset`: refused while a run needs it; with `--yes` also when ended runs used it."""
    actor = local_owner()
    uses = service.datasets.uses(actor, arguments.name)
    if uses.ended and not uses.in_use and not arguments.yes:
        raise TrainyardError("{warning} Add --yes to delete it anyway.", warning=uses.warning())
    service.datasets.delete_own(actor, arguments.name)
    print(
        json.dumps({"name": arguments.name, "deleted": True})
        if arguments.json
        else f"The dataset {arguments.name} is deleted."
    )
    return 0
