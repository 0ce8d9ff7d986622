"""Server time of a study's page with a thousand trials and with ten thousand, and of a live tick on it."""

from typing import Any

from bench.children import empty_home, run_json


def measure() -> dict[str, Any]:
    """Measure each in a separate process, through Streamlit's own test client."""
    found = {}
    for trials in (1_000, 10_000):
        with empty_home() as environment:
            found[str(trials)] = run_json("-m", "bench.study_visitor", str(trials), environment=environment)
    return found
