"""Say a sentence of the engine in the language of the page."""

from engine.errors import TrainyardError
from engine.sentences import Sentence
from ui.language import catalog, language
from ui.plain import LONGEST_SENTENCE, plain_label


def said(what: str | TrainyardError) -> str:
    """Return an error or a sentence in the language of the session, for places that read Markdown: nothing in it is read."""
    return plain_label(said_plain(what), LONGEST_SENTENCE)


def said_plain(what: str | TrainyardError) -> str:
    """Return the same for cells, lists and files, which read no Markdown.

    A text that is not a sentence, such as one stored by an earlier version, stays as it is unless the whole text is in
    the catalog.
    """
    sentence = what.sentence if isinstance(what, TrainyardError) else what
    return (sentence if isinstance(sentence, Sentence) else Sentence(sentence)).told(catalog(language()))
