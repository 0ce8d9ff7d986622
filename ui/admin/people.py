"""People: who there is, the role of each, signing out, and deleting a person with all that is theirs."""

from datetime import UTC, datetime

import streamlit as st

from engine import service
from engine.access import Role
from engine.service.people import Person
from ui import lab
from ui.admin.doing import do, draw_done, say
from ui.language import N_, _
from ui.plain import plain_label

_ROLES: dict[Role | None, str] = {
    None: N_("By lists and groups"),
    Role.VISITOR: N_("Visitor"),
    Role.MEMBER: N_("Member"),
    Role.ADMIN: N_("Administrator"),
}


def draw_people() -> None:
    """Draw the list, and what can be done with one person of it."""
    people = {person.name: person for person in service.people.list_all(lab.actor())}
    draw_done()
    if not people:
        st.info(_("Nobody has logged in yet. Whoever logs in has an account."))
        return
    st.dataframe(
        [_row(person) for person in people.values()],
        hide_index=True,
    )
    name = st.selectbox(
        _("Person"),
        list(people),
        index=None,
        placeholder=_("Choose a person"),
        key="admin-person",
        help=_("To change the role, sign out, or delete"),
    )
    if name in people:
        _draw_one(people[name])


def _row(person: Person) -> dict[str, object]:
    held = person.held
    return {
        _("Name"): person.name,
        _("Role"): _(_ROLES[person.role]),
        _("Last active (UTC)"): f"{datetime.fromtimestamp(held.seen_at, UTC):%Y-%m-%d %H:%M}" if held.seen_at else "–",
        _("Number of runs"): held.runs,
        _("Not ended"): held.live,
        _("Studies"): held.studies,
        _("Datasets"): person.datasets,
        _("Tokens"): held.tokens,
    }


def _draw_one(person: Person) -> None:
    role, sign_out = st.columns(2, vertical_alignment="bottom")
    with role:
        chosen = st.selectbox(
            _("Role"),
            list(_ROLES),
            index=list(_ROLES).index(Role(person.chosen) if person.chosen else None),
            format_func=lambda one: _(_ROLES[one]),
            key=f"admin-role-{person.name}",
            help=_("Holds from the next request on. By lists and groups: as the settings and the provider say."),
        )
        if st.button(_("Save role"), icon=":material/save:", key="admin-save-role", type="primary"):
            do(lambda: service.accounts.set_role(lab.actor(), person.name, chosen), _("The role is saved."))
    if sign_out.button(
        _("Sign out everywhere"),
        icon=":material/logout:",
        key="admin-sign-out",
        help=_("Ends all sessions of this person. Runs go on."),
    ):
        do(lambda: service.accounts.sign_out(lab.actor(), person.name), _("All sessions of this person are over."))
    with st.expander(_("Delete this person"), icon=":material/delete_forever:"):
        _draw_deletion(person)


def _draw_deletion(person: Person) -> None:
    st.markdown(
        _(
            "Stops what {name} trains, and deletes the account, its sessions and tokens, all runs, studies, datasets and demos, and their "
            "files. Forks that others have made of these runs stay. The audit log keeps what was done under a pseudonym. "
            "Backups keep what they hold. This cannot be undone."
        ).format(name=plain_label(person.name))
    )
    st.caption(_("A person who can still log in at your provider begins anew. Remove them there first."))
    with st.form(key=f"admin-delete-{person.name}", border=False):
        typed = st.text_input(
            _("Type the name to confirm"), help=_("The whole name of the account, as it stands above")
        )
        if st.form_submit_button(_("Delete with all that is theirs"), icon=":material/delete_forever:"):
            with lab.guarded(), st.spinner(_("Stopping work and deleting")):
                pseudonym = service.people.delete(lab.actor(), person.name, typed)
                st.cache_data.clear()
                say(_("Deleted. The audit log says {pseudonym}.").format(pseudonym=pseudonym))
