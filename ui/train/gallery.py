"""The gallery: all datasets of a task side by side, each with a picture of its examples, to choose one from."""

import streamlit as st

from engine.settings import settings
from ui import lab
from ui.data.covers import find_cover
from ui.language import _
from ui.plain import plain_label, plain_text
from ui.train.choices import Choice, choices, choose, chosen
from ui.train.form import Form
from ui.train.tasks import draw_tasks

_COLUMNS = 3


def draw_gallery_button(form: Form) -> None:
    """The button that opens the gallery."""
    if st.button(
        _("Choose by pictures"),
        key="gallery",
        icon=":material/photo_library:",
        type="tertiary",
        disabled="dataset" in form.locked,
        help=_("All datasets with some of their examples, yours among them."),
    ):
        st.dialog(_("Datasets"), width="large")(draw_gallery)(form)


def draw_gallery(form: Form) -> None:
    """Draw the datasets of a task; at first of the one in the form."""
    task = draw_tasks("gallery", form.names["task"])
    found = list(choices(task).values())
    for start in range(0, len(found), _COLUMNS):
        for column, choice in zip(st.columns(_COLUMNS), found[start : start + _COLUMNS], strict=False):
            with column, st.container(border=True, height="stretch", vertical_alignment="distribute"):
                _draw_card(choice, task, current=choice.id == chosen(form))


def _draw_card(choice: Choice, task: str, *, current: bool) -> None:
    with st.container(gap="small"):
        picture = None
        with lab.guarded():
            picture = find_cover(choice.made(), choice.num_examples)
        if picture is not None:
            st.image(picture, width="stretch", alt=_("Examples of {dataset}").format(dataset=plain_text(choice.title)))
        st.markdown(f"**{plain_label(choice.title)}**")
        st.caption(_facts(choice, pictured=picture is not None))
    if st.button(
        _("In the form") if current else _("Choose"),
        key=f"gallery-{choice.id}",
        disabled=current,
        on_click=choose,
        args=(choice, task),
    ):
        st.rerun()  # the whole page, which closes the gallery


def _facts(choice: Choice, *, pictured: bool) -> str:
    """Return the numbers of examples and classes, and whether the data still has to come."""
    words = [_("{examples} examples").format(examples=f"{choice.num_examples:,}")] if choice.num_examples else []
    if choice.num_classes:
        words.append(_("{count} classes").format(count=choice.num_classes))
    if size := choice.download_bytes:
        words.append(_("not on this machine: {size} MB to download").format(size=f"{size / 1e6:,.0f}"))
    elif choice.field and not choice.reference:
        words.append(_("import your own on the Data page"))
    elif not pictured and choice.num_examples > settings().max_cover_examples:
        words.append(_("its picture comes once you have opened it"))
    return " · ".join(words)
