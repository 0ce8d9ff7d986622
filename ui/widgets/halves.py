"""Two places beside each other where there is room for both, otherwise one below the other."""

from typing import Any

from streamlit.delta_generator import DeltaGenerator

_LEAST_PIXELS = 300
"""Width of each below which the second goes below the first: `st.columns` looks at the window, and the menu takes a part of it."""


def halves(area: Any) -> tuple[DeltaGenerator, DeltaGenerator]:
    """Return two places in `area`, which is a container or `st` itself."""
    grid = area.grid(2, min_column_width=_LEAST_PIXELS, gap=("small", "large"))
    first: DeltaGenerator = grid.cell()
    second: DeltaGenerator = grid.cell()
    return first, second
