"""The guide, the formulas and the reference, as they are written in `docs`."""

import streamlit as st

from ui.document_scripts import run_script
from ui.documents import DOCUMENTS, GUIDE, READ, TO_ANCHOR, Heading, Part, Picture, document, translated, with_links
from ui.language import _

_LISTED = 3
"""Headings down to this level stand in the table of contents."""
_SHOWN = "learn-shown"


def main() -> None:
    """Draw the document that the address names, else the guide."""
    st.title(_("Learn"), anchor=False)
    name = _choose()
    first, *rest = document(name)
    if not translated(name):
        st.caption(_("This page is in English only."))
    _draw_content(first, name)
    _draw_contents([part.heading for part in rest])
    for part in rest:
        draw = st.header if part.heading.level < _LISTED else st.subheader
        draw(part.heading.title, anchor=part.heading.anchor)
        _draw_content(part, name)
    if st.session_state.get(_SHOWN) != name:  # not at each click on the page
        run_script(TO_ANCHOR)
    st.session_state[_SHOWN] = name


def _choose() -> str:
    asked = st.query_params.get(READ, GUIDE)
    if READ not in st.session_state:
        st.session_state[READ] = asked if asked in DOCUMENTS else GUIDE
    chosen = st.segmented_control(
        _("Document"),
        list(DOCUMENTS),
        format_func=lambda name: _(DOCUMENTS[name]),
        key=READ,
        required=True,
        label_visibility="collapsed",
        help=_("The guide and the formulas are in your language; the reference is in English."),
    )
    st.query_params[READ] = chosen or GUIDE
    return chosen or GUIDE


def _draw_contents(headings: list[Heading]) -> None:
    """The table of contents: links to the headings below."""
    lines = [
        f"{'  ' * (heading.level - 2)}- [{heading.title}](#{heading.anchor})"
        for heading in headings
        if heading.level <= _LISTED
    ]
    with st.expander(_("Contents"), icon=":material/toc:", expanded=len(lines) < 30):
        st.markdown("\n".join(lines))


def _draw_content(part: Part, name: str) -> None:
    for piece in part.content:
        if isinstance(piece, str):
            st.markdown(with_links(piece, name))
        else:
            _draw_pictures([picture for picture in piece if picture.file.is_file()])


def _draw_pictures(pictures: list[Picture]) -> None:
    """One picture over the whole width; several beside each other."""
    if len(pictures) == 1:
        st.image(pictures[0].file, caption=pictures[0].alt, width="stretch", alt=pictures[0].alt)
    elif pictures:
        for column, picture in zip(st.columns(len(pictures)), pictures, strict=True):
            column.image(picture.file, caption=picture.alt, alt=picture.alt)


main()
