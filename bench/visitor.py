"""Opens every page in one process, as the dashboard does; prints JSON. Run by `bench.pages`."""

import json
import sys
import time

import psutil
from streamlit.testing.v1 import AppTest

from bench.children import ROOT, median
from engine.runs import RunSpec, RunState
from engine.store import open_store

PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))


def seed_runs(count: int) -> None:
    """Write `count` completed runs with a curve each."""
    store, spec = open_store(), RunSpec.build({})
    for _ in range(count):
        run = store.runs.create(spec, slot="bench")
        store.attempts.report(run, curve=[i / 60 for i in range(60)], best={"epoch": 3, "val_accuracy": 0.9}, epoch=10)
        store.attempts.end(run, RunState.COMPLETED, result={"test_accuracy": 0.9})


def main() -> None:
    """Seed, open, measure."""
    seed_runs(1000)
    app = AppTest.from_file(str(ROOT / "ui" / "shell.py"), default_timeout=60)
    app.run()
    times: dict[str, list[float]] = {}
    for _ in range(6):
        for name in PAGES:
            began = time.perf_counter()
            app.switch_page(str(ROOT / "pages" / f"{name}.py")).run()
            times.setdefault(name, []).append(1000 * (time.perf_counter() - began))
            if app.exception:
                raise RuntimeError(f"{name}: {app.exception[0].message}")
    heavy = sorted({module.split(".")[0] for module in sys.modules} & {"tensorflow", "keras"})
    figures = {f"{name}_ms_median": round(median(values[1:]), 1) for name, values in times.items()}
    memory = round(psutil.Process().memory_info().rss / 1e6)
    print(
        json.dumps(
            {"runs_in_the_store": 1000, **figures, "rss_mb_after_every_page": memory, "forbidden_modules": heavy}
        )
    )


if __name__ == "__main__":
    main()
