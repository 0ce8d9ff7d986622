"""Label: boxes in one's own pictures, or classes for them, and the dataset that becomes of it."""

import streamlit as st

from engine import service
from ui import lab
from ui.labelling.address import chosen_labelling
from ui.labelling.beginning import draw_beginning, draw_labellings
from ui.labelling.editing import draw_editing
from ui.labelling.side import draw_made
from ui.language import _
from ui.navigation import open_here, page
from ui.plain import plain_label


def main() -> None:
    """The labelling that the address names; without one the list, and the form that begins one."""
    number, labelling = chosen_labelling(), None
    if number:
        with lab.guarded():
            labelling = service.labellings.get(lab.actor(), number)
    if labelling is None:
        st.title(_("Label pictures"))
        st.caption(
            _(
                "Draw boxes around things for object detection, or give each picture a class for image classification. What you do is "
                "stored picture by picture; at the end it becomes a dataset."
            )
        )
        draw_made()
        draw_labellings()
        draw_beginning()
        st.page_link(page("data"), label=_("Import pictures that are labelled already"), icon=":material/database:")
        return
    st.button(_("All labellings"), icon=":material/arrow_back:", type="tertiary", on_click=open_here, args=({},))
    st.title(plain_label(labelling.title), anchor=False)
    draw_made()
    with lab.guarded():
        draw_editing(labelling.id)


main()
