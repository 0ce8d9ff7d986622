"""Forty viewers of one live run: the load on the dashboard, the time of a tick, the slowdown of training.

The viewers speak Streamlit's websocket protocol without a browser: they open the run's page, then ask again whenever
the page's timer would. A tick is timed at the viewer: from asking to the last message of the answer.
"""

import asyncio
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import psutil
import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from bench.children import median, percentile
from engine.runs import Run, RunSpec, RunState
from engine.store import Store
from tests.e2e.dashboard import Dashboard

VIEWERS = 40
ROUNDS = 10
SECONDS = 20.0  # of each half of a round: a pause that is too short for pages to count as closed
SETTLING_SECONDS = 25.0  # at first pages change their pace one after the other
TICKED = ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY


@dataclass
class Viewer:
    """One open page. Like a browser it takes a new timer from each drawing of the page and drops the old one."""

    url: str
    run_id: int
    ticks: list[float] = field(default_factory=list)
    paces: list[float] = field(default_factory=list)
    _timer: tuple[float, str, float] | None = None  # seconds, fragment, and when it came
    _asked: float | None = None
    _page: str = ""

    async def watch(self, watching: asyncio.Event) -> None:
        """Open the page, then tick while `watching` is set."""
        async with websockets.connect(self.url, subprotocols=["streamlit"], max_size=None) as socket:  # type: ignore[list-item]
            await socket.send(self._ask(""))
            reading = asyncio.create_task(self._read(socket))
            try:
                while not reading.done():
                    await watching.wait()
                    timer = self._timer
                    await asyncio.sleep(_until_next(*timer) if timer else 0.2)
                    if timer and timer is self._timer and watching.is_set():
                        self._asked = time.monotonic()
                        await socket.send(self._ask(timer[1]))
                reading.result()
            finally:
                reading.cancel()

    def _ask(self, fragment: str) -> bytes:
        message = BackMsg()
        message.rerun_script.query_string = f"run={self.run_id}"
        message.rerun_script.page_name = "run"
        message.rerun_script.page_script_hash = self._page
        message.rerun_script.fragment_id = fragment
        message.rerun_script.is_auto_rerun = bool(fragment)
        return message.SerializeToString()

    async def _read(self, socket: Any) -> None:
        """Read everything that the server sends, until it disconnects."""
        while True:
            message = ForwardMsg.FromString(await socket.recv())
            kind = message.WhichOneof("type")
            if kind == "navigation":  # of the page; a new session names the script that all pages share
                self._page = message.navigation.page_script_hash
            elif kind == "auto_rerun":
                self._timer = (message.auto_rerun.interval, message.auto_rerun.fragment_id, time.monotonic())
            elif kind == "script_finished" and message.script_finished == TICKED and self._asked and self._timer:
                self.ticks.append(1000 * (time.monotonic() - self._asked))
                self.paces.append(self._timer[0])
                self._asked = None


def _until_next(interval: float, _fragment: str, began: float) -> float:
    """Return seconds until a browser's timer would fire: pages that pause at the same time do not continue in step."""
    return interval - (time.monotonic() - began) % interval


def measure() -> dict[str, Any]:
    """Measure training alone and with the viewers in turn, so that a slow minute of the machine affects both alike."""
    with tempfile.TemporaryDirectory(prefix="trainyard-bench-") as folder:
        dashboard = Dashboard(Path(folder) / "home")
        dashboard.start()
        try:
            store = dashboard.store()
            run = store.runs.create(RunSpec.build({"model": "cnn", "epochs": 500, "patience": 0}))
            _wait_for_epoch(store, run, 1)
            time.sleep(20)  # past the quick ticks of the first seconds
            return asyncio.run(_compare(dashboard, store, run))
        finally:
            dashboard.close()


async def _compare(dashboard: Dashboard, store: Store, run: Run) -> dict[str, Any]:
    process = psutil.Process(dashboard.pid)
    url = f"ws://127.0.0.1:{dashboard.port}/_stcore/stream"
    viewers = [Viewer(url, run.id) for _ in range(VIEWERS)]
    watching = asyncio.Event()
    watching.set()
    tasks = []
    for viewer in viewers:  # people do not open a page in step
        tasks.append(asyncio.create_task(viewer.watch(watching)))
        await asyncio.sleep(0.7)
    await asyncio.sleep(SETTLING_SECONDS)
    shares, cpu, ticks, paces = [], [], [], []
    for _ in range(ROUNDS):
        watching.clear()
        await asyncio.sleep(2)
        alone = await asyncio.to_thread(_throughput, store, run, SECONDS)
        watching.set()
        await asyncio.sleep(4)
        for viewer in viewers:
            viewer.ticks.clear()
            viewer.paces.clear()
        before, began = process.cpu_times(), time.monotonic()
        watched = await asyncio.to_thread(_throughput, store, run, SECONDS)
        after, ended = process.cpu_times(), time.monotonic()
        cpu.append(100 * (after.user + after.system - before.user - before.system) / (ended - began))
        shares.append(100 * (1 - watched / alone))
        ticks += [tick for viewer in viewers for tick in viewer.ticks]
        paces += [pace for viewer in viewers for pace in viewer.paces]
    for task in tasks:
        if task.done():
            task.result()  # a viewer that failed
        task.cancel()
    return {
        "viewers": VIEWERS,
        "dashboard_cpu_percent_of_one_core": round(median(cpu), 1),
        "tick_ms_median": round(median(ticks), 1),
        "tick_ms_p95": round(percentile(ticks, 0.95), 1),
        "ticks": len(ticks),
        "seconds_between_ticks_median": median(paces),
        "training_loses_percent": round(median(shares), 1),
        "training_loses_percent_mean": round(fmean(shares), 1),
        "standard_error": round(stdev(shares) / ROUNDS**0.5, 1),
        "training_loses_percent_each": [round(share, 1) for share in shares],
        "dashboard_rss_mb": round(process.memory_info().rss / 1e6),
    }


def _throughput(store: Store, run: Run, seconds: float) -> float:
    """Return steps a second of the run, from the store."""
    before, began = store.runs.get(run.id).step, time.monotonic()
    time.sleep(seconds)
    return (store.runs.get(run.id).step - before) / (time.monotonic() - began)


def _wait_for_epoch(store: Store, run: Run, epoch: int) -> None:
    until = time.monotonic() + 120
    while (known := store.runs.get(run.id)).epoch < epoch:
        if time.monotonic() > until or known.state not in (RunState.QUEUED, RunState.RUNNING):
            raise RuntimeError(f"The run is {known.state}: {known.message}")
        time.sleep(0.2)
