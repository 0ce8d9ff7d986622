"""What Ray runs on a node: a worker process of ours, for one run. Ray gets this module by value, so that it imports nothing of ours."""

import ctypes
import os
import signal
import subprocess
import sys
import time

_LOOK_SECONDS = 0.2


def train(folder: str, line: str, grace_seconds: float, withheld: tuple[str, ...], arguments: tuple[str, ...]) -> int:
    """Have a worker, started in `folder`, train the run that `line` names; return its exit code.

    Cancelled, it tells the worker to leave, which writes a checkpoint and queues its run again. `withheld` are the
    environment variables that no worker needs; `arguments` are the worker's.
    """
    environment = {name: value for name, value in os.environ.items() if name not in withheld}
    environment["TF_NUM_INTRAOP_THREADS"] = environment.get("OMP_NUM_THREADS", "1")

    def die_together() -> None:
        if sys.platform == "linux":  # killed with this process, which is how Ray ends a task
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG

    worker = subprocess.Popen(
        [sys.executable, "-m", "engine.worker", *arguments],
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=die_together,  # noqa: PLW1509  # it takes no lock
    )
    assert worker.stdin is not None
    try:
        worker.stdin.write(line.encode())
        worker.stdin.close()
        while worker.poll() is None:  # Ray's cancel does not interrupt a wait
            time.sleep(_LOOK_SECONDS)
    except BaseException:
        worker.terminate()
        worker.wait(grace_seconds)
        raise
    return worker.returncode
