"""Preferences of a person, kept in the home of the installation."""

import json
import logging
from pathlib import Path
from typing import Any

from engine.access import ADMINISTRATION, PREFERENCES, Action, Actor, check
from engine.files import write_text
from engine.settings import settings

logger = logging.getLogger(__name__)
FIRST_PAGE = "first_page"


def first_page(actor: Actor) -> str:
    """Return the name of the page on which this person begins; empty where they have not chosen one."""
    check(actor, Action.LOOK, PREFERENCES)
    return str(_read().get(actor.name, {}).get(FIRST_PAGE, ""))


def set_first_page(actor: Actor, name: str) -> None:
    """Begin on the page of this name from now on; an empty name takes the choice back."""
    check(actor, Action.CHANGE, PREFERENCES)
    known = _read()
    known[actor.name] = known.get(actor.name, {}) | {FIRST_PAGE: name}
    _write(known)


def forget(actor: Actor, name: str) -> None:
    """Delete what a person has chosen, when the person is deleted."""
    check(actor, Action.DELETE, ADMINISTRATION)
    known = _read()
    if known.pop(name, None) is not None:
        _write(known)


def _write(known: dict[str, dict[str, Any]]) -> None:
    _path().parent.mkdir(parents=True, exist_ok=True)
    write_text(_path(), json.dumps(known, ensure_ascii=False))


def _path() -> Path:
    return settings().home_path / "preferences.json"


def _read() -> dict[str, dict[str, Any]]:
    """Return the preferences of all people; a file that cannot be read counts as none, since nothing depends on it."""
    try:
        found = json.loads(_path().read_text(encoding="utf-8"))
        return {str(name): dict(values) for name, values in found.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError):
        logger.exception("The preferences in %s cannot be read.", _path())
        return {}
