"""What processes of an installation log: plain lines, or a JSON object a line with the ids of run and user.

Values of secret settings are never written, in either form.
"""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cache
from typing import Any, TextIO
from urllib.parse import unquote, urlsplit

from engine.settings import Settings, settings

TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_HIDDEN = "[secret]"
_SHORTEST = 6  # a shorter value would hide words that are no secret
_about: ContextVar[dict[str, Any] | None] = ContextVar("about", default=None)
_process: dict[str, Any] = {}


def set_up_logs(role: str, level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """With TRAINYARD_LOG_FORMAT=json, have this process log JSON, in place of what was set up before; else do nothing.

    `role` is what the process is: dashboard, executor, worker or search.
    """
    if settings().log_format != "json":
        return
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines(role))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(True)
    for name in list(logging.root.manager.loggerDict):  # Streamlit and uvicorn write with handlers of their own
        if name.split(".")[0] in ("streamlit", "uvicorn"):
            logging.getLogger(name).handlers.clear()
            logging.getLogger(name).propagate = True


def log_also_as_json(role: str, stream: TextIO, **about: Any) -> None:
    """Write what this process logs to `stream`, too, where logs are JSON; `about` holds for the whole process."""
    if settings().log_format != "json":
        return
    for known in logging.getLogger().handlers:
        if isinstance(known.formatter, JsonLines):  # from the run before
            logging.getLogger().removeHandler(known)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines(role))
    logging.getLogger().addHandler(handler)
    _process.clear()
    _process.update(about)


@contextmanager
def logged_about(**about: Any) -> Iterator[None]:
    """Say in what is logged meanwhile which run or user it is about."""
    token = _about.set((_about.get() or {}) | about)
    try:
        yield
    finally:
        _about.reset(token)


def note_user(name: str) -> None:
    """Say in what this thread or task logs from now on who asks."""
    _about.set((_about.get() or {}) | {"user": name})


class JsonLines(logging.Formatter):
    """One JSON object a record."""

    def __init__(self, role: str) -> None:
        super().__init__()
        self._role = role

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "role": self._role,
            "process": record.process,
            "message": record.getMessage(),
            **_process,
            **(_about.get() or {}),
        }
        line |= {name: getattr(record, name) for name in ("run", "user", "study") if hasattr(record, name)}
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return without_secrets(json.dumps(line, ensure_ascii=False, default=str))


def without_secrets(text: str) -> str:
    """Return the text with the values of secret settings taken out."""
    for secret in _secrets():
        text = text.replace(secret, _HIDDEN)
    return text


@cache
def _secrets() -> tuple[str, ...]:
    """Return what must not be written, as it is and as it stands in JSON: of the database's URL its password only."""
    found = {str(getattr(settings(), name)) for name in Settings.secrets() if name != "database_url"}
    password = urlsplit(settings().database_url).password
    found |= {password, unquote(password)} if password else set()
    found |= {json.dumps(secret, ensure_ascii=False)[1:-1] for secret in found}
    return tuple(sorted((secret for secret in found if len(secret) >= _SHORTEST), key=len, reverse=True))
