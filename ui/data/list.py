"""The list of datasets: one's own first, then what ships with the program or can be downloaded."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import streamlit as st

from engine import service
from engine.datasets.base import Dataset, datasets
from engine.datasets.stored.base import OwnDataset
from engine.imports.own_kinds import own_kind
from engine.imports.sets import OwnSet
from engine.readers.spreadsheets import plain_cell
from engine.tasks.base import tasks
from ui import lab
from ui.language import _
from ui.navigation import open_here

OPENED, SET = "dataset", "set"
"""Names in the address of the Data page: the dataset, and which imported set."""


@dataclass(frozen=True)
class Row:
    """One line of the list."""

    dataset: str
    reference: str
    title: str
    tasks: tuple[str, ...]
    num_examples: int
    num_classes: int
    origin: str
    source: str

    def query(self) -> dict[str, str]:
        """The part of the address that opens it."""
        return {OPENED: self.dataset} | ({SET: self.reference} if self.reference else {})


def chosen_dataset(params: Mapping[str, str]) -> Dataset | None:
    """The dataset that an address names, with its other fields as they come; None where it names none."""
    name = params.get(OPENED, "")
    if not name:
        return None
    cls = datasets[name]
    if issubclass(cls, OwnDataset):
        if not params.get(SET):
            return None
        made = cls.parse({own_kind(cls.kind).field: params[SET]})
        service.datasets.get_own(lab.actor(), made.reference, made.kind)  # a sentence, where it is not there
        return made
    return cls()


def train_query(own: OwnSet) -> dict[str, str]:
    """The address of the form that trains on a set."""
    kind = own_kind(own.kind)
    return {"task": own.tasks[0], "dataset": kind.dataset, kind.field: own.reference}


def browse_query(own: OwnSet) -> dict[str, str]:
    """The address that shows a set."""
    return {OPENED: own_kind(own.kind).dataset, SET: own.reference}


def rows(known: Iterable[type[Dataset]]) -> list[Row]:
    """Every imported set, newest version first, then every other dataset."""
    own = [
        Row(own_kind(found.kind).dataset, found.reference, found.title, found.tasks, found.num_examples,
            len(found.counts), _("imported"), _("Imported {when}").format(when=found.imported_at[:10]))
        for found in sorted(service.datasets.list_own(lab.actor()), key=lambda found: (found.name, -found.version))
    ]  # fmt: skip
    others = [
        Row(cls.name, "", _(cls.title), cls.tasks, cls.num_examples, cls.num_classes,
            _("included") if cls.embedded else _("on this machine") if cls.ready() else _("to download"), _(cls.source))
        for cls in known
        if not issubclass(cls, OwnDataset)
    ]  # fmt: skip
    return own + others


def draw_list(known: Iterable[type[Dataset]]) -> None:
    """A table; choosing a row opens it."""
    found = rows(known)
    chosen = st.dataframe(
        [
            {
                "title": plain_cell(row.title),
                "name": row.reference or row.dataset,
                "task": ", ".join(_(tasks[name].title) for name in row.tasks),
                "examples": row.num_examples or None,
                "classes": row.num_classes or None,
                "origin": row.origin,
                "source": row.source,
            }
            for row in found
        ],
        column_config={
            "title": st.column_config.TextColumn(_("Dataset"), width="medium"),
            "name": st.column_config.TextColumn(_("Name")),
            "task": st.column_config.TextColumn(_("Task")),
            "examples": st.column_config.NumberColumn(_("Examples"), format="localized"),
            "classes": st.column_config.NumberColumn(_("Classes"), format="localized"),
            "origin": st.column_config.TextColumn(_("Where")),
            "source": st.column_config.TextColumn(_("Source")),
        },
        hide_index=True,
        height="content",
        placeholder="",
        key="data.list",
        on_select="rerun",
        selection_mode="single-row",
        alt=_("All datasets. Choose a row to explore it."),
    )
    st.caption(_("Choose a row to explore it."))
    if picked := chosen.selection.rows:
        open_here(found[picked[0]].query())
        st.rerun()


def show_list() -> None:
    """Go back to the list."""
    open_here({})
