"""The ASGI entry: `streamlit run app.py` starts the dashboard and an executor beside it."""

import asyncio
import gc
import importlib
import logging
import pkgutil
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

ROOT = Path(__file__).resolve().parent
if str(ROOT) not in sys.path:  # started from elsewhere, or by another ASGI server
    sys.path.insert(0, str(ROOT))

from engine.accounts.proxies import IdentityHeader  # noqa: E402
from engine.accounts.requirements import check_mode, secrets  # noqa: E402
from engine.api.asking import actor_of  # noqa: E402
from engine.api.routes import api_routes  # noqa: E402
from engine.errors import StoreUnavailable  # noqa: E402
from engine.logs import set_up_logs  # noqa: E402
from engine.ops.health import health_routes  # noqa: E402
from engine.ops.metrics import metrics_routes  # noqa: E402
from engine.service import sign_in  # noqa: E402
from engine.web import web_middleware  # noqa: E402
from ui import lab  # noqa: E402
from ui.document_scripts import declared  # noqa: E402
from ui.static_files import StaticFileDelivery  # noqa: E402
from ui.widgets.live_plot import VENDOR_FOLDER, VENDOR_PATH  # noqa: E402

logger = logging.getLogger("trainyard.dashboard")

STREAMLIT_FILES = Path(st.__file__).parent / "static" / "static"

_REFREEZE_SECONDS = 30.0


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Have an executor running for as long as the dashboard does, and import now what every page needs."""
    from engine.executor.launch import keep_executor
    from engine.service import opened

    set_up_logs("dashboard")
    check_mode(st.get_option("server.address"))
    sign_in.announce_code()
    _import_pages()
    tasks = [asyncio.create_task(keep_executor(opened.store)), asyncio.create_task(_keep_frozen())]
    yield
    for task in tasks:
        task.cancel()
    await asyncio.to_thread(lab.close)


async def _keep_frozen() -> None:
    """Collect garbage here, not after each live tick of each viewer, which is Streamlit's way and most of a tick's cost.

    What lives is frozen, so that Python's own collections do not look through it. Sessions come and go, so what has
    died since is let go before the rest is frozen anew.
    """
    while True:
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        await asyncio.sleep(_REFREEZE_SECONDS)


def _import_pages() -> None:
    """Import what the pages import, so that it is frozen and the first visitor does not wait for it."""
    import ui
    from ui.language import LANGUAGES, catalog

    for module in pkgutil.walk_packages(ui.__path__, "ui."):
        if module.name != "ui.shell":  # the script itself: it runs for a session
            importlib.import_module(module.name)
    importlib.import_module("pandas")
    for code in LANGUAGES:
        catalog(code)


def on_script_error(error: Exception) -> bool:
    """Log the traceback under a number, and show the number with a sentence instead of the traceback."""
    from ui.language import _
    from ui.outage import draw_outage

    if isinstance(error, StoreUnavailable):  # the log tells it once
        draw_outage(error)
        return True

    number = uuid.uuid4().hex[:8]
    logger.error("Error %s on a page", number, exc_info=error)
    st.error(
        _("Something went wrong on this page. The log of the dashboard has the details under number {number}.").format(
            number=number
        )
    )
    return True


app = st.App(
    ROOT / "ui" / "shell.py",
    secrets=secrets(),
    lifespan=lifespan,
    routes=[
        Mount(VENDOR_PATH, StaticFiles(directory=VENDOR_FOLDER)),
        *api_routes(actor_of, lab.predictor),
        *health_routes(),
        *metrics_routes(),
    ],
    middleware=[
        *web_middleware(STREAMLIT_FILES.parent / "index.html", declared, lambda: st.get_option("server.address") or ""),
        Middleware(IdentityHeader),
        Middleware(
            StaticFileDelivery,
            folders={
                "/static/js": STREAMLIT_FILES / "js",
                "/static/css": STREAMLIT_FILES / "css",
                "/static/media": STREAMLIT_FILES / "media",
                VENDOR_PATH: VENDOR_FOLDER,
            },
        ),
    ],
    on_script_error=on_script_error,
)
