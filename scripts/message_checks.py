"""Checks of the code and of translations: texts that nobody can translate, and translations that would mislead."""

import ast
from collections.abc import Iterator
from string import Formatter
from typing import Any

from scripts.message_texts import error_names, spoken

VISIBLE = frozenset({"label", "body", "help", "placeholder", "text", "caption", "title", "alt", "options", "expected"})
"""Arguments of Streamlit's functions that people read."""
NOT_READ = frozenset({"App", "get_option", "html", "set_page_config"})
"""Attributes of `st` whose first argument is not text to read."""


def bare_literals(code: str, name: str) -> list[str]:
    """Return texts with letters that are passed to Streamlit without `_()`."""
    found = []
    for call in ast.walk(ast.parse(code)):
        if isinstance(call, ast.Call) and _draws(call.func):
            shown = [*call.args[:1], *(k.value for k in call.keywords if k.arg in VISIBLE)]
            found += [
                f"{name}:{call.lineno}: visible text without _(): {text!r}"
                for argument in shown
                for text in _literals(argument)
                if _readable(text)
            ]
    return found


def _draws(function: ast.expr) -> bool:
    """Return whether a call is to `st.something` or to a method of a drawn element: `column.metric`."""
    return isinstance(function, ast.Attribute) and (
        function.attr not in NOT_READ
        if isinstance(function.value, ast.Name) and function.value.id == "st"
        else function.attr in _METHODS and getattr(function.value, "id", "") not in _OTHERS
    )


_METHODS = frozenset(
    {
        *("metric", "title", "header", "subheader", "caption", "markdown", "button", "toggle", "selectbox", "slider"),
        *("text_input", "number_input", "error", "warning", "info", "success", "expander", "progress"),
    }
)
"""Methods of containers whose first argument people read."""
_OTHERS = frozenset({"logger", "logging"})


def _literals(argument: ast.expr) -> Iterator[str]:
    """Yield texts that an expression shows directly: not those inside a call, which may be `_`."""
    match argument:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=values):
            yield from (v.value for v in values if isinstance(v, ast.Constant) and isinstance(v.value, str))
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            for element in elements:
                yield from _literals(element)
        case ast.IfExp(body=body, orelse=otherwise):
            yield from (*_literals(body), *_literals(otherwise))
        case ast.BinOp(left=left, right=right):
            yield from (*_literals(left), *_literals(right))


def _readable(text: str) -> bool:
    """Return whether it contains a word: not an icon, a unit or a placeholder."""
    rest = " ".join(word for word in text.split() if not word.startswith(":material/"))
    return sum(letter.isalpha() for letter in rest) > 3


def loose_texts(code: str, name: str) -> list[str]:
    """Return errors and sentences that could not be collected, or whose fields do not match their values."""
    found = []
    for call, templates in spoken(code, error_names()):
        values = {keyword.arg for keyword in call.keywords}
        for template in templates:
            where = f"{name}:{call.lineno}"
            if isinstance(template, ast.JoinedStr | ast.BinOp) or _formats(template):
                found.append(f"{where}: give a literal template and its values: {ast.unparse(template)[:80]}")
            elif isinstance(template, ast.Constant) and values and None not in values:
                wrong = _fields(str(template.value)) ^ values
                wrong -= {"count"} if len(templates) > 1 else set()  # it chooses the form, and need not be shown
                found += [
                    f"{where}: field or value {field!r} of {template.value!r} has no other half" for field in wrong
                ]
    return found


def _formats(template: ast.expr) -> bool:
    """Return whether it is composed of texts: `"...".format(...)`, `" ".join(...)` or `str(...)`."""
    match template:
        case ast.Call(func=ast.Attribute(attr="format" | "join")) | ast.Call(func=ast.Name(id="str")):
            return True
    return False


def broken(message: Any) -> Iterator[str]:
    """Yield why a translation would fail or mislead: its placeholders or formulas differ from the original's."""
    original, translated = message.id, message.string
    if isinstance(original, str) and isinstance(translated, str) and translated:
        if _fields(original) != _fields(translated):
            yield "other placeholders"
        if original.count("$") != translated.count("$"):
            yield "other formulas"


def _fields(text: str) -> set[str]:
    if "$" in text:  # braces are LaTeX here; such texts are never formatted
        return set()
    return {name for _text, name, _spec, _conversion in Formatter().parse(text) if name is not None}
