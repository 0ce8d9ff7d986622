"""The language of a session: gettext over catalogs kept with Babel. English is the source and needs no catalog."""

import gettext
import io
from functools import lru_cache
from pathlib import Path

import streamlit as st
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from streamlit.runtime.scriptrunner import get_script_run_ctx

from ui.document_scripts import declare, run_script
from ui.streamlit_words import words_script

LANGUAGES = {"en": "English", "zh": "中文"}
"""Languages of the interface by code, each in its own words."""
LOCALES = Path(__file__).parent / "locales"
_STATE = "language"  # where a session keeps its choice


def _(text: str) -> str:
    """`text` in the language of the current session."""
    return catalog(language()).gettext(text) if text else ""  # the entry of "" is the catalog's header


def N_(text: str) -> str:  # noqa: N802  gettext's own name for it
    """Mark `text` for translation where it is declared; it is translated with `_` where it is drawn."""
    return text


def plural(singular: str, many: str, count: int) -> str:
    """The form that suits `count`, in the language of the current session."""
    return catalog(language()).ngettext(singular, many, count)


def language() -> str:
    """The session's choice, else the link's (`?lang=`), else the browser's, else English."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return "en"
    return str(st.session_state.get(_STATE) or nearest(st.query_params.get("lang", ""), browser_language()))


def browser_language() -> str:
    """The language that the browser asks for, where there is a catalog for it."""
    return nearest(st.context.locale or "", "en")


def nearest(code: str, otherwise: str) -> str:
    """The language for a code such as `zh-CN`."""
    short = code.replace("_", "-").split("-")[0].lower()
    return short if short in LANGUAGES else otherwise


def choose_language() -> None:
    """Draw the switch. The choice holds for the session and stands in the URL where it is not the browser's own."""
    st.session_state[_STATE] = language()
    st.segmented_control(
        _("Language"),
        list(LANGUAGES),
        format_func=LANGUAGES.__getitem__,
        key=_STATE,
        required=True,
        label_visibility="collapsed",
    )
    if language() != nearest(st.query_params.get("lang", ""), browser_language()):
        st.query_params["lang"] = language()


def declare_language() -> None:
    """Give the document the session's language, for screen readers, fonts and translators: Streamlit's is always English."""
    run_script(_DECLARATIONS[nearest(language(), "en")])


@lru_cache(maxsize=len(LANGUAGES))
def catalog(code: str) -> gettext.NullTranslations:
    """The translations of one language; of English, which has no file, every text itself."""
    known = _messages(code)
    if known is None:
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, known)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@lru_cache(maxsize=len(LANGUAGES))
def catalog_texts(code: str) -> dict[str, str]:
    """All texts of one language by what they translate; the forms of a plural are left out."""
    return {message.id: str(message.string) for message in _messages(code) or () if isinstance(message.id, str)}


@lru_cache(maxsize=len(LANGUAGES))
def _messages(code: str) -> Catalog | None:
    """The catalog as it lies on disk, read once; None for a language without one."""
    path = LOCALES / code / "LC_MESSAGES" / "trainyard.po"
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return read_po(file, locale=code)


# -- the document ------------------------------------------------------------------------------------------------------

_WIDGET_WORDS = (N_("Upload"), N_("Take Photo"), N_("Clear photo"))


def _declaration(code: str) -> str:
    """Return the script that makes a document one of this language."""
    say = catalog(code).gettext
    words = {word: say(word) for word in _WIDGET_WORDS}
    return f"document.documentElement.lang = '{code}';\n" + words_script(
        words, say(N_("{size} per file")), say(N_("Help for {label}"))
    )


_DECLARATIONS = {code: declare(_declaration(code)) for code in LANGUAGES}
