"""Settings of an answer: widgets made from the task's declaration. Their values stand in the address, as those of a form."""

from typing import Any

import streamlit as st

from engine.spec import Field
from engine.tasks.base import Answering
from ui.language import _
from ui.train.form import Form, read_spec
from ui.train.widgets import draw_field

_MOST_OPEN = 3
"""More settings than these are folded."""
_SECTION = "answering"


def read_answering(answering: type[Answering]) -> Form:
    """The settings that the address changes; a sentence for each that cannot be used."""
    defaults = {field.name: field.default for field in answering.fields()}
    return read_spec(answering, st.query_params.to_dict(), defaults, _SECTION)


def draw_answering(answering: type[Answering]) -> dict[str, Any]:
    """Draw a widget for each setting, if there are any; return those that differ from the defaults."""
    form = read_answering(answering)
    for note in form.notes:
        st.warning(note, icon=":material/link_off:")
    fields = [field for field in answering.fields() if not field.hidden]
    basic = [field for field in fields if not field.advanced]
    folded = [field for field in fields if field.advanced]
    if len(basic) > _MOST_OPEN:
        basic, folded = [], fields
    _draw(form, basic)
    if folded:
        with st.expander(_("Settings of the answer"), icon=":material/tune:"):
            _draw(form, folded)
    return form.changed


def _draw(form: Form, fields: list[Field]) -> None:
    for field in fields:
        draw_field(form, f"{_SECTION}.{form.parts[_SECTION].__name__}", field)
