"""Alarms about what a network writes while it trains: nothing, the same for every input, loops, or lines of the training data.

Rules over the answers to the probes at epoch ends. An alarm is raised when the two newest answered epochs both give cause: at first
every network writes nonsense.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.sentences import Sentence

_TEXT, _COPIED = "text", "copied"
_MANY = 0.5
"""Share of the answers from which nothing, or a loop, is more than one odd answer."""
_COPIES = 0.25
"""Share of the answers from which copies of training lines are more than chance: few lines are said by everybody."""
_LEAST = 3
"""Answers that must be there before anything is said about all of them."""
_LEAST_LOOP = 20
"""Characters that a loop must take: ha ha ha is a text."""
_LEAST_TIMES = 4
"""How often a loop must say the same."""
_LONGEST_UNIT = 60
_LONGEST = 2_000  # characters of an answer that are looked at
_EXAMPLE = 120
_LOOP = re.compile(rf"(.{{1,{_LONGEST_UNIT}}}?)\1{{{_LEAST_TIMES - 1},}}", re.DOTALL)


@dataclass(frozen=True)
class Alarm:
    """Something that is wrong with the answers, an example of it, and what helps."""

    kind: str
    sentence: Sentence
    example: str
    remedy: Sentence


@dataclass(frozen=True)
class Written:
    """The texts that answer all probes at the end of an epoch."""

    texts: Sequence[str]
    copied: Sequence[str] = ()
    """For each text a line of it that stands in the training data as it is, or ""; nothing where that is no fault."""


def written(values: Sequence[Mapping[str, Any]], copied: Sequence[str] = ()) -> Written | None:
    """Return the texts among the contents of predictions; None where they are no texts."""
    texts = [value.get(_TEXT) for value in values]
    known = [text for text in texts if isinstance(text, str)]
    return Written(known, copied) if known and len(known) == len(texts) else None


def alarms(epochs: Sequence[Written]) -> list[Alarm]:
    """Return the alarms that the newest two of the answered `epochs` both give cause for, with the example of the newest."""
    if len(epochs) < 2:
        return []
    before = {alarm.kind for alarm in _found(epochs[-2])}
    return [alarm for alarm in _found(epochs[-1]) if alarm.kind in before]


def _found(epoch: Written) -> Iterator[Alarm]:
    if len(epoch.texts) < _LEAST:
        return
    for rule in RULES:
        yield from rule(epoch)


def empty(epoch: Written) -> Iterator[Alarm]:
    """Half of the answers, or more, have no text."""
    nothing = sum(not text.strip() for text in epoch.texts)
    if nothing < _MANY * len(epoch.texts):
        return
    yield Alarm(
        "empty",
        Sentence("{nothing} of {count} answers are empty.", nothing=nothing, count=len(epoch.texts)),
        "",
        Sentence(
            "It has learned that ending at once costs least. Look for examples whose text is empty or very short, train longer, or "
            "take a smaller learning rate."
        ),
    )


def same(epoch: Written) -> Iterator[Alarm]:
    """Every input has the same answer."""
    [(text, times)] = Counter(text.strip() for text in epoch.texts).most_common(1)
    if not text or times < len(epoch.texts):
        return
    yield Alarm(
        "same",
        Sentence("All {count} inputs have the same answer.", count=times),
        text[:_EXAMPLE],
        Sentence(
            "It does not look at the input. Take a smaller learning rate, train longer, and make sure that each text stands beside "
            "the input that it belongs to."
        ),
    )


def loops(epoch: Written) -> Iterator[Alarm]:
    """Half of the answers, or more, say the same again and again."""
    found = [unit for text in epoch.texts if (unit := repeated(text))]
    if len(found) < _MANY * len(epoch.texts):
        return
    yield Alarm(
        "repetition",
        Sentence("{found} of {count} answers go round in a loop.", found=len(found), count=len(epoch.texts)),
        found[0][:_EXAMPLE],
        Sentence(
            "When it answers, a higher temperature leads out of loops. In training more epochs help, a larger network, or more data."
        ),
    )


def copies(epoch: Written) -> Iterator[Alarm]:
    """A quarter of the answers, or more, have a line of the training data."""
    found = [line for line in epoch.copied if line]
    if len(found) < max(2.0, _COPIES * len(epoch.texts)):
        return
    yield Alarm(
        "copies",
        Sentence(
            "{found} of {count} answers have a line that stands in the training data as it is.",
            found=len(found),
            count=len(epoch.texts),
        ),
        found[0][:_EXAMPLE],
        Sentence("It learns by heart. More data help, more dropout, a smaller network, or fewer epochs."),
    )


RULES: tuple[Callable[[Written], Iterator[Alarm]], ...] = (empty, same, loops, copies)
"""In the order in which alarms are read."""


def repeated(text: str) -> str:
    """Return the part that a text says at least four times in a row, if that takes half of the text; otherwise ""."""
    text = " ".join(text.split())[:_LONGEST]
    for found in _LOOP.finditer(text):
        long = len(found.group())
        if long >= max(_LEAST_LOOP, len(text) / 2) and found.group(1).strip():
            return found.group()
    return ""
