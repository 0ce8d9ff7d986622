"""The one place that writes the audit log: functions of the service layer that change something are marked with `audited`.

An entry is written after the function has returned: what was refused or has failed is not in the log. Local mode has one person
and no log.
"""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum
from functools import wraps
from string import Formatter
from typing import Any, ParamSpec, TypeVar

from engine.access import Actor
from engine.service.opened import store
from engine.settings import settings

PAGE, TOKEN, COMMAND = "page", "token", "command"
P = ParamSpec("P")
R = TypeVar("R")
_way: ContextVar[str] = ContextVar("way", default=PAGE)
_inside: ContextVar[bool] = ContextVar("inside", default=False)


def audited(thing: str = "", *, about: str = "", detail: str = "") -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Write down who has called a function.

    `thing`, `about` (a person) and `detail` are templates over its arguments; `made` is what it has returned. Of what has a number,
    the number is shown. Of functions that call each other only the outermost is written down.
    """

    def mark(function: Callable[P, R]) -> Callable[P, R]:
        action = f"{function.__module__.rpartition('.')[2]}.{function.__name__}"
        signature = inspect.signature(function)

        @wraps(function)
        def act(*args: P.args, **kwargs: P.kwargs) -> R:
            if settings().mode == "local" or _inside.get():
                return function(*args, **kwargs)
            before = _inside.set(True)
            try:
                made = function(*args, **kwargs)
            finally:
                _inside.reset(before)
            given = signature.bind(*args, **kwargs)
            given.apply_defaults()
            values = given.arguments | {"made": made}
            words = {
                name: _WORDS.vformat(text, (), values)
                for name, text in (("thing", thing), ("about", about), ("detail", detail))
            }
            write(values["actor"], action, **words)
            return made

        act.audited = True  # type: ignore[attr-defined]
        return act

    return mark


def write(actor: Actor, action: str, **words: str) -> None:
    """Write an entry of something that an actor has done."""
    if settings().mode == "local":
        return
    way = TOKEN if actor.scope is not None else _way.get()
    store().audit.add(actor.name, actor.role.value, way, action, **words)


@contextmanager
def by_command() -> Iterator[None]:
    """Say of everything that is done in the block that it was asked for on the command line."""
    before = _way.set(COMMAND)
    try:
        yield
    finally:
        _way.reset(before)


class _Words(Formatter):
    """Fills in values as a reader expects them."""

    def format_field(self, value: Any, format_spec: str) -> str:
        """Return the number of what has one, the value of a choice, and the parts of a list."""
        if isinstance(value, list | tuple):
            return ", ".join(self.format_field(part, "") for part in value)
        if isinstance(value, Enum):
            return str(value.value)
        return "" if value is None else str(getattr(value, "id", value))


_WORDS = _Words()
