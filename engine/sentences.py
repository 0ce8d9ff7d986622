"""Sentences in English that keep their template and values as data, so that a page can show them in another language.

A `Sentence` is its English text, and it also knows the template and the values that the text was made of. It fits
wherever a text does; to be stored or sent to another process it becomes JSON (`to_json`, `from_json`).
"""

import json
from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from gettext import NullTranslations
from numbers import Integral, Real
from string import Formatter
from typing import Any, Self

SPACE, LINES = "{first} {rest}", "{first}\n{rest}"
COMMA, SEMICOLON = "{first}, {rest}", "{first}; {rest}"
AND, OR = "{first} and {rest}", "{first} or {rest}"
JOINTS = (SPACE, LINES, COMMA, SEMICOLON, AND, OR)
"""The separators of a list's parts; translated like every template."""
_ENGLISH = NullTranslations()
_START = '{"template": '


class Sentence(str):
    """An English text that was made of a template and values.

    The template is a literal, so that it can be collected for translation; its fields are those of `str.format`.
    Values are numbers, texts and other sentences. Without values the template is the text as it stands.
    """

    __slots__ = ("many", "template", "values")
    template: str
    many: str
    """The template for counts other than one, or empty."""
    values: "Mapping[str, Any] | tuple[str, ...]"
    """Values by field, or the parts of a list."""

    def __new__(cls, template: str, /, **values: object) -> Self:
        return cls._of(template, {name: _plain(value) for name, value in values.items()})

    @classmethod
    def _of(cls, template: str, values: "Mapping[str, Any] | tuple[str, ...]", many: str = "") -> Self:
        if values and not many and isinstance(values, dict):  # the quick way for most
            made = super().__new__(cls, template.format_map(values))
        else:
            made = super().__new__(cls, _filled(template, values, many, _ENGLISH))
        made.template, made.values, made.many = template, values, many
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return _made, (self.template, self.values, self.many)

    def told(self, by: NullTranslations) -> str:
        """Return the sentence in the language of `by`, and the sentences in its values likewise."""
        return _filled(self.template, self.values, self.many, by)


_KEPT = frozenset({type(None), bool, int, float, str, Sentence})


def joined(parts: Iterable[str], joint: str = SPACE) -> Sentence:
    """Return the parts, texts or sentences, as a list: `joint` is one of `JOINTS`."""
    return _made(joint, tuple(map(_plain, parts)))


def counted(singular: str, plural: str, /, *, count: int, **values: object) -> Sentence:
    """Return the form that suits `count`, which both templates may show as `{count}`."""
    return _made(singular, {name: _plain(value) for name, value in values.items()} | {"count": int(count)}, plural)


def placed(place: str, problem: Sentence) -> Sentence:
    """Return a problem with the place where it is, such as a file or a row; of the whole the problem alone."""
    return Sentence("{place}: {problem}", place=place, problem=problem) if place else problem


def word(text: str) -> Sentence:
    """Return a word of Trainyard's own, such as a state, that the catalogs know from elsewhere."""
    return _made(str(text), {})


def changed(sentence: Sentence, change: Callable[[str], str]) -> Sentence:
    """Return a sentence with each text among its values changed, those of sentences in it likewise; its words stay."""

    def one(value: Any) -> Any:
        if isinstance(value, Sentence):
            return changed(value, change)
        return change(value) if isinstance(value, str) else value

    values = sentence.values
    if isinstance(values, Mapping):
        return _made(sentence.template, {name: one(value) for name, value in values.items()}, sentence.many)
    return _made(sentence.template, tuple(map(one, values)), sentence.many)


def to_json(text: str) -> str:
    """Return a sentence as text for a database, a file or another process; a text without values stays as it is."""
    return json.dumps(_data(text)) if isinstance(text, Sentence) and text.values else str(text)


def from_json(text: str) -> Sentence:
    """Return the sentence given to `to_json`. Any other text, such as one that an earlier version stored, stays as it is."""
    if text.startswith(_START):
        try:
            read = _read(json.loads(text))
            return read if isinstance(read, Sentence) else Sentence(text)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            pass  # it only looks like one
    return Sentence(text)


def _filled(template: str, values: Mapping[str, Any] | tuple[str, ...], many: str, by: NullTranslations) -> str:
    if not template:  # the entry of "" is the catalog's header
        return ""
    words = by.ngettext(template, many, values["count"]) if many else by.gettext(template)  # type: ignore[call-overload]
    if isinstance(values, Mapping):
        return words.format_map({name: _told(value, by) for name, value in values.items()}) if values else words
    parts = [_told(part, by) for part in values]
    return reduce(lambda first, rest: words.format(first=first, rest=rest), parts) if parts else ""


def _told(value: Any, by: NullTranslations) -> Any:
    return value.told(by) if isinstance(value, Sentence) else value


def _plain(value: Any) -> Any:
    """Return a value as JSON has it; anything but numbers and sentences becomes its text."""
    if type(value) in _KEPT:
        return value
    if isinstance(value, Real):  # NumPy's
        return int(value) if isinstance(value, Integral) else float(value)
    if isinstance(value, BaseException) and value.args and isinstance(value.args[0], Sentence):
        return value.args[0]
    return str(value)


def _made(template: str, values: Mapping[str, Any] | tuple[str, ...], many: str = "") -> Sentence:
    return Sentence._of(template, values, many)


def _data(value: Any) -> Any:
    if not isinstance(value, Sentence):
        return value
    values = value.values
    data = {n: _data(v) for n, v in values.items()} if isinstance(values, Mapping) else [_data(v) for v in values]
    return {"template": value.template, "values": data} | ({"many": value.many} if value.many else {})


def _read(data: Any) -> Any:
    if not isinstance(data, dict):
        return data
    values, many = data["values"], data.get("many", "")
    read = tuple(map(_read, values)) if isinstance(values, list) else {n: _read(v) for n, v in values.items()}
    for template in (data["template"], many):
        _check(template)
    return _made(data["template"], read, many)


def _check(template: str) -> None:
    """Raise for fields that are not plain names: a template from elsewhere must not reach into the values."""
    for _text, name, how, _conversion in Formatter().parse(template):
        if name is not None and (not name.isidentifier() or "{" in (how or "")):
            raise ValueError(f"{name!r} is not the name of a value.")
