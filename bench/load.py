"""Sixty visitors of three published demos while one run trains, and two hundred idle pages; all in shared mode.

A visitor has a websocket open on the page of a demo, as a browser does, and a cookie of their own, and sends a picture every few
seconds over HTTP to the predictor that answers the page, too. Nobody is a browser: what is measured is the server.
`python -m bench load` takes a minute; `python -m bench.load --minutes 30` also tells how memory grows.
"""

import argparse
import asyncio
import io
import json
import os
import random
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import psutil
import websockets
from PIL import Image
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from bench.children import median, percentile
from bench.viewers import _throughput, _wait_for_epoch
from engine import service
from engine.access import local_owner
from engine.runs import RunSpec, RunState
from engine.settings import settings
from tests import seeding
from tests.e2e.dashboard import Dashboard
from tests.saved_runs import save_network

VISITORS = 60
IDLE = 200
SECONDS = 20.0
_PAUSE_SECONDS = (4.0, 12.0)  # between two pictures of one visitor
_IDLE_SECONDS = 30.0
_MEMORY_SECONDS = 15.0  # between two looks at the memory of the server
_SHARED = {
    "mode": "shared",
    "identity_header": "X-Forwarded-Email",
    "trusted_proxies": "127.0.0.1",
    "admins": "ada",
    "max_open_requests": "2000",
}
"""All limits are the defaults, but for the number of open pages: each of these visitors has one, and so has each idle page."""


def measure(seconds: float = SECONDS) -> dict[str, Any]:
    """Measure training alone, with the visitors for so many seconds, alone again; then idle pages without training."""
    with tempfile.TemporaryDirectory(prefix="trainyard-bench-") as folder:
        home = Path(folder) / "home"
        os.environ["TRAINYARD_HOME"] = str(home)
        settings.cache_clear()
        shared = {f"TRAINYARD_{name.upper()}": value for name, value in _SHARED.items()}
        dashboard = Dashboard(home, **shared)
        store, demos = dashboard.store(), []
        for filters in (8, 16, 32):  # before there is an executor, which would train them
            demo = seeding.evaluated(store, dataset="digits", model="cnn", filters=filters)
            save_network(demo)
            demos.append(service.demos.publish(local_owner(), demo.id, f"digits-{filters}").name)
        dashboard.start()
        try:
            run = store.runs.create(RunSpec.build({"dataset": "fashion", "epochs": 500, "patience": 0}))
            _wait_for_epoch(store, run, 2)
            with httpx.Client(base_url=dashboard.url, timeout=60) as client:
                for demo in demos:  # loaded, as after the first visitor
                    _ask_once(client, demo)
            found = asyncio.run(_load(dashboard, demos, seconds, lambda span: _throughput(store, run, span)))
            store.runs.request_end(run.id, RunState.CANCELED)
            time.sleep(5)
            return found | asyncio.run(_idle(dashboard))
        finally:
            dashboard.close()


async def _load(dashboard: Dashboard, demos: list[str], seconds: float, throughput: Any) -> dict[str, Any]:
    process = psutil.Process(dashboard.pid)
    alone = await asyncio.to_thread(throughput, SECONDS)
    drawn: list[float] = []
    answers: list[float] = []
    statuses: Counter[str] = Counter()
    over = asyncio.Event()
    tasks = []
    for number in range(VISITORS):
        demo = demos[number % len(demos)]
        tasks.append(asyncio.create_task(_visit(dashboard, demo, over, drawn, answers, statuses)))
        await asyncio.sleep(0.2)
    await asyncio.sleep(5)
    opening = len(answers)
    watching = asyncio.create_task(_memory(process, over))
    with_visitors = await asyncio.to_thread(throughput, seconds)
    steady = sorted(answers[opening:])
    over.set()
    memory = await watching
    await asyncio.gather(*tasks)
    after = await asyncio.to_thread(throughput, SECONDS)
    return {
        "visitors": VISITORS,
        "answers": len(steady),
        "answer_ms_median": round(1000 * median(steady)),
        "answer_ms_p95": round(1000 * percentile(steady, 0.95)),
        "first_page_ms_p95": round(1000 * percentile(drawn, 0.95)),
        "statuses": dict(statuses),
        "training_keeps_percent": round(100 * with_visitors / ((alone + after) / 2)),
        "steps_per_second": [round(speed, 1) for speed in (alone, with_visitors, after)],
        "dashboard_mb": memory,
    }


