"""A look into one dataset: what it is, its classes and splits, how long or large its examples are, and the examples."""

from collections.abc import Mapping

import numpy as np
import streamlit as st

from engine import service
from engine.access import Action
from engine.datasets.base import Dataset
from engine.datasets.stored.base import OwnDataset
from engine.imports.sets import OwnSet, problems_of
from engine.preparation.prepare import SPLITS, PreparedDataset, Split, prepare
from engine.tasks.base import tasks
from ui import lab
from ui.charts.data import SPLIT_WORDS, balance_by_split
from ui.charts.histogram import histogram
from ui.class_names import names_of
from ui.data.health import draw_health
from ui.data.list import show_list, train_query
from ui.data.problems import draw_problem_table, problem_words
from ui.data.sizes import sizes_of
from ui.data.summary import draw_facts, draw_missing, split_sizes
from ui.language import _
from ui.navigation import page
from ui.plain import plain_label, plain_text
from ui.predictions import renderer_for
from ui.rights import may
from ui.sentences import said
from ui.theme import theme_name
from ui.visibility import draw_visibility
from ui.widgets.live_plot import still_plot
from ui.widgets.watch_link import draw_watch_link

PER_PAGE = 24
"""Examples on one page."""


def draw_browse(dataset: Dataset) -> None:
    """Everything about one dataset."""
    own = (
        service.datasets.get_own(lab.actor(), dataset.reference, dataset.kind)
        if isinstance(dataset, OwnDataset)
        else None
    )
    st.button(_("All datasets"), icon=":material/arrow_back:", type="tertiary", on_click=show_list)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.title(plain_label(own.title) if own else _(dataset.title), width="content", anchor=False)
        with st.container(horizontal=True, width="content"):
            query = train_query(own) if own else {"dataset": dataset.name}
            if own is None or may(Action.USE, own):
                st.page_link(
                    page("train"), label=_("Train on it"), icon=":material/model_training:", query_params=query
                )
            if own and own.kind in service.labellings.KINDS and may(Action.CHANGE, own):
                st.page_link(
                    page("label"),
                    label=_("Continue labelling"),
                    icon=":material/label:",
                    query_params={"from": own.reference},
                    help=_("Correct boxes or classes and add pictures: that makes a new version."),
                )
            if own:
                _draw_owners(own)
    draw_facts(type(dataset))
    if not (dataset.available() if own else service.datasets.ready(lab.actor(), dataset)):
        draw_missing(dataset)
        return
    prepared = None
    with lab.guarded(), st.spinner(_("Preparing the dataset…"), show_time=True):
        prepared = prepare(dataset)
    if prepared is None:
        return
    kind = modality_name(dataset)
    overview, examples, health = st.tabs([_("Overview"), _("Examples"), _("Health")], key="data.tab", on_change="rerun")
    if overview.open:
        with overview:
            _draw_overview(prepared, own)
    if examples.open:
        with examples, lab.guarded():
            _draw_examples(prepared, query)
    if health.open:
        with health:
            draw_health(prepared, kind)


def modality_name(dataset: Dataset) -> str:
    """Of the first task it serves: all have the same."""
    return tasks[dataset.tasks[0]].modality


# -- overview ----------------------------------------------------------------------------------------------------------


def _draw_overview(prepared: PreparedDataset, own: OwnSet | None) -> None:
    """Numbers, the classes in each split, distributions, and what was left out."""
    counts = split_sizes(prepared)
    with st.container(horizontal=True, gap="large"):
        st.metric(_("Examples"), f"{sum(counts.values()):,}", width="content")
        for split in SPLITS:
            st.metric(_(SPLIT_WORDS[split]), f"{counts[split]:,}", width="content")
    if prepared.codec.classes:
        figure = balance_by_split(prepared, theme_name())
        still_plot(figure, "data.balance", _("Examples of each class by split"), figure["layout"]["height"])
    _draw_sizes(prepared)
    if own:
        _draw_record(own)
    st.markdown(_("Content hash: `{hash}`").format(hash=prepared.content_hash))


