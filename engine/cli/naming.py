"""Names, notes and tags on the command line: set when a run or study is created, changed later by `rename`."""

import argparse
import json
from collections.abc import Callable

from engine import service
from engine.access import Actor, local_owner
from engine.naming import Naming
from engine.runs import Run
from engine.studies import Study


def add_naming(parser: argparse.ArgumentParser, thing: str) -> None:
    """Add the flags that name what a command creates; `thing` is the word for it."""
    parser.add_argument("--name", metavar="TEXT", help=f"name of the {thing}")
    parser.add_argument("--note", metavar="TEXT", help=f"note on the {thing}, plain text")
    parser.add_argument("--tag", action="append", metavar="TEXT", help=f"tag of the {thing}; can be repeated")


def naming_of(arguments: argparse.Namespace) -> Naming:
    """Return what these flags say."""
    return Naming(arguments.name, arguments.note, None if arguments.tag is None else tuple(arguments.tag))


def add_rename(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command; `add(name, function, words)` makes a parser."""
    made = add("rename", rename, "Change the name, note and tags of a run or study. Without flags, print them.")
    made.add_argument("id", type=int, metavar="ID", help="number of the run, or of the study")
    made.add_argument("--study", action="store_true", help="ID is the number of a study")
    made.add_argument("--name", metavar="TEXT", help="the new name; an empty one removes it")
    made.add_argument("--note", metavar="TEXT", help="the new note; an empty one removes it")
    made.add_argument("--tag", action="append", default=[], metavar="TEXT", help="add this tag; can be repeated")
    made.add_argument("--untag", action="append", default=[], metavar="TEXT", help="remove this tag; can be repeated")


def rename(arguments: argparse.Namespace) -> int:
    """`rename`: change what the flags name, and print the result."""
    actor = local_owner()
    known = _known(actor, arguments)
    kept = [tag for tag in known.tags if tag not in arguments.untag]
    tags = (*kept, *arguments.tag) if arguments.tag or arguments.untag else None
    naming = Naming(arguments.name, arguments.note, tags)
    if naming != Naming():
        change = service.studies.rename if arguments.study else service.runs.rename
        change(actor, arguments.id, naming)
        known = _known(actor, arguments)
    found = {"name": known.name, "tags": list(known.tags), "note": known.note}
    thing = "study" if arguments.study else "run"
    if arguments.json:
        print(json.dumps({thing: known.id} | found))
        return 0
    print(f"{thing.title()} {known.id}: {known.name or 'no name'}")
    print(f"  tags: {', '.join(known.tags) or 'none'}")
    print("\n".join(f"  {line}" for line in known.note.splitlines()) or "  no note")
    return 0


def _known(actor: Actor, arguments: argparse.Namespace) -> Run | Study:
    read: Callable[[Actor, int], Run | Study] = service.studies.get if arguments.study else service.runs.get
    return read(actor, arguments.id)