async def _memory(process: psutil.Process, over: asyncio.Event) -> list[int]:
    """Return the memory of the server in MB, now and every few seconds until it is over."""
    found = [round(process.memory_info().rss / 1e6)]
    while not over.is_set():
        await asyncio.sleep(_MEMORY_SECONDS)
        found.append(round(process.memory_info().rss / 1e6))
    return found


async def _visit(
    dashboard: Dashboard,
    demo: str,
    over: asyncio.Event,
    drawn: list[float],
    answers: list[float],
    statuses: "Counter[str]",
) -> None:
    closing = httpx.Limits(max_keepalive_connections=0)
    async with httpx.AsyncClient(base_url=dashboard.url, timeout=60, limits=closing) as client:
        await client.get("/")  # the cookie
        began = time.monotonic()
        async with _page(dashboard, "demos", f"demo={demo}", client.cookies) as socket:
            await _until_drawn(socket)
            drawn.append(time.monotonic() - began)
            reading = asyncio.create_task(_read(socket))
            while not over.is_set():
                await asyncio.sleep(random.uniform(*_PAUSE_SECONDS))  # nosec B311
                began = time.monotonic()
                try:
                    answer = await client.post(_address(demo), files={"files": ("a.png", picture(), "image/png")})
                except httpx.TransportError as error:
                    statuses[type(error).__name__] += 1
                    continue
                answers.append(time.monotonic() - began)
                statuses[str(answer.status_code)] += 1
            reading.cancel()


async def _idle(dashboard: Dashboard) -> dict[str, Any]:
    process = psutil.Process(dashboard.pid)
    sockets, readers = [], []
    for _ in range(IDLE):
        socket = await _page(dashboard, "demos", "", httpx.Cookies())
        await _until_drawn(socket)
        sockets.append(socket)
        readers.append(asyncio.create_task(_read(socket)))
    await asyncio.sleep(5)
    before, began = process.cpu_times(), time.monotonic()
    await asyncio.sleep(_IDLE_SECONDS)
    after, ended = process.cpu_times(), time.monotonic()
    for reader, socket in zip(readers, sockets, strict=True):
        reader.cancel()
        await socket.close()
    used = after.user + after.system - before.user - before.system
    return {"idle_pages": IDLE, "idle_cpu_percent_of_one_core": round(100 * used / (ended - began), 1)}


def _page(dashboard: Dashboard, page: str, query: str, cookies: httpx.Cookies) -> Any:
    """A websocket as a browser opens it; the first message asks for the page."""
    asked = BackMsg()
    asked.rerun_script.query_string = query
    asked.rerun_script.page_name = page
    return _Asked(
        websockets.connect(
            f"ws://127.0.0.1:{dashboard.port}/_stcore/stream",
            subprotocols=["streamlit"],  # type: ignore[list-item]
            additional_headers={"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())},
            max_size=None,
            open_timeout=60,
            ping_timeout=None,
        ),
        asked.SerializeToString(),
    )


class _Asked:
    """A connection that asks for its page once it is open."""

    def __init__(self, connection: Any, message: bytes) -> None:
        self._connection, self._message = connection, message

    def __await__(self) -> Any:
        return self._open().__await__()

    async def _open(self) -> Any:
        self._socket = await self._connection
        await self._socket.send(self._message)
        return self._socket

    async def __aenter__(self) -> Any:
        return await self._open()

    async def __aexit__(self, *_: object) -> None:
        await self._socket.close()


async def _until_drawn(socket: Any) -> None:
    while ForwardMsg.FromString(await socket.recv()).WhichOneof("type") != "script_finished":
        pass


async def _read(socket: Any) -> None:
    while True:
        await socket.recv()


def _address(demo: str) -> str:
    return f"/api/v1/models/{demo}:predict"


def _ask_once(client: httpx.Client, demo: str) -> None:
    until = time.monotonic() + 120
    while True:  # the predictor is warming up
        answer = client.post(_address(demo), files={"files": ("a.png", picture(), "image/png")})
        if answer.status_code == 200:
            return
        if time.monotonic() > until:
            raise RuntimeError(f"{answer.status_code}: {answer.text[:300]}")
        time.sleep(1)


def picture() -> bytes:
    """Return a picture that nobody has sent before."""
    data = io.BytesIO()
    Image.frombytes("L", (28, 28), random.randbytes(28 * 28)).save(data, "PNG")  # nosec B311
    return data.getvalue()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=SECONDS / 60, help="how long the visitors stay")
    print(json.dumps(measure(60 * parser.parse_args().minutes), indent=2))
