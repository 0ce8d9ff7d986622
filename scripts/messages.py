"""Keep the catalogs of the interface: `extract` updates them, `check` reports what is missing.

Messages come from `_("...")`, `N_("...")` and `plural("...")` in the pages, and from the registries: titles, summaries,
labels and help of every Spec, descriptions of datasets, and help of settings. Templates of the engine's
errors and sentences are the literals that these are made from (see `engine.sentences`).
"""

import argparse
import ast
import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from engine.augmentations.base import augmentations  # noqa: E402
from engine.imports.own_kinds import modality_of, own_kinds  # noqa: E402
from engine.metrics import declared  # noqa: E402
from engine.runs import PARTS, RunState, Training  # noqa: E402
from engine.sentences import JOINTS  # noqa: E402
from engine.settings import Settings  # noqa: E402
from engine.spec import Choices, Spec  # noqa: E402
from engine.studies import OBJECTIVES, Search, StudyState  # noqa: E402
from ui.language import LANGUAGES, LOCALES  # noqa: E402

HEADER = """msgid ""
msgstr ""
"Language: {language}\\n"
"Plural-Forms: {plurals}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""  # no dates and names: they would change in every commit
KEYWORDS: dict[str, Any] = {"_": None, "N_": None, "plural": (1, 2)}
FACTS = ("source", "licence", "limits")  # class variables of datasets that pages show
UNHEARD = frozenset({"cli", "migrations", "openapi.py", "shapes.py", "predictor.py"})
"""Parts of the engine whose texts never reach a page."""
SPOKEN = {"Sentence": 1, "counted": 2}
"""Calls that make a sentence of their first literals: name, and number of literals."""
AFTER_STATUS = frozenset({"Problem"})
"""Errors whose template is their second argument."""
VISIBLE = frozenset({"label", "body", "help", "placeholder", "text", "caption", "title", "alt", "options", "expected"})
"""Arguments of Streamlit's functions that people read."""
NOT_READ = frozenset({"App", "get_option", "html", "set_page_config"})
"""Attributes of `st` whose first argument is not text to read."""


def sources() -> list[Path]:
    """Return the files that draw pages."""
    return sorted([*ROOT.glob("ui/**/*.py"), *ROOT.glob("pages/*.py"), ROOT / "app.py"])


# -- extraction --------------------------------------------------------------------------------------------------------


def collect() -> dict[str, tuple[str | tuple[str, ...], list[tuple[str, int]]]]:
    """Return every message by its singular, with its plural where it has one and its locations."""
    found: dict[str, tuple[str | tuple[str, ...], list[tuple[str, int]]]] = {}
    for text, place in [*_from_sources(), *_from_registries(), *_from_engine()]:
        singular = text if isinstance(text, str) else text[0]
        if singular:
            found.setdefault(singular, (text, []))[1].append(place)
    return found


def _from_sources() -> Iterator[tuple[str | tuple[str, ...], tuple[str, int]]]:
    for path in sources():
        for line, text, _comments, _context in extract_from_file("python", path, keywords=KEYWORDS):
            yield text, (str(path.relative_to(ROOT)), line)


def _from_registries() -> Iterator[tuple[str, tuple[str, int]]]:
    for spec in [*(s for registry in (*PARTS.values(), augmentations) for s in registry.values()), Training, Search]:
        place = (f"{spec.__module__.replace('.', '/')}.py", 0)
        for text in _spec_texts(spec):
            yield text, place
    for objective in OBJECTIVES.values():
        for text in (objective.title, objective.help):
            yield text, ("engine/studies.py", 0)
    for kind in own_kinds().values():
        yield kind.title, (f"{type(modality_of(kind.name)).__module__.replace('.', '/')}/__init__.py", 0)
    for metric in declared():
        yield metric.title, ("engine/metrics.py", 0)
    for state in (*RunState, *StudyState):
        yield state.value, ("engine/runs.py", 0)
    for info in Settings.model_fields.values():
        yield info.description or "", ("engine/settings.py", 0)


def _from_engine() -> Iterator[tuple[str | tuple[str, ...], tuple[str, int]]]:
    """Yield templates of the engine's errors and sentences, except those that only a terminal or a log shows."""
    for joint in JOINTS:
        yield joint, ("engine/sentences.py", 0)
    for path in engine_sources():
        name = path.relative_to(ROOT)
        if not UNHEARD & set(name.parts):
            for call, templates in spoken(path.read_text(), error_names()):
                texts = [t.value for t in templates if isinstance(t, ast.Constant) and isinstance(t.value, str)]
                if texts and len(texts) == len(templates):
                    yield texts[0] if len(texts) == 1 else tuple(texts), (str(name), call.lineno)


def engine_sources() -> list[Path]:
    """Return the files that may raise errors or make sentences."""
    return sorted(ROOT.glob("engine/**/*.py"))


@cache
def error_names() -> frozenset[str]:
    """Return `TrainyardError` and all its subclasses, by name."""
    bases: dict[str, set[str]] = defaultdict(set)  # two classes may have one name
    for path in engine_sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                bases[node.name] |= {base.id for base in node.bases if isinstance(base, ast.Name)}
    found: frozenset[str] = frozenset({"TrainyardError"})
    while more := {name for name, above in bases.items() if above & found} - found:
        found |= more
    return found


