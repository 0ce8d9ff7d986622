"""Keep the messages of libraries out of the terminal: they go to a log, so that only those of Trainyard remain."""

import logging
import os
import sys

from engine.settings import settings

_LARGEST_BYTES = 5_000_000
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def keep_noise_out() -> None:
    """Send what is written past Python, for example by TensorFlow, and the warnings of libraries to `logs/commands.log`.

    Holds for the whole process; processes that it starts inherit the log. If it cannot be written, nothing changes.
    """
    path = settings().home_path / "logs" / "commands.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file() and path.stat().st_size > _LARGEST_BYTES:
            path.replace(path.with_suffix(".old.log"))
        log = path.open("a", encoding="utf-8")
    except OSError:
        return
    sys.stderr.flush()
    terminal = os.dup(2)
    os.dup2(log.fileno(), 2)
    sys.stderr = os.fdopen(terminal, "w", buffering=1, encoding=sys.stderr.encoding, errors="backslashreplace")
    _set_up_logs(logging.StreamHandler(sys.stderr), logging.StreamHandler(log))


def _set_up_logs(terminal: logging.Handler, log: logging.Handler) -> None:
    terminal.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    terminal.addFilter(lambda record: record.name.startswith(("engine", "ui")))
    log.setFormatter(logging.Formatter(_FORMAT))
    logging.basicConfig(level=logging.WARNING, handlers=[terminal, log])
    logging.captureWarnings(True)
