"""Ways to give an input, alike for all modalities: a choice among them, room for it, examples of the test split, files."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import streamlit as st

from engine.datasets.base import Dataset
from engine.errors import TrainyardError
from engine.preparation.prepare import PreparedDataset, prepare
from engine.preparation.varied import varied
from engine.settings import settings
from ui.class_names import class_name
from ui.language import _
from ui.modalities.base import File, Place, Tried, Way
from ui.plain import plain_label
from ui.sentences import said

Content = TypeVar("Content")
Places = Callable[[int], Sequence[tuple[Any, Any]]]
"""How many examples -> for each, where it is shown and where its button stands."""

NARROW_PIXELS = 196
"""Width of an input that has its answer beside it on a phone, too."""


WAY_PARAM = "by"
"""Name in the address of the way in which an input is given."""


def made_way(ways: Mapping[str, Way]) -> str:
    """Return the first way in which people make an input themselves, or the first of all."""
    return next((name for name, way in ways.items() if way.made), next(iter(ways)))


def choose_way(ways: Mapping[str, Way], key: str) -> Way:
    """Draw the choice among ways, if there are several; that of the address is taken at first, or else the first."""
    asked = st.query_params.get(WAY_PARAM, "")
    first = asked if asked in ways else next(iter(ways))
    if len(ways) == 1:
        return ways[first]
    chosen = st.segmented_control(
        _("Input"),
        list(ways),
        default=first,
        required=True,
        format_func=lambda name: f"{ways[name].icon} {_(ways[name].word)}",
        key=key,
        wrap=True,
        label_visibility="collapsed",
        on_change=lambda: st.query_params.update({WAY_PARAM: st.session_state[key]}),
    )
    return ways[chosen or first]


def lay_out(answer: Place) -> tuple[Any, Any]:
    """Return the places of an input and of its answer."""
    if answer == "beside":
        row = st.container(horizontal=True, wrap=False, gap="small")
        return row.container(width=NARROW_PIXELS), row.container()
    if answer == "before":
        right, left = st.columns([2, 3], gap="large")
        return left, right
    left, right = st.columns(2, gap="large")
    return left, right


# -- examples ----------------------------------------------------------------------------------------------------------


def held_out(
    dataset: Dataset, count: int, read: Callable[[PreparedDataset, int], Content]
) -> list[tuple[str, Content]]:
    """Return label and content of a few examples of the test split, the same each time.

    They are of as many classes as there are places. `read`: content of the example at a position.
    """
    return _held_out(repr(dataset.to_dict()), dataset.fingerprint(), count, dataset, read)


@st.cache_data(max_entries=96, show_spinner=False)
def _held_out(values: str, fingerprint: str, count: int, _dataset: Dataset, _read: Any) -> list[tuple[str, Any]]:
    """Read once for all viewers: a dataset is of one modality, which reads it in one way."""
    prepared = prepare(_dataset)
    return [(prepared.describe(int(i)), _read(prepared, int(i))) for i in varied(prepared, "test", count)]


def grid(count: int, least_pixels: int = 72) -> list[Any]:
    """As many cells as asked for, at most four in a row, and fewer where they would be narrower than `least_pixels`."""
    rows = st.grid(4, min_column_width=least_pixels, gap="xsmall")
    return [rows.cell() for _cell in range(count)]


def in_grid(count: int) -> list[tuple[Any, Any]]:
    """Each example in a cell, its button below it."""
    return [(cell, cell) for cell in grid(count)]


def choose_example(
    tried: Tried,
    dataset: Dataset,
    examples: Callable[[Dataset], Sequence[tuple[str, Content]]],
    draw: Callable[[str, Content], object],
    places: Places = in_grid,
) -> list[tuple[str, Content]]:
    """Draw examples of the test split, each with a button; return name and content of the one that was pressed last."""
    try:
        if not tried.shows_examples():
            return []
        offered = examples(dataset)
    except TrainyardError as error:
        st.info(said(error), icon=":material/info:")
        return []
    st.caption(_("From the test split: the network was not trained on these."))
    key = f"example-{tried.key}"
    for i, ((label, content), (shown, below)) in enumerate(zip(offered, places(len(offered)), strict=True)):
        name = class_name(dataset.name, label)
        with shown:
            draw(name, content)
        words = _("Predict this example of {label}.").format(label=plain_label(name))
        if below.button(plain_label(name, 14), key=f"{key}-{i}", width="stretch", help=words):
            st.session_state[key] = i
    if key not in st.session_state:
        return []
    label, content = offered[min(st.session_state[key], len(offered) - 1)]
    return [(_("example of {label}").format(label=class_name(dataset.name, label)), content)]


# -- files -------------------------------------------------------------------------------------------------------------


def upload(label: str, endings: Sequence[str], key: str, words: str, too_many: str) -> list[File]:
    """Draw an uploader of several files. `words` may say how many may be given, {count}; `too_many`: see `at_most`."""
    files = st.file_uploader(
        label,
        type=list(endings),
        accept_multiple_files=True,
        max_upload_size=settings().max_upload_mb,
        key=key,
        help=words.format(count=settings().max_predictions),
    )
    return [(file.name, file.getvalue()) for file in at_most(files, too_many)]


def at_most(given: list[Content], too_many: str) -> list[Content]:
    """As many as are predicted at once; where there are more, `too_many` says so, of {given} and {most}."""
    most = settings().max_predictions
    if len(given) > most:
        st.warning(too_many.format(given=len(given), most=most))
    return given[:most]
