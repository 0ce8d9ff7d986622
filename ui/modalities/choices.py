"""Choices: items that are liked on the spot, those of a person of the test split, or a table of many people."""

import json
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
import pandas as pd
import streamlit as st

from engine.catalogue import Catalogue
from engine.data_info import DataInfo
from engine.datasets.base import Dataset
from engine.errors import TrainyardError
from engine.modalities.choices import names_of
from engine.preparation.prepare import PreparedDataset, prepare
from engine.readers.spreadsheets import plain_frame
from ui.language import N_, _, plural
from ui.modalities.base import Cells, Effect, File, Tried, Way, register
from ui.modalities.ways import held_out, upload
from ui.plain import plain_label, plain_text
from ui.sentences import said

EXAMPLES = 12
"""Number of people of the test split that are offered."""
_MOST_LIKED, _LISTED = 50, 200


class Choices:
    """See `Modality`."""

    measures: ClassVar[Mapping[str, str]] = {"choices": N_("earlier choices")}

    def size(self, info: DataInfo) -> str:
        """Return how many items there are."""
        count = len(info.catalogue) if info.catalogue else 0
        return plural("{count:,} item", "{count:,} items", count).format(count=count) if count else ""

    def look(self, prepared: PreparedDataset) -> None:
        """The items that were chosen most often, with what is known of them, and some people."""
        known = prepared.info.catalogue
        if known is None:
            return
        st.caption(_("The items that were chosen most often, of {count:,}.").format(count=len(known)))
        frame = _items(known, np.argsort(-np.array(known.chosen), kind="stable")[:_LISTED] + 1)
        st.dataframe(plain_frame(frame), hide_index=True, key="look-items", alt=_("Items"), height=360)

    def ways(self, dataset: Dataset) -> Mapping[str, Way]:
        """Items that are liked, a person of the data, or a table."""
        return WAYS

    def show(self, tried: Tried, file: File) -> None:
        """Nothing: the answer says what was chosen."""

    def mattered(self, given: np.ndarray | None, name: str, effects: Sequence[Effect]) -> str:
        """Nothing: no parts of choices are hidden."""
        return ""

    def cells(self, tried: Tried, files: Sequence[File]) -> Cells:
        """Nothing beside the names."""
        return {}, {}

    def examples(self, prepared: PreparedDataset, positions: Sequence[int], captions: Sequence[str]) -> None:
        """A row for each person: what they had chosen, and what came next."""
        rows = [
            {
                _("Chosen before"): " · ".join(_before(prepared, int(position))[::-1]) or "—",
                _("Chosen next"): caption,
            }
            for position, caption in zip(positions, captions, strict=True)
        ]
        st.dataframe(plain_frame(pd.DataFrame(rows)), hide_index=True, alt=_("People of the dataset"))


def _before(prepared: PreparedDataset, position: int) -> list[str]:
    return names_of(prepared.inputs[np.array([position])][0], prepared.info)


def _items(known: Catalogue, numbers: np.ndarray) -> pd.DataFrame:
    """Return items with what is known of them, and how often they were chosen."""
    columns = {column.name: [column.values[number - 1] for number in numbers] for column in known.columns}
    names = {_("Item"): [known.name(int(number)) for number in numbers]}
    return pd.DataFrame(names | columns | {_("Chosen"): [known.chosen[number - 1] for number in numbers]})


register("choices", Choices())


# -- ways to give choices ----------------------------------------------------------------------------------------------


def like_input(tried: Tried, dataset: Dataset) -> list[File]:
    """A list of the whole catalogue, of which some are chosen."""
    known = _catalogue(tried, dataset)
    if known is None:
        return []
    chosen = st.multiselect(
        _("What do you like?"),
        known.items,
        format_func=plain_text,
        max_selections=_MOST_LIKED,
        select_all=False,  # Enter would take all that match
        key=f"liked-{tried.key}",
        placeholder=_("Type a part of a name"),
        help=_("Choose about five; the last one counts as the latest."),
    )
    if known.columns and chosen:
        numbers = known.numbers
        frame = _items(known, np.array([numbers[name] for name in chosen])).drop(columns=_("Chosen"))
        st.dataframe(plain_frame(frame), hide_index=True, alt=_("Liked items"))
    return [(_("what you like"), json.dumps(chosen, ensure_ascii=False).encode())] if chosen else []


def person_input(tried: Tried, dataset: Dataset) -> list[File]:
    """Somebody of the test split."""
    try:
        people = _people(dataset) if tried.shows_examples() else []
    except TrainyardError as error:
        st.info(said(error), icon=":material/info:")
        return []
    if not people:
        return []
    chosen = st.selectbox(
        _("Person"),
        range(len(people)),
        format_func=lambda place: _("Person {number}").format(number=place + 1),
        key=f"person-{tried.key}",
        help=_("From the test split: what they chose next is known, and the network was not trained on it."),
    )
    truth, content = people[chosen or 0]
    before = json.loads(content)
    st.caption(
        plural(
            "Chosen before: {count:,} item, the latest first.",
            "Chosen before: {count:,} items, the latest first.",
            len(before),
        ).format(count=len(before))
    )
    st.dataframe(plain_frame(pd.DataFrame({_("Item"): before[::-1]})), hide_index=True, height=240, alt=_("Items"))
    st.caption(_("Chosen afterwards: {items}").format(items=plain_label(truth, most=400)))
    return [(_("person {number}").format(number=(chosen or 0) + 1), content)]


def upload_input(tried: Tried, dataset: Dataset) -> list[File]:
    """Tables of people and items."""
    return upload(
        _("People"),
        ("csv", "tsv", "txt", "json", "parquet"),
        f"upload-{tried.key}",
        _(
            "Tables with a column of people and one of items, in order of time; or one item a line. Up to {count} files, not stored."
        ),
        _("{given} files were given; the first {most} are used, the most at once."),
    )


def _catalogue(tried: Tried, dataset: Dataset) -> Catalogue | None:
    info = tried.info()
    if info is None:
        try:
            info = prepare(dataset).info
        except TrainyardError as error:
            st.info(said(error), icon=":material/info:")
            return None
    return info.catalogue


def _people(dataset: Dataset) -> list[tuple[str, bytes]]:
    return held_out(dataset, EXAMPLES, _written)


def _written(prepared: PreparedDataset, position: int) -> bytes:
    """Return the choices as JSON, as people give them."""
    return json.dumps(_before(prepared, position), ensure_ascii=False).encode()


WAYS = {
    "like": Way(N_("Like some"), ":material/favorite:", like_input, shown=True, made=True),
    "person": Way(
        N_("A person"),
        ":material/person:",
        person_input,
        examples=True,
        shown=True,
        contents=lambda dataset: [content for _truth, content in _people(dataset)],
    ),
    "upload": Way(N_("Upload"), ":material/upload:", upload_input, shown=True),
}
"""Ways to give choices, in the order of display."""
