"""Tables for download, without a cell that a spreadsheet would read as a formula.

Otherwise a file uploaded as `=HYPERLINK(...)` could run on the machine of the person who exports the table
(https://owasp.org/www-community/attacks/CSV_Injection).
"""

import re
from typing import TYPE_CHECKING, Any

from engine.reading import NUMBER

if TYPE_CHECKING:
    import pandas as pd

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Characters that start a formula in a spreadsheet; the wide forms do so where Chinese or Japanese is written."""


def plain_cell(value: Any) -> Any:
    """`value` as a spreadsheet shows it: texts that begin like a formula get an apostrophe, numbers stay as they are."""
    if isinstance(value, str) and value.startswith(FORMULA_STARTS) and not re.match(NUMBER, value.rstrip("\n")):
        return f"'{value}"
    return value


def plain_frame(frame: "pd.DataFrame") -> "pd.DataFrame":
    """The same table with plain cells and plain names of columns; its index is not looked at."""
    plain = frame.copy()
    for position, kind in enumerate(frame.dtypes):
        if kind.kind not in "fiub":
            plain.isetitem(position, frame.iloc[:, position].map(plain_cell).array)
    return plain.rename(columns=plain_cell)


def write_csv(frame: "pd.DataFrame") -> bytes:
    """A table as CSV in UTF-8, with the mark that makes Excel read it as such, without its index."""
    text: str = plain_frame(frame).to_csv(index=False)
    return text.encode("utf-8-sig")
