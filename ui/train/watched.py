"""The fold of the Train form with the validation examples whose answers are shown after each epoch."""

from dataclasses import replace

import streamlit as st
from PIL import Image

from engine import service
from engine.datasets.base import Dataset
from engine.preparation.prepare import PreparedDataset, prepare
from engine.preparation.varied import positions_in, varied
from engine.runs import RunSpec
from engine.settings import settings
from ui import lab
from ui.address import writing
from ui.class_names import described
from ui.language import _, plural
from ui.modalities.base import BY_PATH
from ui.modalities.ways import grid
from ui.plain import plain_label, plain_text
from ui.train.folds import fold
from ui.train.form import Form, drop
from ui.widgets.tiles import Look, look_of

PER_PAGE = 12
_LEAST_PIXELS, _LOOK_PIXELS = 120, 96
_PARAM = "watched"


def draw_watched_fold(form: Form, spec: RunSpec) -> None:
    """A page of validation examples, each with a box that chooses it; without a choice there are some of each class."""
    if not settings().probe_examples:
        return
    chosen = positions_in(spec.training.watched)
    words = plural("{count} example chosen", "{count} examples chosen", len(chosen)).format(count=len(chosen))
    with fold(form, "watched", _("Examples to watch"), ":material/visibility:", more=[words] if chosen else []) as area:
        if area.open and service.datasets.ready(lab.actor(), spec.dataset):
            with lab.guarded():
                _draw(spec.dataset, chosen, locked=_PARAM in form.locked)


def _draw(dataset: Dataset, chosen: list[int], *, locked: bool) -> None:
    most = settings().probe_examples
    st.caption(
        _(
            "The page of the run shows the network's answers to these validation examples after each epoch, up to {most}. "
            "Free places go to some of each class. It changes nothing in the training."
        ).format(most=most)
    )
    prepared = prepare(dataset)
    order = _order(prepared)
    pages = max(1, -(-len(order) // PER_PAGE))
    current = st.pagination(pages, key=f"watched-page-{prepared.path.name}") if pages > 1 else 1
    shown = order[(current - 1) * PER_PAGE : current * PER_PAGE]
    for cell, position in zip(grid(len(shown), _LEAST_PIXELS), shown, strict=True):
        with cell, st.container(border=True, height="stretch"):
            _draw_one(prepared, position, chosen, disabled=locked or (len(chosen) >= most and position not in chosen))
    st.button(
        _("Choose none"),
        icon=":material/clear_all:",
        disabled=locked or not chosen,
        key="watched-none",
        on_click=_forget,
        help=_("Watch some examples of each class, as without a choice."),
    )


def _draw_one(prepared: PreparedDataset, position: int, chosen: list[int], *, disabled: bool) -> None:
    look, truth = _look(prepared, position), described(prepared, position)
    if look.image:
        st.image(look.image, width=_LOOK_PIXELS, alt=plain_text(truth))
    else:
        st.text(look.text)
    key = f"watched-{prepared.path.name}-{position}"
    if st.session_state.get(key) is not (position in chosen):
        st.session_state[key] = position in chosen
    st.checkbox(
        plain_label(truth),
        key=key,
        disabled=disabled,
        on_change=_toggle,
        args=(position,),
        help=_("Watch example {position} while the network trains.").format(position=position),
    )


def _toggle(position: int) -> None:
    """The address follows, also where several boxes are ticked before the page is drawn again."""
    with writing():
        chosen = positions_in(st.query_params.get(_PARAM, ""))
        left = [other for other in chosen if other != position]
        if found := left if len(left) < len(chosen) else [*chosen, position]:
            st.query_params[_PARAM] = ",".join(map(str, found))
        else:
            drop([_PARAM])


def _forget() -> None:
    with writing():
        drop([_PARAM])


@st.cache_data(max_entries=32, show_spinner=False, hash_funcs=BY_PATH)
def _order(prepared: PreparedDataset) -> list[int]:
    """Positions of all validation examples, one of each class before a second of any."""
    found: list[int] = varied(prepared, "validation", len(prepared.indices("validation"))).tolist()
    return found


@st.cache_data(max_entries=512, show_spinner=False, hash_funcs=BY_PATH)
def _look(prepared: PreparedDataset, position: int) -> Look:
    """Few pixels stay sharp squares."""
    face = prepared.face(position)
    if face.picture is not None and (times := 2 * _LOOK_PIXELS // max(face.picture.size)) > 1:
        width, height = face.picture.size
        face = replace(face, picture=face.picture.resize((times * width, times * height), Image.Resampling.NEAREST))
    return look_of(face)
