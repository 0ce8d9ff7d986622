"""Who may look at a run, a study or a dataset of one's own: `visibility`."""

import argparse
import json
from collections.abc import Callable

from engine import service
from engine.access import Visibility, local_owner
from engine.errors import TrainyardError
from engine.runs import is_run_id


def add_visibility(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command; `add(name, function, words)` makes a parser."""
    words = "Change who can see a run, a study or a dataset in shared mode. Without a visibility, print it."
    made = add("visibility", visibility, words)
    made.add_argument("thing", metavar="ID", help="number of the run or of the study, or name of the dataset")
    made.add_argument(
        "visibility", nargs="?", choices=[str(one) for one in Visibility],
        help="private: its owner and the admins; shared: people who are logged in can look; published: everybody can use it",
    )  # fmt: skip
    kinds = made.add_mutually_exclusive_group()
    kinds.add_argument("--study", action="store_true", help="ID is the number of a study")
    kinds.add_argument("--dataset", action="store_true", help="ID is the name of a dataset of your own")
    made.add_argument("--examples", action="store_true", help="examples of your own data may be seen with it")


def visibility(arguments: argparse.Namespace) -> int:
    """`visibility`: change it where one is given, and print it."""
    actor, wanted = local_owner(), Visibility(arguments.visibility) if arguments.visibility else None
    kind = "dataset" if arguments.dataset else "study" if arguments.study else "run"
    if kind == "dataset":
        own = service.datasets.get_own(actor, arguments.thing)
        found = (service.datasets.show_own(actor, own.reference, wanted) if wanted else own).visibility
    else:
        room = service.studies if kind == "study" else service.runs
        number = _number(arguments.thing)
        known = room.show(actor, number, wanted, examples=arguments.examples) if wanted else room.get(actor, number)
        found = known.visibility
    thing = arguments.thing if kind == "dataset" else _number(arguments.thing)
    print(json.dumps({kind: thing, "visibility": found}) if arguments.json else f"{kind.title()} {thing}: {found}.")
    return 0


def _number(text: str) -> int:
    if not is_run_id(text):
        raise TrainyardError(
            "{text!r} is not the number of a run or a study. For a dataset, add --dataset.", text=text[:80]
        )
    return int(text)
