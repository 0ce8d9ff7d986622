"""Peak memory of a piece of code, measured in a process of its own."""

import os
import subprocess
import sys

_MEASURED = """
import re, resource, sys
from pathlib import Path

def peak():
    status = Path("/proc/self/status")  # what `resource` tells on Linux may be the peak of the process that started this
    if status.exists():
        return int(re.search(r"VmHWM:\\s+(\\d+) kB", status.read_text())[1]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform != "darwin" else 1 << 20)

{before}
already = peak()
{code}
print(peak() - already)
"""


def said_and_megabytes(before: str, code: str, **environment: str) -> tuple[str, int]:
    """The line that `code` prints, and by how many MB it raised the peak that `before` had left."""
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED.format(before=before, code=code)],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    said, megabytes = done.stdout.splitlines()
    return said, int(megabytes)
