"""The health checks by name: each in its own process, bounded in time and memory, its result kept beside the data."""

import hashlib
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.environment import package_version
from engine.errors import TrainyardError
from engine.inspection.columns import inspect_all
from engine.inspection.duplicates import find_duplicates
from engine.inspection.mislabels import find_mislabels
from engine.preparation.prepare import PreparedDataset
from engine.sentences import Sentence, from_json
from engine.settings import child_environment, settings

CHECKS: dict[str, Callable[[PreparedDataset, int], dict[str, Any]]] = {
    "duplicates": find_duplicates,
    "columns": inspect_all,
    "mislabels": find_mislabels,
}
_FORMAT = 3  # increase it when checks change: old results are then computed again
_ROOT = Path(__file__).resolve().parents[2]
_one_at_a_time = threading.Lock()  # of this process: the machine is there for training
logger = logging.getLogger(__name__)


def known_result(prepared: PreparedDataset, check: str) -> dict[str, Any] | None:
    """Return the earlier result of a check; None where it has not run."""
    try:
        found: dict[str, Any] = json.loads(result_path(prepared, check).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        logger.warning("The result in %s cannot be read; it is computed again.", result_path(prepared, check))
        return None
    return found


def run_check(prepared: PreparedDataset, check: str) -> dict[str, Any]:
    """Run a check in its own process and return its result. Raise `TrainyardError` when it takes too long or too much memory."""
    if (found := known_result(prepared, check)) is not None:
        return found
    limit = settings().inspection_seconds
    if not _one_at_a_time.acquire(timeout=limit):
        raise TrainyardError("Another health check is running. Try again when it has ended.")
    try:
        command = [sys.executable, "-m", "engine.inspection", check, str(prepared.path)]
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        done = subprocess.run(
            command,
            cwd=_ROOT,
            env=child_environment(**threads),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=limit,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise TrainyardError(
            "The health check took more than {limit:g} seconds (TRAINYARD_INSPECTION_SECONDS) and "
            "was ended. Lower TRAINYARD_MAX_INSPECTED, or allow more time.",
            limit=limit,
        ) from error
    finally:
        _one_at_a_time.release()
    found = known_result(prepared, check)
    if done.returncode == 0 and found is not None:
        return found
    raise TrainyardError(_why(done))


def _why(done: "subprocess.CompletedProcess[bytes]") -> Sentence:
    """Return the sentence of the process, where it printed one."""
    said = done.stderr.decode("utf-8", "replace").strip()
    last = said.rsplit("\n", 1)[-1]
    if last.startswith("error: "):
        return from_json(last.removeprefix("error: "))
    logger.error("A health check ended with %s:\n%s", done.returncode, said[-4000:])
    return Sentence(
        "The health check ended with code {code} before it had a result, perhaps because memory ran "
        "out ({inspection_memory_mb:,} MB, TRAINYARD_INSPECTION_MEMORY_MB). The dashboard's log says "
        "more.",
        code=done.returncode,
        inspection_memory_mb=settings().inspection_memory_mb,
    )


def result_path(prepared: PreparedDataset, check: str) -> Path:
    """Return the file of a result: its name changes with everything that decides the result."""
    versions = [package_version(name) for name in ("scikit-learn", "cleanlab")]
    key = hashlib.sha256(json.dumps([_FORMAT, settings().max_inspected, versions]).encode()).hexdigest()[:16]
    return prepared.path / f"inspection-{check}-{key}.json"