def _draw_sizes(prepared: PreparedDataset) -> None:
    """Draw the sizes of the examples; for tables and regressions one number at a time."""
    found = sizes_of(prepared)
    if not found:
        return
    names = list(found)
    chosen = names[0]
    if len(names) > 1:
        chosen = st.selectbox(_("Distribution"), names, format_func=plain_text, key="data.size")
    if len(values := found[chosen]):
        figure = histogram(values, chosen, theme_name())
        still_plot(figure, "data.sizes", _("Distribution of {name}").format(name=plain_text(chosen)), 240)
        st.caption(
            _("{name}: {low} to {high}, median {median}").format(
                name=plain_label(chosen),
                low=f"{values.min():,.4g}",
                high=f"{values.max():,.4g}",
                median=f"{np.median(values):,.4g}",
            )
        )


def _draw_record(own: OwnSet) -> None:
    """Version, columns and problems of an imported set."""
    st.markdown(
        _("Name `{name}`, version {version}, imported {when}").format(
            name=plain_label(own.name), version=own.version, when=own.imported_at.replace("T", " ")[:16] or "?"
        )
    )
    if own.num_problems:
        with st.expander(problem_words(own.num_problems), icon=":material/warning:"):
            draw_problem_table(problems_of(own.reference), "data.problems")


# -- examples ----------------------------------------------------------------------------------------------------------


def _draw_examples(prepared: PreparedDataset, query: Mapping[str, str]) -> None:
    """A page of examples of a split and a class."""
    labels = names_of(prepared) if prepared.codec.classes else []
    left, right = st.columns(2)
    with left:
        split: Split = st.segmented_control(
            _("Split"), list(SPLITS), default="train", required=True, format_func=lambda name: _(SPLIT_WORDS[name]),
            key="data.split",
        )  # fmt: skip
    with right:
        wanted = st.selectbox(
            _("Class"), [-1, *range(len(labels))], format_func=lambda index: plain_text(labels[index]) if index >= 0 else _("all"),
            key="data.class",
        ) if labels else -1  # fmt: skip
    where = prepared.indices(split)
    if wanted >= 0:
        where = where[prepared.targets[where] == wanted]
    pages = max(1, -(-len(where) // PER_PAGE))
    current = st.pagination(pages, key=f"data.page-{split}-{wanted}") if pages > 1 else 1
    shown = where[(current - 1) * PER_PAGE : current * PER_PAGE]
    draw_positions(prepared, shown)
    if split == "validation":
        draw_watch_link(query, shown.tolist())


def draw_positions(prepared: PreparedDataset, where: np.ndarray) -> None:
    """Examples with their targets."""
    positions = [int(position) for position in where]
    if not positions:
        st.caption(_("There are no rows."))
        return
    renderer_for(prepared.task.prediction, prepared.dataset).browse(prepared, positions)


# -- changing ----------------------------------------------------------------------------------------------------------


def _draw_owners(own: OwnSet) -> None:
    """Who can see an imported set, and deleting it: not while a run needs it, and not without asking."""
    draw_visibility(
        own,
        f"data-{own.reference}",
        "",
        lambda chosen, _examples: service.datasets.show_own(lab.actor(), own.reference, chosen),
    )
    if not may(Action.DELETE, own):
        return
    with st.popover(_("Delete"), icon=":material/delete:", key="data.delete"):
        uses = service.datasets.uses(lab.actor(), own.reference)
        if uses.in_use:
            st.warning(said(uses.refusal()), icon=":material/block:")
            return
        if uses.ended:
            st.warning(said(uses.warning()), icon=":material/warning:")
        sure = st.checkbox(_("Delete '{name}' for good").format(name=own.reference), key="data.sure")
        if st.button(_("Delete for good"), type="primary", disabled=not sure, key="data.delete.now"):
            with lab.guarded():
                service.datasets.delete_own(lab.actor(), own.reference)
                show_list()
                st.toast(_("'{name}' was deleted.").format(name=own.reference))
                st.rerun()
