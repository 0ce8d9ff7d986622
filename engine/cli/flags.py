"""Flags made from declarations: `learning_rate` becomes `--learning-rate`, with the range in its help."""

import argparse
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, NoReturn

from engine.errors import TrainyardError, unknown_name
from engine.runs import PARTS, choose_parts, is_run_id, suggested_values, unused_fields
from engine.spec import Choices, Field, Range, Spec
from engine.studies import Search

_BARE = ("--queue", "--json")
"""Flags that take no value."""


class Parser(argparse.ArgumentParser):
    """An argument parser that raises `TrainyardError`: one sentence, exit code 1."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing usage and exiting with 2."""
        raise TrainyardError(
            "{problem}. Run: {prog} --help",
            problem=message[:1].upper() + message[1:],
            prog=self.prog,
        )


def add_run_flags(parser: argparse.ArgumentParser, arguments: list[str]) -> None:
    """Add the flags of a run: the names of parts, then the fields of the parts that `arguments` choose."""
    given = [a for a in arguments if a not in ("-h", "--help")]
    names = _read(_names_only(), given)
    data = _read(_fields_only(choose_parts(names)["dataset"]), given)
    parts = choose_parts(names, data)
    add_part_flags(parser, parts, suggested_values(parts, data))


def add_part_flags(parser: argparse.ArgumentParser, parts: Mapping[str, type[Spec]], defaults: dict[str, Any]) -> None:
    """Add the names of parts, and the fields of these parts."""
    for section, registry in PARTS.items():
        parser.add_argument(f"--{section}", metavar="NAME", help=f"one of: {', '.join(registry)}")
    unused = unused_fields(parts)
    for section, part in parts.items():
        group = parser.add_argument_group(f"{section}: {part.title or section}")
        add_fields(group, [field for field in part.fields() if field.name not in unused], defaults)


def add_fields(group: Any, fields: list[Field], suggested: dict[str, Any] | None = None) -> None:
    """Add a flag for each field, to a parser or a group of it."""
    for field in fields:
        default = (suggested or {}).get(field.name, field.default)
        group.add_argument(flag(field.name), **_options(field, default))


def run_of(arguments: list[str]) -> int | None:
    """Return the number of the run among words whose flags are not known yet: one that is not the value of a flag."""
    words = [(before, word) for before, word in pairwise(["", *arguments]) if is_run_id(word)]
    alone = [word for before, word in words if before in _BARE or not before.startswith("--")]
    after_a_switch = [word for _, word in words[-1:]]
    return next((int(word) for word in [*alone, *after_a_switch]), None)


def flag(name: str) -> str:
    """Return the flag of a field."""
    return "--" + name.replace("_", "-")


def run_values(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the given values, flat, as `RunSpec.build` takes them."""
    return {name: value for name, value in vars(arguments).items() if value is not None and name not in _OTHERS}


def reject_unknown(unknown: list[str], known: list[str]) -> None:
    """Raise for an unknown flag, with the most similar ones."""
    if unknown:
        raise unknown_name("flag", unknown[0].split("=")[0], known)


_OTHERS = {
    "json",
    "owner",
    "command",
    "function",
    "run",
    "epoch",
    "queue",
    "search",
    "objective",
    "name",
    "note",
    "tag",
    *Search.model_fields,
}


def _names_only() -> Parser:
    parser = Parser(add_help=False, allow_abbrev=False)
    for section in PARTS:
        parser.add_argument(f"--{section}")
    return parser


def _fields_only(part: type[Spec]) -> Parser:
    parser = Parser(add_help=False, allow_abbrev=False)
    add_fields(parser, part.fields())
    return parser


def _read(parser: Parser, arguments: list[str]) -> dict[str, str]:
    """Return the given values of the parser's own flags."""
    found, _ = parser.parse_known_args(arguments)
    return {name: value for name, value in vars(found).items() if value is not None}


def _options(field: Field, default: Any) -> dict[str, Any]:
    words = field.help.replace("%", "%%")
    if field.type is bool:
        return {"action": argparse.BooleanOptionalAction, "default": None, "help": f"{words} Default: {default}."}
    match field.domain:
        case Range(low, high):
            domain = f"{low:g} to {high:g}"
        case Choices(options):
            domain = ", ".join(map(str, options))
        case _:
            domain = field.type.__name__
    return {"metavar": "VALUE", "default": None, "help": f"{words} ({domain}; default: {default})"}
