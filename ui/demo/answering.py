"""Settings of an answer: widgets made from the task's declaration. Their values stand in the address, as those of a form."""

import streamlit as st

from engine.runs import RunSpec
from engine.spec import Field
from engine.tasks.base import Answering
from ui.language import _
from ui.train.form import Form, give_up, read_spec
from ui.train.launch import draw_unusable
from ui.train.widgets import draw_field

_MOST_OPEN = 3
"""More settings than these are folded."""
_SECTION = "answering"


def read_answering(answering: type[Answering]) -> Form:
    """The settings that the address changes; a sentence for each that cannot be used."""
    defaults = {field.name: field.default for field in answering.fields()}
    return read_spec(answering, st.query_params.to_dict(), defaults, _SECTION)


def draw_answering(spec: RunSpec) -> Form:
    """Draw a widget for each setting that the network heeds, if there are any; return what they are set to. One that cannot be used is
    said."""
    form = read_answering(spec.task.answering)
    draw_unusable(form.notes, give_up, form.unusable)
    fields = [field for field in spec.answering if not field.hidden]
    basic = [field for field in fields if not field.advanced]
    folded = [field for field in fields if field.advanced]
    if len(basic) > _MOST_OPEN:
        basic, folded = [], fields
    _draw(form, basic)
    if folded:
        with st.expander(_("Settings of the answer"), icon=":material/tune:"):
            _draw(form, folded)
    return form


def _draw(form: Form, fields: list[Field]) -> None:
    for field in fields:
        draw_field(form, f"{_SECTION}.{form.parts[_SECTION].__name__}", field)
