"""Choices that stand in the address by a word of ours: Streamlit's own binding would write the translated one."""

from collections.abc import Callable, Sequence

import streamlit as st

from engine.runs import is_run_id


def choose(
    name: str, label: str, options: Sequence[str], words: Callable[[str], str], help: str, *, long: bool = False
) -> str:
    """A switch between `options`, or with `long` a list to pick from; the first is meant where the address says nothing."""
    asked = st.query_params.get(name, "")
    begin = options.index(asked) if asked in options else 0
    if long:
        chosen = st.selectbox(label, options, index=begin, format_func=words, key=f"choose-{name}", help=help)
    else:
        chosen = st.segmented_control(
            label, options, default=options[begin], format_func=words, key=f"choose-{name}", help=help, required=True
        )
    chosen = chosen if chosen in options else options[0]
    if chosen != (asked or options[0]):
        st.query_params[name] = chosen
    return chosen


def run_ids(text: str, most: int) -> tuple[list[int], list[str]]:
    """Numbers of runs between commas, each once and at most `most`; and what is no number of a run, or too much."""
    parts = list(dict.fromkeys(part.strip() for part in text[: 20 * most + 200].split(",") if part.strip()))
    good = [part for part in parts if is_run_id(part)]
    wrong = [part for part in parts if part not in good]
    ids = list(dict.fromkeys(int(part) for part in good))
    return ids[:most], [*wrong, *map(str, ids[most:])]
