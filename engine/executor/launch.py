"""Start an executor beside a dashboard, if none is alive."""

import asyncio
import logging
import subprocess
import sys
from collections.abc import Callable

from engine.executor.local import wanted_file
from engine.executor.process import ROOT
from engine.processes import is_alive
from engine.settings import child_environment, settings
from engine.store import Store, StoreUnavailable, open_store

logger = logging.getLogger(__name__)

_CHECK_SECONDS = 3.0


def ensure_executor(store: Store | None = None) -> bool:
    """Start an executor process unless one is alive or starting them is off; return whether one was started.

    It does not end with this process. If two are started at once, the lease decides: the second one exits.
    """
    wanted_file().parent.mkdir(parents=True, exist_ok=True)
    wanted_file().touch()
    if not settings().start_executor:
        return False
    known = (store or open_store()).leases.get()
    if known is not None and known.alive and is_alive(known.info) is not False:
        return False
    log = settings().home_path / "logs" / "executor.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        subprocess.Popen(
            [sys.executable, "-m", "engine", "executor", "--until-idle"],
            cwd=ROOT,
            env=child_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    return True


async def keep_executor(store: Callable[[], Store]) -> None:
    """Start an executor whenever there is none, for as long as the dashboard lives."""
    while True:
        try:
            await asyncio.to_thread(lambda: ensure_executor(store()))
        except StoreUnavailable:  # it was said in the log, and may work again
            logger.debug("No executor can be looked for without the database.")
        except Exception:  # whatever it is, the dashboard lives on and tries again
            logger.exception("No executor could be started; trying again.")
        await asyncio.sleep(_CHECK_SECONDS)
