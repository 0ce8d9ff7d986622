"""One run in one process, with or without probes as its environment says; prints JSON. Run by `bench.probes`.

`python -m bench.probed VALUES`: flat values of a spec, as JSON.
"""

import json
import sys
import time

from engine.artifacts import artifacts_of
from engine.probes import read
from engine.runs import RunSpec
from engine.store import open_store
from engine.training.fit import rehearse, train_run


def main() -> None:
    """Train, and tell how long it took and what of it the probes say they took."""
    rehearse()  # as a standby worker does
    store = open_store()
    run = store.runs.create(RunSpec.build(json.loads(sys.argv[1])), slot="bench")
    began = time.monotonic()
    train_run(store, run)
    seconds = time.monotonic() - began
    probes, result = read(artifacts_of(run.id).probes), store.runs.get(run.id).result
    answered = len(probes.epochs) if probes else 0
    print(json.dumps({"seconds": seconds, "spent": result["probe_seconds"], "answered": answered}))


if __name__ == "__main__":
    main()
