"""What the owner of a demo changes on its page: versions, model card, link and frames, what visitors have sent."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from engine import service
from engine.access import Action
from engine.demos.card import CORRECTABLE, Card
from engine.service.demos import Changes
from engine.settings import settings
from ui import lab
from ui.framed import DEMO
from ui.language import _
from ui.navigation import page
from ui.plain import LONGEST_SENTENCE, plain_label
from ui.published.card import author_of
from ui.rights import may
from ui.sentences import said_plain
from ui.words import local_time

if TYPE_CHECKING:
    from engine.store.demos import Demo, Version

_FRAME = '<iframe src="{address}" width="100%" height="700" allow="camera; microphone"></iframe>'
_EXAMPLE_SITE = "https://example.org"


def draw_management(demo: "Demo") -> None:
    """Draw it, folded: it is for the owner and the admins alone."""
    area = st.expander(_("Manage this demo"), icon=":material/settings:", key=f"manage-{demo.name}", on_change="rerun")
    if not area.open:
        return
    with area:
        versions, card, link, wrong = st.tabs([_("Versions"), _("Texts"), _("Link and frames"), _("Wrong answers")])
        with versions:
            _draw_versions(demo)
        with card:
            _draw_texts(demo)
        with link:
            _draw_link(demo)
        with wrong:
            _draw_wrong(demo)


def _draw_versions(demo: "Demo") -> None:
    for number in sorted(demo.versions, reverse=True):
        _draw_version(demo, demo.versions[number])
    with st.container(horizontal=True):
        if st.button(
            _("Roll back"),
            icon=":material/undo:",
            disabled=not demo.history,
            help=_("Make the version current that was so before."),
        ):
            _do(lambda: service.demos.roll_back(lab.actor(), demo.name))
        label, icon = (_("Close"), ":material/lock:") if demo.open else (_("Open"), ":material/lock_open:")
        if st.button(label, icon=icon, help=_("A closed demo is there for its owner and the admins only.")):
            _do(lambda: service.demos.show(lab.actor(), demo.name, not demo.open))
        _draw_delete(demo)


def _draw_version(demo: "Demo", version: "Version") -> None:
    current = version.number == demo.current
    with st.container(border=True):
        labels = ", ".join(label for label, number in demo.labels.items() if number == version.number)
        title = _("Version {number}").format(number=version.number)
        st.markdown(f"**{title}** · {plain_label(labels)}" if labels else f"**{title}**")
        made = local_time(datetime.fromtimestamp(version.made_at, UTC))
        st.caption(
            f"{made} · {plain_label(version.made_by)} · {plain_label(version.note, LONGEST_SENTENCE)}".rstrip(" ·")
        )
        with st.container(horizontal=True, vertical_alignment="bottom"):
            key = f"{demo.name}-{version.number}"
            st.page_link(page("run"), label=_("Run {id}").format(id=version.run_id), icon=":material/show_chart:",
                         query_params={"run": str(version.run_id)}, help=_("The run that answers."))  # fmt: skip
            if not current and st.button(_("Make current"), key=f"current-{key}", icon=":material/check_circle:",
                                         help=_("The next visitor gets the answer of this version.")):  # fmt: skip
                _do(lambda: service.demos.choose(lab.actor(), demo.name, version.number))
            shown = demo.beside == version.number
            if (not current or shown) and st.button(
                _("Show alone") if shown else _("Show beside"),
                key=f"beside-{key}",
                icon=":material/compare_arrows:",
                help=_("Visitors get both answers, that of the current version and that of this one."),
            ):
                _do(lambda: service.demos.compare(lab.actor(), demo.name, None if shown else version.number))
            if not current and st.button(_("Withdraw"), key=f"withdraw-{key}", icon=":material/delete:",
                                         help=_("Forget this version; the run stays.")):  # fmt: skip
                _do(lambda: service.demos.withdraw(lab.actor(), demo.name, version.number))
        _draw_labels(demo, version)


def _draw_labels(demo: "Demo", version: "Version") -> None:
    mine = [label for label, number in demo.own_labels.items() if number == version.number]
    key = f"labels-{demo.name}-{version.number}"
    chosen = st.multiselect(
        _("Labels"),
        mine,
        default=mine,
        accept_new_options=True,
        key=f"{key}-{'-'.join(mine)}",
        help=_("Programs can ask for a version by a label, such as canary. The current version always is stable."),
    )
    for label in {*chosen} - {*mine}:
        _do(partial(service.demos.label, lab.actor(), demo.name, label, version.number))
    for label in {*mine} - {*chosen}:
        _do(partial(service.demos.label, lab.actor(), demo.name, label, None))


def _draw_delete(demo: "Demo") -> None:
    if not may(Action.DELETE, demo):
        return
    with st.popover(_("Delete…"), icon=":material/delete_forever:", help=_("Forget the demo; its runs stay.")):
        st.write(_("Its link ends, and what visitors have sent is deleted. The runs stay."))
        if st.button(_("Delete for good"), type="primary", key=f"delete-{demo.name}", help=_("This cannot be undone.")):
            with lab.guarded():
                service.demos.delete(lab.actor(), demo.name)
                st.switch_page(page("demos"))


def _draw_texts(demo: "Demo") -> None:
    card = Card.from_dict(demo.versions[demo.current].card)
    most = settings().max_note_characters
    with st.form(key=f"texts-{demo.name}", border=False):
        title = st.text_input(_("Title"), demo.title, max_chars=settings().max_name_characters)
        about = st.text_area(
            _("About"), demo.texts.get("about", ""), max_chars=most, help=_("Stands at the top, as plain text.")
        )
        use = st.text_area(
            _("Intended use"), demo.texts.get("use", ""), max_chars=most, placeholder=said_plain(card.use),
            help=_("Empty: the sentence that is written from the record of the run."),
        )  # fmt: skip
        limits = st.text_area(
            _("Limits"), demo.texts.get("limits", ""), max_chars=most, placeholder=said_plain(card.limits),
            help=_("Empty: the sentence that is written from the record of the run."),
        )  # fmt: skip
        author = st.text_input(
            _("By"), demo.texts.get("author", ""), placeholder=author_of(demo), max_chars=settings().max_name_characters,
            help=_("Who stands on the card."),
        )  # fmt: skip
        facts = _ask_facts(demo, card)
        if st.form_submit_button(_("Save"), icon=":material/save:", type="primary"):
            texts = {"about": about, "use": use, "limits": limits, "author": author, **facts}
            _do(lambda: service.demos.edit(lab.actor(), demo.name, Changes(title=title, texts=texts)))


def _ask_facts(demo: "Demo", card: Card) -> dict[str, str]:
    """Draw fields for the facts that can be put in other words; return what is in them."""
    st.markdown(f"**{_('Facts')}**")
    st.caption(
        _(
            "Task, data and licence can be put in your own words; the card marks them as yours, beside what the record says. "
            "What was counted or measured cannot be changed."
        )
    )
    recorded = {str(name): value for name, value in card.facts}
    return {
        part: st.text_input(
            said_plain(title), demo.texts.get(part, ""), max_chars=settings().max_name_characters, key=f"{part}-{demo.name}",
            placeholder=said_plain(recorded.get(str(title), "")), help=_("Empty: as the record of the run says."),
        )
        for part, title in CORRECTABLE.items()
    }  # fmt: skip


def _draw_link(demo: "Demo") -> None:
    here = (st.context.url or page("demos").stem).partition("?")[0]
    st.caption(_("The page"))
    st.code(f"{here}?{DEMO}={demo.name}", language=None)
    st.caption(_("The demo alone, without the menu"))
    alone = f"{here}?{DEMO}={demo.name}&embed=true"
    st.code(alone, language=None)
    st.caption(_("In a page of another site that is named below"))
    st.code(
        _FRAME.format(address=alone.replace("&", "&amp;")),
        language="html",
    )
    with st.form(key=f"frames-{demo.name}", border=False):
        origins = st.text_area(
            _("Sites that may show it in a frame"),
            "\n".join(demo.origins),
            placeholder=_EXAMPLE_SITE,
            help=_("One a line, without a path. Only this demo can be shown there, nothing else of this server."),
        )
        if st.form_submit_button(_("Save"), icon=":material/save:"):
            _do(lambda: service.demos.edit(lab.actor(), demo.name, Changes(origins=origins.split())))


def _draw_wrong(demo: "Demo") -> None:
    if not settings().max_wrong_answers:
        st.caption(_("This server keeps nothing that visitors give (TRAINYARD_MAX_WRONG_ANSWERS is 0)."))
        return
    asked = st.toggle(
        _("Visitors may send you what was answered wrongly"),
        value=demo.collects,
        key=f"collects-{demo.name}-{demo.collects}",
        help=_("Only with their consent for each example; the page says so before they give anything."),
    )
    if asked is not demo.collects:
        _do(lambda: service.demos.edit(lab.actor(), demo.name, Changes(collects=asked)))
    found = service.demos.wrong(lab.actor(), demo.name)
    if not found:
        st.caption(_("Nobody has sent an example."))
        return
    for one in found:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            when = local_time(datetime.fromtimestamp(one.at, UTC))
            words = [
                _("Version {number}").format(number=one.version),
                when,
                plain_label(str(one.answer.get("label", ""))),
            ]
            st.markdown(" · ".join(word for word in [*words, plain_label(one.remark)] if word))
            st.download_button(
                _("Input"), one.content, file_name=f"wrong-{one.id}", mime="application/octet-stream", on_click="ignore",
                key=f"wrong-{one.id}", icon=":material/download:", help=_("The file as it was given. Treat it as a stranger's."),
            )  # fmt: skip
            st.download_button(
                _("Answer"), json.dumps(one.answer), file_name=f"wrong-{one.id}.json", mime="application/json",
                on_click="ignore", key=f"wrong-answer-{one.id}", icon=":material/download:", help=_("The whole answer as JSON."),
            )  # fmt: skip
            if st.button(_("Delete"), key=f"forget-{one.id}", icon=":material/delete:", help=_("Delete this example.")):
                _do(partial(service.demos.delete_wrong, lab.actor(), demo.name, [one.id]))
    if st.button(_("Delete all"), icon=":material/delete_sweep:", help=_("Delete all examples that were sent.")):
        _do(lambda: service.demos.delete_wrong(lab.actor(), demo.name))


def _do(change: Callable[[], object]) -> None:
    """Change something, and draw the page anew; say why where it is refused."""
    with lab.guarded():
        change()
        st.rerun()
