"""What is to be said beside an answer: how far it can be relied on."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from engine.readers.spreadsheets import plain_cell
from ui.language import _, plural
from ui.plain import plain_label
from ui.predictions import Values


def draw_remarks(values: Values) -> None:
    """Say below one answer that its input is unlike the data, or has categories that the network does not know."""
    if unlike := values.get("unlike"):
        st.warning(_unlike_sentence(unlike), icon=":material/explore_off:")
    for column, name in values.get("unknown", {}).items():
        st.warning(
            _("Unknown in column {column}: {name}. The model was not trained on this category.").format(
                column=plain_label(column), name=plain_label(name)
            ),
            icon=":material/help:",
        )


def _unlike_sentence(unlike: Mapping[str, int]) -> str:
    count, total = unlike["as_far"], unlike["of"]
    if not count:
        return _(
            "This input is unlike the training data: none of {total:,} validation examples lies this far out. "
            "The answer may be meaningless."
        ).format(total=total)
    return plural(
        "This input is unlike the training data: only {count:,} of {total:,} validation examples lies this far out. "
        "The answer may be meaningless.",
        "This input is unlike the training data: only {count:,} of {total:,} validation examples lie this far out. "
        "The answer may be meaningless.",
        count,
    ).format(count=count, total=total)


def remark_cells(batch: Sequence[Values]) -> list[dict[str, str]]:
    """Return the remarks on each of several answers as cells; a column only where there is something to say."""
    rows = [{"unlike": _unlike_words(values), "unknown": _unknown_words(values)} for values in batch]
    used = [name for name in ("unlike", "unknown") if any(row[name] for row in rows)]
    return [{name: row[name] for name in used} for row in rows]


def remark_columns() -> dict[str, Any]:
    """Return how a table shows these cells, as `column_config`."""
    return {
        "unlike": st.column_config.TextColumn(
            _("Unlike the data"),
            help=_(
                "How many validation examples lie as far from the others as this input does, where these are few: the "
                "answer may be meaningless."
            ),
        ),
        "unknown": st.column_config.TextColumn(
            _("Unknown"), help=_("Categories by column that were not in the training data.")
        ),
    }


def _unlike_words(values: Values) -> str:
    unlike = values.get("unlike")
    return _("{count:,} of {total:,}").format(count=unlike["as_far"], total=unlike["of"]) if unlike else ""


def _unknown_words(values: Values) -> str:
    return str(plain_cell(", ".join(f"{column}: {name}" for column, name in values.get("unknown", {}).items())))
