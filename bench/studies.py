"""Server time of the page of a study with a thousand trials and with ten thousand, and of a live tick on it."""

from typing import Any

from bench.children import empty_home, run_json


def measure() -> dict[str, Any]:
    """Each in a process of its own, through Streamlit's own test client."""
    found = {}
    for trials in (1_000, 10_000):
        with empty_home() as environment:
            found[str(trials)] = run_json("-m", "bench.study_visitor", str(trials), environment=environment)
    return found
