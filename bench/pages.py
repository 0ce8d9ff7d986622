"""Server time of the Runs page with a thousand runs, and what the dashboard process holds after every page."""

from typing import Any

from bench.children import empty_home, run_json


def measure() -> dict[str, Any]:
    """In a process of its own, through Streamlit's own test client."""
    with empty_home() as environment:
        return run_json("-m", "bench.visitor", environment=environment)
