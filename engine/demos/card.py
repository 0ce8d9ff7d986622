"""Model cards: facts and figures from the record of a run, written when it is published, and the texts of its owner.

Facts are sentences, which each visitor reads in their own language. Nothing in them tells more of the run than the card is
for: not its number, its name, its note or the hash of its data.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.naming import clean_name, clean_note
from engine.reporting.card import data_facts, part_title
from engine.reporting.result import figures
from engine.reporting.subject import Subject
from engine.sentences import Sentence, from_json, joined, to_json, word

CORRECTABLE = {
    "task": Sentence("Task"),
    "dataset": Sentence("Dataset"),
    "source": Sentence("Source"),
    "licence": Sentence("Licence"),
}
"""Facts that an owner may put in other words, by the part of the card; what was counted or measured is as it was."""
LINES, TEXTS = ("author", *CORRECTABLE), ("about", "use", "limits")
"""Parts of a card that its owner writes: in one line, and in several."""
_SHOWN_FACTS = ("Dataset", "Source", "Licence", "Examples")
"""Facts of the data that the record names: its limits are in a part of their own, its hash is for the owner."""


@dataclass(frozen=True)
class Card:
    """The part of a card that was written from a run's record."""

    facts: tuple[tuple[str, str], ...]
    head: tuple[str, ...]
    """Head of the table of figures; empty where the run was not evaluated."""
    rows: tuple[tuple[str, ...], ...]
    use: str
    """The intended use where its owner has written none."""
    limits: str
    """The limits where its owner has written none."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "facts": [_stored(row) for row in self.facts],
            "head": _stored(self.head),
            "rows": [_stored(row) for row in self.rows],
            "use": to_json(self.use),
            "limits": to_json(self.limits),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Card":
        """Return the inverse of `to_dict`."""
        facts = tuple((from_json(name), from_json(value)) for name, value in data["facts"])
        head, rows = _read(data["head"]), tuple(map(_read, data["rows"]))
        return cls(facts, head, rows, from_json(data["use"]), from_json(data["limits"]))


@dataclass(frozen=True)
class Fact:
    """One line of a card."""

    name: str
    value: str
    """Plain text where the owner has written it."""
    corrected: bool = False
    """Whether these are the owner's words."""
    recorded: str = ""
    """Where they are, what the record of the run says; empty where it says nothing."""


def facts_of(card: Card, texts: Mapping[str, str]) -> list[Fact]:
    """Return the facts with what their owner has put in other words, which are marked as such."""
    own = {str(CORRECTABLE[part]): text for part, text in texts.items() if part in CORRECTABLE and text}
    recorded = {str(name): value for name, value in card.facts}
    found = [
        Fact(name, own[str(name)], corrected=True, recorded=value) if str(name) in own else Fact(name, value)
        for name, value in card.facts
    ]
    more = [Fact(title, own[str(title)], corrected=True) for title in CORRECTABLE.values() if str(title) in own]
    return found + [fact for fact in more if str(fact.name) not in recorded]


def card_of(subject: Subject) -> Card:
    """Return the card of a run."""
    spec = subject.spec
    if spec is None:
        return Card((), (), (), Sentence(""), Sentence(""))
    table = figures(subject) if subject.split else None
    parameters = subject.run.environment.get("num_parameters")
    facts = [
        (Sentence("Task"), word(spec.task.title)),
        *((name, value) for name, value in data_facts(subject, spec) if name in _SHOWN_FACTS),
        (Sentence("Model"), part_title(spec.model)),
        (Sentence("Parameters"), f"{parameters:,}" if isinstance(parameters, int) else ""),
        (Sentence("Trained"), subject.run.ended_at.strftime("%Y-%m-%d") if subject.run.ended_at else ""),
    ]
    use = Sentence(
        "To try out a network on inputs like those that it was trained on: {dataset}. It was not made for decisions about "
        "people.",
        dataset=part_title(spec.dataset),
    )
    answers = Sentence(
        "It answers every input, also one that is unlike its data, and it is wrong as often as its metrics say, or more often."
    )
    limits = joined([word(spec.dataset.limits), answers]) if spec.dataset.limits else answers
    return Card(
        tuple((name, value) for name, value in facts if value),
        tuple(table.head) if table else (),
        tuple(map(tuple, table.rows)) if table else (),
        use,
        limits,
    )


def clean_texts(texts: Mapping[str, str]) -> dict[str, str]:
    """Return texts of an owner as they are kept; those that are empty are left out. They are plain text."""
    kept = {name: clean_name(texts[name]) for name in LINES if name in texts}
    kept |= {name: clean_note(texts[name]) for name in TEXTS if name in texts}
    return {name: text for name, text in kept.items() if text}


def _stored(row: Iterable[str]) -> list[str]:
    return [to_json(text) for text in row]


def _read(row: Iterable[str]) -> tuple[str, ...]:
    return tuple(from_json(text) for text in row)
