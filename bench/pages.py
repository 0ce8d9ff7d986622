"""Server time of each page with a thousand runs, the dashboard's memory after all, and the first load of the Train page."""

from typing import Any

from bench import first_load
from bench.children import empty_home, run_json


def measure() -> dict[str, Any]:
    """Measure server time in a separate process through Streamlit's own test client, the first load in a browser."""
    with empty_home() as environment:
        served = run_json("-m", "bench.visitor", environment=environment)
    return served | {"first_load": first_load.measure()}
