"""A report as HTML: sections of parts, each part through its template, every text escaped."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from gettext import NullTranslations
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from engine.plain import LONGEST_SENTENCE, plain_text
from engine.reporting.card import card, part_title, settings_of_run
from engine.reporting.curves import curves
from engine.reporting.examples import examples
from engine.reporting.parts import Section
from engine.reporting.result import result
from engine.reporting.subject import Subject
from engine.sentences import Sentence

CONTENT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""What a browser may load for a report: the pictures and styles inside the file, nothing else."""
SECTIONS: tuple[Callable[[Subject], Iterator[Section]], ...] = (result, curves, examples, settings_of_run, card)
"""In the order of the page."""


def render(subject: Subject, by: NullTranslations) -> str:
    """Return the report in the language of `by`."""

    def said(text: object, most: int = LONGEST_SENTENCE) -> str:
        return plain_text(text.told(by) if isinstance(text, Sentence) else text, most)

    run, spec = subject.run, subject.spec
    title = run.name or Sentence("Run {id}", id=run.id)
    subtitle = (
        Sentence("{model} on {dataset}", model=part_title(spec.model), dataset=part_title(spec.dataset)) if spec else ""
    )
    return (
        _templates()
        .get_template("report.html")
        .render(
            said=said,
            policy=CONTENT_POLICY,
            language=by.info().get("language", "en"),
            run=run,
            title=title,
            subtitle=subtitle,
            note=[line for line in run.note.splitlines() if line.strip()],
            headline=subject.headline,
            message=run.message if subject.headline is None else "",
            sections=[section for make in SECTIONS for section in make(subject)],
            words=_WORDS,
        )
    )


_WORDS = {
    "true_class": Sentence("True class"),
    "predicted_class": Sentence("Predicted class"),
    "true": Sentence("True: {truth}", truth="{truth}"),
    "right": Sentence("right"),
    "wrong": Sentence("wrong"),
    "footer": Sentence("Written by Trainyard. This file is complete: it loads nothing from anywhere."),
}


@lru_cache(maxsize=1)
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
