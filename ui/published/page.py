"""The page of one published demo: an input, an answer, the model card. It needs no login, and no menu in a frame."""

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from engine import service
from engine.access import Action
from engine.errors import TrainyardError
from engine.serving.answers import PredictResult
from engine.settings import settings
from ui import lab
from ui.demo.knowledge import draw_knowledge
from ui.demo.trying import draw_trying
from ui.framed import framed
from ui.language import _
from ui.limits import draw_limits_popover
from ui.modalities import File, modality
from ui.navigation import page
from ui.plain import LONGEST_CAPTION, plain_label
from ui.published.card import draw_card
from ui.published.manage import draw_management
from ui.published.version import TriedVersion
from ui.rights import may
from ui.sentences import said

if TYPE_CHECKING:
    from engine.store.demos import Demo


def draw_demo(name: str) -> None:
    """Draw the demo of a name, or say that there is none."""
    actor = lab.actor()
    try:
        demo = service.demos.get(actor, name)
        spec = service.demos.spec(actor, name)
        kind = modality(spec.task.modality)
    except TrainyardError as error:
        st.title(_("Published demos"))
        st.info(said(error), icon=":material/info:")
        _draw_way_back()
        return
    version = demo.versions[demo.current]
    tried = TriedVersion(demo.name, version.number, version.made_at, spec.dataset.name)
    st.title(plain_label(demo.title or demo.name, LONGEST_CAPTION), anchor=False)
    if about := demo.texts.get("about"):
        st.text(about)
    if not demo.open:
        st.warning(_("This demo is closed: only its owner and the admins see it."), icon=":material/lock:")
    kept = service.demos.collects(actor, name)
    _say_what_is_kept(collects=kept)
    after = partial(_draw_wrong, tried) if kept else lambda _file, _answer: None
    st.fragment(draw_trying)(tried, kind, spec, _beside(demo, tried), after)
    draw_limits_popover(demo.name, f"demo-{demo.name}")
    draw_knowledge(tried, spec)
    draw_card(demo, version)
    if not framed():
        if may(Action.CHANGE, demo):
            draw_management(demo)
        _draw_way_back()


def _beside(demo: "Demo", tried: TriedVersion) -> dict[str, TriedVersion]:
    """Return two versions by their titles, where the owner shows both answers."""
    if demo.beside is None or demo.beside == demo.current or demo.beside not in demo.versions:
        return {}
    other = demo.versions[demo.beside]
    title = _("Version {number}")
    return {
        title.format(number=tried.number): tried,
        title.format(number=other.number): TriedVersion(
            demo.name, other.number, other.made_at, tried.dataset, "beside"
        ),
    }


def _say_what_is_kept(*, collects: bool) -> None:
    """Say it before anybody gives anything."""
    if not collects:
        st.caption(_("What you give is answered and then forgotten: it is not stored."))
        return
    st.info(
        _(
            "What you give is answered and then forgotten, unless you say yourself that an answer was wrong and agree to "
            "send your input: then the owner of this demo sees it, and it is deleted after {days:g} days."
        ).format(days=settings().wrong_answer_days),
        icon=":material/privacy_tip:",
    )


def _draw_wrong(tried: TriedVersion, file: File, answer: PredictResult) -> None:
    """Draw the form that sends a wrongly answered example to the owner."""
    with (
        st.expander(_("This was wrong"), icon=":material/thumb_down:"),
        st.form(key=f"wrong-{tried.key}", border=False),
    ):
        remark = st.text_input(
            _("What is right? (optional)"), max_chars=settings().max_name_characters, key=f"wrong-remark-{tried.key}"
        )
        agreed = st.checkbox(
            _("I agree that this input and its answer are sent to the owner of this demo."),
            key=f"wrong-agreed-{tried.key}",
        )
        if not st.form_submit_button(
            _("Send"), icon=":material/send:", help=_("Nothing is sent without your consent.")
        ):
            return
        if not agreed:
            st.warning(_("Nothing was sent: you did not agree."), icon=":material/info:")
            return
        assert answer.prediction is not None
        with lab.guarded():
            values = dict(answer.prediction.values)
            service.demos.send_wrong(lab.actor(), tried.demo, tried.number, file, values, remark)
            st.success(_("Sent. Thank you."), icon=":material/check:")


def _draw_way_back() -> None:
    if not framed():
        st.page_link(page("demos"), label=_("All published demos"), icon=":material/storefront:",
                     help=_("The list of all demos that you may use."))  # fmt: skip
