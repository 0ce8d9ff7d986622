"""Server time of the page of a study with a thousand trials, of a live tick on it, and of the list of studies."""

from typing import Any

from bench.children import empty_home, run_json


def measure() -> dict[str, Any]:
    """In a process of its own, through Streamlit's own test client."""
    with empty_home() as environment:
        return run_json("-m", "bench.study_visitor", environment=environment)
