"""Server time of the Runs page with a thousand runs, and the memory of the dashboard process after every page."""

from typing import Any

from bench.children import empty_home, run_json


def measure() -> dict[str, Any]:
    """Measure in a separate process, through Streamlit's own test client."""
    with empty_home() as environment:
        return run_json("-m", "bench.visitor", environment=environment)