def spoken(code: str, errors: frozenset[str]) -> Iterator[tuple[ast.Call, list[ast.expr]]]:
    """Yield each call that makes an error or a sentence, with the expressions given as its templates."""
    for call in ast.walk(ast.parse(code)):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.args:
            if call.func.id in errors:
                at = 1 if call.func.id in AFTER_STATUS else 0
                yield call, call.args[at : at + 1]
            elif call.func.id in SPOKEN:
                yield call, call.args[: SPOKEN[call.func.id]]


def _spec_texts(spec: type[Spec]) -> Iterator[str]:
    """Yield the texts of a Spec that a form shows."""
    yield from (spec.title, spec.summary())
    yield from (getattr(spec, fact, "") for fact in FACTS if hasattr(spec, "embedded"))
    yield from getattr(spec, "extra_tests", {}).values()
    for field in spec.fields():
        yield from (field.label, field.help)
        if isinstance(field.domain, Choices):
            yield from (option for option in field.domain.options if isinstance(option, str))


def extract() -> None:
    """Add new messages to each catalog, empty, and drop those that nothing shows any more."""
    for language in LANGUAGES:
        if language == "en":
            continue
        known = _catalog(language)
        fresh = Catalog(locale=language, project="Trainyard", charset="utf-8", fuzzy=False, creation_date=None)
        for singular, (text, places) in sorted(collect().items()):
            before = known.get(singular)
            files = sorted({(file, 0) for file, _line in places})
            same = before is not None and isinstance(before.id, str) == isinstance(text, str)
            fresh.add(text, before.string if before and same else None, locations=files, flags=_flags(singular))
        path = _path(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.write(HEADER.format(language=language, plurals=fresh.plural_forms).encode())
            write_po(file, fresh, width=110, omit_header=True, include_lineno=False)
        print(f"{path.relative_to(ROOT)}: {len(fresh)} messages, {len(list(_untranslated(fresh)))} to translate")


def _flags(text: str) -> list[str]:
    return ["python-brace-format"] if "{" in text and "$" not in text else []


def _path(language: str) -> Path:
    return LOCALES / language / "LC_MESSAGES" / "trainyard.po"


def _catalog(language: str) -> Catalog:
    if not _path(language).is_file():
        return Catalog(locale=language)
    with _path(language).open("rb") as file:
        return read_po(file, locale=language)


def _untranslated(catalog: Catalog) -> Iterator[str]:
    for message in catalog:
        strings = message.string if isinstance(message.string, tuple | list) else (message.string,)
        if message.id and (message.fuzzy or not all(strings)):
            yield message.id if isinstance(message.id, str) else message.id[0]


# -- checks ------------------------------------------------------------------------------------------------------------


def problems() -> list[str]:
    """Return everything that would fail, mislead or stay English for every reader; empty when all is well."""
    wanted = collect()
    found = [problem for path in sources() for problem in bare_literals(path.read_text(), str(path.relative_to(ROOT)))]
    for path in engine_sources():
        found += loose_texts(path.read_text(), str(path.relative_to(ROOT)))
    for language, catalog in _catalogs():
        known = {m.id if isinstance(m.id, str) else m.id[0] for m in catalog if m.id}
        found += [f"{language}: nothing shows it any more: {text!r}" for text in sorted(known - wanted.keys())]
        found += [f"{language}: {error}: {m.id!r}" for m in catalog if m.id for error in _broken(m)]
    return found


def missing() -> list[str]:
    """Return messages without a translation: they are shown in English."""
    wanted, found = collect(), []
    for language, catalog in _catalogs():
        known = {m.id if isinstance(m.id, str) else m.id[0] for m in catalog if m.id}
        found += [f"{language}: not in the catalog: {text!r}" for text in sorted(wanted.keys() - known)]
        found += [f"{language}: no translation: {text!r}" for text in _untranslated(catalog)]
    return found


def _catalogs() -> Iterator[tuple[str, Catalog]]:
    yield from ((language, _catalog(language)) for language in LANGUAGES if language != "en")


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


def _broken(message: Any) -> Iterator[str]:
    """Yield why a translation would fail or mislead: its placeholders or formulas differ from the original's."""
    original, translated = message.id, message.string
    if isinstance(original, str) and isinstance(translated, str) and translated:
        if _fields(original) != _fields(translated):
            yield "other placeholders"
        if original.count("$") != translated.count("$"):
            yield "other formulas"


def _fields(text: str) -> set[str]:
    from string import Formatter

    if "$" in text:  # braces are LaTeX here; such texts are never formatted
        return set()
    return {name for _text, name, _spec, _conversion in Formatter().parse(text) if name is not None}


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


def main() -> int:
    """Run one of the two commands."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=["extract", "check"])
    parser.add_argument("--strict", action="store_true", help="a missing translation fails too")
    arguments = parser.parse_args()
    if arguments.command == "extract":
        extract()
        return 0
    found, untranslated = problems(), missing()
    print("\n".join([*found, *untranslated]) or "Every message has its translation.")
    if untranslated:
        print(f"{len(untranslated)} translations are missing. English is shown in their place.")
    return 1 if found or (untranslated and arguments.strict) else 0


if __name__ == "__main__":
    sys.exit(main())
