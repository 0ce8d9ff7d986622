"""The pages, in one list: their file, title and address. `st.switch_page(page("run"))` goes to one."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from engine import service
from engine.access import Role
from engine.settings import settings
from ui import lab
from ui.address import forget
from ui.document_scripts import declare, run_script
from ui.framed import framed
from ui.language import N_, _

_LAST_PAGE = "last-page"
_PROGRAM = "Trainyard"
_FIRST = "first-page"  # no address: the first page is at "/"
_PHONE_PIXELS = 768  # below, Streamlit lays the menu over the page
_ARRIVE = f"""document.querySelector('[data-testid=stMain]').scrollTo(0, 0);
if (innerWidth < {_PHONE_PIXELS}) document.querySelector('[data-testid=stSidebarCollapseButton] button')?.click();"""
FOLDER = Path(__file__).resolve().parents[1] / "pages"


@dataclass(frozen=True)
class Entry:
    """One page of the dashboard. A hidden one has an address and no place in the menu."""

    name: str
    title: str
    icon: str
    help: str
    hidden: bool = False
    visitors: bool = False
    """Whether people who are not logged in see it."""
    shared: bool = False
    """Whether it is only in the menu of shared mode."""
    admins: bool = False
    """Whether only admins have it: the one person of a local installation is one."""


PAGES = (
    Entry("start", N_("Start"), ":material/home:", N_("Train something at once, or go on with what is there.")),
    Entry("train", N_("Train"), ":material/model_training:", N_("Choose data and a network, and start a run.")),
    Entry("data", N_("Data"), ":material/database:", N_("Explore datasets, and import your own.")),
    Entry("label", N_("Label"), ":material/label:", N_("Draw boxes in your own pictures, or give them classes.")),
    Entry("runs", N_("Runs"), ":material/list:", N_("All runs: waiting, training and ended.")),
    Entry("run", N_("Run"), ":material/show_chart:", N_("One run: its curves, log and result."), hidden=True),
    Entry("studies", N_("Studies"), ":material/query_stats:", N_("Searches for good hyperparameters: many runs each.")),
    Entry(
        "study", N_("Study"), ":material/query_stats:", N_("One study: its trials, charts and controls."), hidden=True
    ),
    Entry("search", N_("Search"), ":material/tune:", N_("Choose a search space and start a study."), hidden=True),
    Entry("compare", N_("Compare"), ":material/compare_arrows:", N_("Several runs side by side."), hidden=True),
    Entry(
        "classrooms",
        N_("Classrooms"),
        ":material/school:",
        N_("Courses: assignments, leaderboards on hidden examples, and what members have published."),
        shared=True,
    ),
    Entry("leaderboard", N_("Leaderboard"), ":material/leaderboard:", N_("The best runs on each dataset.")),
    Entry(
        "demos",
        N_("Published demos"),
        ":material/storefront:",
        N_("Networks that people here have opened to everybody."),
        visitors=True,
        shared=True,
    ),
    Entry("demo", N_("Demo"), ":material/draw:", N_("Try a trained network on your own input."), visitors=True),
    Entry(
        "learn", N_("Learn"), ":material/menu_book:", N_("The guide, and how every figure is computed."), visitors=True
    ),
    Entry(
        "account",
        N_("Account"),
        ":material/person:",
        N_("Who you are here, your sessions and your tokens."),
        visitors=True,
        shared=True,
    ),
    Entry(
        "admin",
        N_("Admin"),
        ":material/admin_panel_settings:",
        N_("People, the queue, the audit log and the notice on every page."),
        shared=True,
        admins=True,
    ),
    Entry("system", N_("System"), ":material/memory:", N_("Devices, workers, disk and versions."), admins=True),
)
"""In the order of the menu; one arrives at the first, unless a person has chosen another."""
_ARRIVALS = {path: declare(f"{_ARRIVE} // {path}\n") for path in ("", *(entry.name for entry in PAGES))}
"""By the address of the page, which is in the script so that Streamlit runs it anew."""


def page(name: str) -> Path:
    """The file of a page, for `st.switch_page` and `st.page_link`."""
    return FOLDER / f"{name}.py"


def open_here(query: Mapping[str, str]) -> None:
    """Show something else on the page that is open: the address follows, and keeps the language.

    For a button's `on_click`. A page link that leads to its own page would leave the address as it is.
    """
    language = {name: value for name, value in st.query_params.items() if name == "lang"}
    st.query_params.from_dict(language | dict(query))


def first_page() -> str:
    """Return the name of the page on which this person begins."""
    actor = lab.actor()
    chosen = "" if actor.role is Role.VISITOR else service.preferences.first_page(actor)
    return chosen if any(entry.name == chosen and not entry.hidden for entry in PAGES) else shown_pages()[0].name


def shown_pages() -> list[Entry]:
    """Return the pages that exist for this person."""
    role = lab.actor().role
    return [
        entry
        for entry in PAGES
        if (entry.visitors or role is not Role.VISITOR) and (not entry.admins or role is Role.ADMIN)
    ]


def shown(name: str) -> bool:
    """Return whether a page exists for this person: a link to another would be an error."""
    return any(entry.name == name for entry in shown_pages())


def navigation() -> st.Page:
    """The menu in the session's language, over the pages that exist; in a frame there is one page and no menu."""
    if framed():
        alone = st.Page(page("demos"), title=_PROGRAM, url_path="demos")
        return st.navigation(
            [st.Page(_nothing, title=_PROGRAM, url_path="nothing", default=True), alone], position="hidden"
        )
    first, entries = first_page(), shown_pages()
    # the first page is at "/", where Streamlit does not know the address that it has elsewhere: links lead there, too
    again = [_page(entry, entry.name, hidden=True) for entry in entries if entry.name == first]
    hidden = {entry.name for entry in entries if entry.hidden or (entry.shared and settings().mode == "local")}
    menu = [
        _page(entry, _FIRST if entry.name == first else entry.name, hidden=entry.name in hidden) for entry in entries
    ]
    return st.navigation([*menu, *again])


def _page(entry: Entry, address: str, *, hidden: bool) -> st.Page:
    return st.Page(
        page(entry.name),
        title=_(entry.title),
        icon=entry.icon,
        help=_(entry.help),
        url_path=address,
        default=address == _FIRST,
        visibility="hidden" if hidden else "visible",
    )


def _nothing() -> None:
    """The page that Streamlit takes for one that does not exist."""


def begin_at_top(chosen: st.Page) -> None:
    """Show a page from its top, however far down the last one was scrolled, and on a phone without the menu over it.

    Streamlit would stay where it is, and leave the menu open.
    """
    if st.session_state.get(_LAST_PAGE, chosen.url_path) != chosen.url_path:
        forget()
        run_script(_ARRIVALS[chosen.url_path])
    st.session_state[_LAST_PAGE] = chosen.url_path
