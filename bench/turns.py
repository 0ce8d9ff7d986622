"""Subjects that train side by side and take turns by the epoch: a slow minute of the machine affects all alike."""

import json
import subprocess
import sys
from typing import Any

from bench.children import ROOT, median
from bench.subject import NEXT


def race(
    ways: tuple[str, ...],
    model: str,
    epochs: int,
    environment: dict[str, str],
    seed: int = 0,
    subject: str = "bench.subject",
) -> dict[str, dict[str, Any]]:
    """Return results of each way; only one of them works at any time, except before its first epoch.

    `examples_per_second` is the median over the epochs after the second, without the validation that ends them.
    """
    children: dict[str, subprocess.Popen[str]] = {}
    results: dict[str, dict[str, Any]] = {}
    try:
        for way in ways:  # one after the other, each until it is about to train
            arguments = [sys.executable, "-m", subject, way, model, str(epochs), str(seed)]
            children[way] = subprocess.Popen(
                arguments, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            _read(children[way])
        while len(results) < len(children):
            for way, child in children.items():
                assert child.stdin is not None
                child.stdin.write("\n")
                child.stdin.flush()
                line = _read(child)
                if line != NEXT:
                    results[way] = json.loads(line)
    finally:
        for child in children.values():
            child.kill()
            child.communicate()
    for result in results.values():
        result["examples_per_second"] = result["examples"] / median(result["epoch_seconds"][2:])
    return results


def ratio(one: dict[str, Any], other: dict[str, Any]) -> float:
    """Return how many times faster `one` is: the median over pairs of epochs that ran one after the other."""
    pairs = zip(one["epoch_seconds"][2:], other["epoch_seconds"][2:], strict=True)
    return median([theirs / its for its, theirs in pairs])


def _read(child: subprocess.Popen[str]) -> str:
    """Return the next line of the protocol: NEXT or the result."""
    assert child.stdout is not None
    for line in child.stdout:
        if line.strip() == NEXT or line.startswith("{"):
            return line.strip()
    raise RuntimeError(f"{child.args} ended with {child.wait()} before its result.")
