"""The list of what was left out or changed when data was imported."""

from collections.abc import Sequence

import streamlit as st

from engine.imports.sets import Problem, problems_csv
from engine.readers.spreadsheets import plain_cell
from ui.language import _, plural
from ui.sentences import said_plain

_SHOWN = 200  # problems that are shown one by one


def draw_problems(problems: Sequence[Problem], key: str) -> None:
    """Draw what was left out or changed, and why; nothing if there are no problems."""
    if not problems:
        return
    with st.expander(problem_words(len(problems)), icon=":material/warning:", key=f"{key}.expander"):
        draw_problem_table(problems, key)


def problem_words(count: int) -> str:
    """Return the number of problems, in words."""
    return plural(
        "{count} problem: what is left out or changed", "{count} problems: what is left out or changed", count
    ).format(count=f"{count:,}")


def draw_problem_table(problems: Sequence[Problem], key: str) -> None:
    """The first problems in a table, which browsers save as CSV too, and all of them to download."""
    st.dataframe(
        [
            {"file": plain_cell(problem.file), "reason": plain_cell(said_plain(problem.reason))}
            for problem in problems[:_SHOWN]
        ],
        column_config={
            "file": st.column_config.TextColumn(_("File or row"), width="medium"),
            "reason": st.column_config.TextColumn(_("Reason"), width="large"),
        },
        hide_index=True,
        key=f"{key}.table",
    )
    st.download_button(
        _("Download the list"), lambda: problems_csv(problems), "problems.csv", "text/csv", icon=":material/download:",
        key=f"{key}.download",
    )  # fmt: skip
