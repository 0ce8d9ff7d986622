"""`python -m bench [NAME ...]`: run the named measurements, or all, and print one JSON object."""

import importlib
import json
import os
import sys
import time
from typing import Any

NAMES = (
    *(
        "throughput",
        "tracking",
        "probes",
        "store",
        "pages",
        "studies",
        "accuracy",
        "transfer",
        "tables",
        "texts",
        "pairs",
    ),
    *(
        "sounds",
        "subsets",
        "unlike",
        "serving",
        "latency",
        "first_minutes",
        "viewers",
        "cost",
        "search",
        "compare",
        "exactness",
        "mislabels",
        "writing",
        "curves",
        "hostile",
        "claims",
        "machines",
        "kills",
        "load",
    ),
)
"""Every measurement, a module of this package with a function `measure`."""


def main(names: list[str]) -> None:
    """Run one measurement after the other; progress goes to standard error, results to standard output."""
    if unknown := [name for name in names if name not in NAMES]:
        sys.exit(f"There is no measurement {unknown[0]!r}. Available: {', '.join(NAMES)}.")
    found: dict[str, Any] = {"cores": os.cpu_count()}
    for name in names or NAMES:
        began = time.monotonic()
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        found[name] = importlib.import_module(f"bench.{name}").measure()
        found[name]["seconds"] = round(time.monotonic() - began, 1)
        print(json.dumps({name: found[name]}), file=sys.stderr, flush=True)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main(sys.argv[1:])
