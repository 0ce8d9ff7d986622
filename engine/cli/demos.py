"""Published demos on the command line: `demo`."""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engine import service
from engine.access import local_owner
from engine.cli.words import numbered, print_facts, word_of
from engine.demos.card import CORRECTABLE, LINES, TEXTS
from engine.service.demos import Changes

if TYPE_CHECKING:
    from engine.store.demos import Demo

_WHAT = (
    "list", "show", "publish", "edit", "current", "rollback", "label", "beside", "open", "close", "withdraw", "wrong", "delete",
)  # fmt: skip


def add_demos(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command; `add(name, function, words)` makes a parser."""
    made = add("demo", demo, "Published demos: publish a run under a name, change its versions, roll back, close.")
    made.add_argument(
        "what",
        choices=_WHAT,
        help="publish RUN NAME; current, beside or withdraw NAME VERSION; label NAME LABEL [VERSION]; "
        "show, edit, rollback, open, close, wrong or delete NAME; list",
    )
    made.add_argument("words", nargs="*", metavar="WORD", help="what it is about, as above")
    made.add_argument("--title", metavar="TEXT", help="what visitors read at the top")
    for part in (*TEXTS, *LINES):
        more = (
            "; your words in place of the record's, and marked as yours; empty: the record's"
            if part in CORRECTABLE
            else ""
        )
        made.add_argument(f"--{part}", metavar="TEXT", help=f"text of the model card: {part}{more}")
    made.add_argument(
        "--origin", action="append", metavar="URL", help="site that may show it in a frame; can be repeated"
    )
    made.add_argument("--examples", action="store_true", help="publish: show examples of the data")
    made.add_argument("--new", metavar="TEXT", default="", help="publish: what is new in this version")
    made.add_argument("--later", action="store_true", help="publish: do not make this version the current one")
    made.add_argument("--delete-all", action="store_true", help="wrong: delete what visitors have sent")


def demo(arguments: argparse.Namespace) -> int:
    """`demo`: what an owner does with published demos."""
    actor, what, words = local_owner(), arguments.what, list(arguments.words)
    if what == "list":
        return print_facts(arguments, [_facts(one) for one in service.demos.list_all(actor)])
    if what == "publish":
        run, name = numbered(_word(words, "number of the run")), _word(words, "name")
        made = service.demos.publish(
            actor, run, name, _changes(actor, name, arguments),
            examples=arguments.examples, note=arguments.new, current=not arguments.later,
        )  # fmt: skip
        return print_facts(arguments, _facts(made))
    name = _word(words, "name of the demo")
    if what == "delete":
        service.demos.delete(actor, name)
        return print_facts(arguments, {"deleted": name})
    if what == "wrong":
        if arguments.delete_all:
            return print_facts(arguments, {"deleted": service.demos.delete_wrong(actor, name)})
        return print_facts(arguments, [_sent(one) for one in service.demos.wrong(actor, name)])
    return print_facts(arguments, _facts(_changed(arguments, name, words)))


def _changed(arguments: argparse.Namespace, name: str, words: list[str]) -> "Demo":
    actor, demos = local_owner(), service.demos
    match arguments.what:
        case "edit":
            return demos.edit(actor, name, _changes(actor, name, arguments))
        case "current":
            return demos.choose(actor, name, _version(_word(words, "version")))
        case "rollback":
            return demos.roll_back(actor, name)
        case "label":
            label = _word(words, "label")
            return demos.label(actor, name, label, numbered(words[0]) if words else None)
        case "beside":
            return demos.compare(actor, name, _version(words[0]) if words else None)
        case "open" | "close":
            return demos.show(actor, name, arguments.what == "open")
        case "withdraw":
            return demos.withdraw(actor, name, numbered(_word(words, "version")))
        case _:
            return demos.get(actor, name)


def _changes(actor: Any, name: str, arguments: argparse.Namespace) -> Changes:
    """Return what the flags say; texts that they do not name stay."""
    given = {part: getattr(arguments, part) for part in (*TEXTS, *LINES) if getattr(arguments, part) is not None}
    known = {one.name: one for one in service.demos.list_all(actor)}.get(name)
    texts = {**(known.texts if known else {}), **given} if given else None
    return Changes(arguments.title, texts, arguments.origin)


def _word(words: list[str], meant: str) -> str:
    return word_of("demo", words, meant)


def _version(text: str) -> int | str:
    """A number or a label."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else text


def _facts(made: "Demo") -> dict[str, Any]:
    return {
        "name": made.name,
        "title": made.title,
        "owner": made.owner,
        "open": made.open,
        "current": made.current,
        "beside": made.beside,
        "labels": made.labels,
        "versions": {str(one.number): one.run_id for one in made.versions.values()},
        "origins": list(made.origins),
        "texts": dict(made.texts),
    }


def _sent(one: Any) -> dict[str, Any]:
    return {"id": one.id, "version": one.version, "file": one.filename, "remark": one.remark, "answer": one.answer}
