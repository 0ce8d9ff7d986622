"""Search: which hyperparameters vary and how far, how values are chosen, and the button that begins a study."""

import streamlit as st

from engine import service
from engine.errors import TrainyardError
from engine.naming import Naming
from engine.settings import settings
from engine.studies import MODEL
from ui import lab
from ui.address import arrive
from ui.data.summary import draw_missing
from ui.language import _
from ui.navigation import page
from ui.plain import plain_label
from ui.sentences import said
from ui.studies.form import SearchForm, read_search
from ui.studies.widgets import draw_directions, draw_objectives, draw_plan_cost, draw_space, plan, why_not
from ui.studies.writing import keep_usable
from ui.train.form import STUDY_NAME
from ui.train.launch import draw_unusable
from ui.train.widgets import draw_fields
from ui.widgets.halves import halves
from ui.widgets.sticky import sticky
from ui.words import part_title


def main() -> None:
    """Draw the study that the address describes."""
    arrive("start-search")
    try:
        found = read_search(st.query_params.to_dict())
    except TrainyardError as error:
        st.title(_("Search"))
        st.error(said(error), icon=":material/error:")
        return
    head = sticky("launch")
    draw_fixed(found)
    space, how = halves(st)
    with space:
        st.header(_("Search space"), anchor=False)
        st.caption(_("Tick the hyperparameters that trials vary, and narrow their ranges. All others stay fixed."))
        draw_space(found)
    with how:
        st.header(_("Search settings"), anchor=False)
        draw_how(found)
        costs = st.container()
    with head:
        draw_launch(found)
    with costs:
        draw_costs(found)


def draw_fixed(found: SearchForm) -> None:
    """Draw what all trials have in common, in brief, and a link back to it."""
    base = found.base
    hidden = (base.augmentation, base.model if MODEL in found.space else None)
    words = [plain_label(part_title(part)) for part in base.sections().values() if part.title and part not in hidden]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(" · ".join(words), width="content")
        st.page_link(
            page("train"),
            label=_("Change in the Train form"),
            icon=":material/tune:",
            help=_(
                "Data, network, training and all values that stay fixed. The hyperparameters ticked here stay ticked."
            ),
            query_params=st.query_params.to_dict(),
        )
    if not service.datasets.ready(lab.actor(), base.dataset):
        draw_missing(base.dataset)


def draw_how(found: SearchForm) -> None:
    """Objectives, sampler, pruner, numbers, and what all that comes to."""
    with st.container(border=True):
        draw_objectives(found)
        draw_fields(found.search, "search")
        with st.expander(_("More settings"), icon=":material/tune:"):
            draw_fields(found.search, "search", advanced=True)
            draw_directions(found)
            st.text_input(
                _("Name"),
                key=STUDY_NAME,
                bind="query-params",
                max_chars=settings().max_name_characters,
                help=_("Name of the study. Empty: the network and the data."),
            )
    spec, problem = why_not(found)
    if spec is None:
        st.error(said(problem), icon=":material/error:")
    else:
        st.info(" ".join(plan(spec)), icon=":material/info:")


def draw_costs(found: SearchForm) -> None:
    """Draw the cost, last: the predictor may have to count."""
    spec, _problem = why_not(found)
    if spec is not None and service.datasets.ready(lab.actor(), found.base.dataset):
        draw_plan_cost(spec)


def draw_launch(found: SearchForm) -> None:
    """The title and the one button that matters; it stays in sight."""
    spec, _problem = why_not(found)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.title(_("Search"), width="content", anchor=False)
        pressed = st.button(
            _("Start search"),
            key="start-search",
            type="primary",
            icon=":material/play_arrow:",
            disabled=spec is None or bool(found.notes) or not service.datasets.ready(lab.actor(), found.base.dataset),
            help=_("Start the study and open its page."),
        )
    draw_unusable(found.notes, keep_usable, found)
    if pressed and spec is not None and not found.notes:
        with lab.guarded():
            study = lab.launch_study(spec, Naming(st.query_params.get(STUDY_NAME, "")))
            st.switch_page(page("study"), query_params={"study": str(study.id)})


main()
