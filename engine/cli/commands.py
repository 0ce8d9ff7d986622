"""The parser of all commands, and `main` that dispatches to them."""

import argparse
import logging
import sys
from collections.abc import Callable

from engine.cli.accounts import add_accounts
from engine.cli.audit import add_audit
from engine.cli.budgets import add_budgets
from engine.cli.classrooms import add_classrooms
from engine.cli.compare import add_compare
from engine.cli.data import add_data
from engine.cli.demos import add_demos
from engine.cli.flags import Parser, reject_unknown
from engine.cli.forks import add_forks
from engine.cli.naming import add_rename
from engine.cli.operating import add_operating
from engine.cli.own_data import add_own_data
from engine.cli.processes import add_processes
from engine.cli.reports import add_reports
from engine.cli.runs import add_runs
from engine.cli.search import add_search
from engine.cli.shares import add_shares
from engine.cli.trained import add_trained
from engine.cli.training import add_training
from engine.cli.visibility import add_visibility
from engine.errors import TrainyardError
from engine.service.audited import by_command


def main(arguments: list[str]) -> int:
    """Run one command and return its exit code. A user's error is printed as one sentence on standard error."""
    try:
        parsed = _parse(arguments)
        logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
        with by_command():
            return int(parsed.function(parsed))
    except TrainyardError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # the reader of our output has gone: nobody would see a message
        return 1


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser, known = make_parsers(arguments)
    parsed, unknown = parser.parse_known_args(arguments)
    reject_unknown(unknown, [o for a in known[parsed.command]._actions for o in a.option_strings])
    return parsed


def make_parsers(arguments: list[str]) -> tuple[Parser, dict[str, argparse.ArgumentParser]]:
    """Return the main parser and that of each command; `arguments` decide which flags a run has."""
    parser = Parser(prog="python -m engine", description="Train, follow and use neural networks.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    known: dict[str, argparse.ArgumentParser] = {}

    def add(name: str, function: Callable[[argparse.Namespace], int], words: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=words, description=words, allow_abbrev=False)
        made.set_defaults(function=function)
        if name not in ("executor", "bench"):
            made.add_argument("--json", action="store_true", help="print JSON for programs")
        known[name] = made
        return made

    add_training(add, arguments)
    add_search(add, arguments)
    add_forks(add, arguments)
    add_runs(add)
    add_rename(add)
    add_visibility(add)
    add_shares(add)
    add_demos(add)
    add_classrooms(add)
    add_reports(add)
    add_compare(add)
    add_trained(add, arguments)
    add_data(add)
    add_own_data(add)
    add_accounts(add)
    add_audit(add)
    add_budgets(add)
    add_processes(add)
    add_operating(add)
    return parser, known
