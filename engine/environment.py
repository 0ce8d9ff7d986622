"""The environment of a run: versions, commit, machine. Recorded, so that a result can be repeated."""

import platform
import subprocess
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from engine import __version__

PACKAGES = ("tensorflow", "keras", "numpy", "scikit-learn", "pillow", "trainyard")


@cache
def describe_environment() -> dict[str, Any]:
    """Return Python, packages, system and git commit."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "versions": {name: version for name in PACKAGES if (version := package_version(name))},
        "git_commit": _git_commit(),
    }


def package_version(name: str) -> str:
    """Return the installed version of a package, or "" where it is not installed."""
    if name == "trainyard":  # run from its folder, not installed
        return __version__
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _git_commit() -> str:
    """Return the commit of the checkout this code runs from, or "" outside one."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "HEAD"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
