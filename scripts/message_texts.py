"""Where messages come from: marked texts of the pages, declarations of the registries, and the engine's errors and sentences."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from babel.messages.extract import extract_from_file

from engine.augmentations.base import augmentations
from engine.imports.own_kinds import modality_of, own_kinds
from engine.metrics import declared
from engine.runs import PARTS, RunState, Training
from engine.sentences import JOINTS
from engine.settings import Settings
from engine.spec import Choices, Spec
from engine.studies import OBJECTIVES, Search, StudyState
from engine.tasks.base import tasks

ROOT = Path(__file__).resolve().parents[1]
KEYWORDS: dict[str, Any] = {"_": None, "N_": None, "plural": (1, 2)}
FACTS = ("source", "licence", "limits")  # class variables of datasets that pages show
UNHEARD = frozenset({"cli", "migrations", "openapi.py", "shapes.py", "predictor.py"})
"""Parts of the engine whose texts never reach a page."""
SPOKEN = {"Sentence": 1, "counted": 2}
"""Calls that make a sentence of their first literals: name, and number of literals."""
AFTER_STATUS = frozenset({"Problem"})
"""Errors whose template is their second argument."""


def sources() -> list[Path]:
    """Return the files that draw pages."""
    return sorted([*ROOT.glob("ui/**/*.py"), *ROOT.glob("pages/*.py"), ROOT / "app.py"])


def collect() -> dict[str, tuple[str | tuple[str, ...], list[tuple[str, int]]]]:
    """Return every message by its singular, with its plural where it has one and its locations."""
    found: dict[str, tuple[str | tuple[str, ...], list[tuple[str, int]]]] = {}
    for text, place in [*_from_sources(), *_from_registries(), *from_engine()]:
        singular = text if isinstance(text, str) else text[0]
        if singular:
            found.setdefault(singular, (text, []))[1].append(place)
    return found


def _from_sources() -> Iterator[tuple[str | tuple[str, ...], tuple[str, int]]]:
    for path in sources():
        for line, text, _comments, _context in extract_from_file("python", path, keywords=KEYWORDS):
            yield text, (str(path.relative_to(ROOT)), line)


def _from_registries() -> Iterator[tuple[str, tuple[str, int]]]:
    answers = dict.fromkeys(task.answering for task in tasks.values())
    for spec in [
        *(s for registry in (*PARTS.values(), augmentations) for s in registry.values()), *answers, Training, Search,
    ]:  # fmt: skip
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
        yield metric.word, ("engine/metrics.py", 0)
    for state in (*RunState, *StudyState):
        yield state.value, ("engine/runs.py", 0)
    for info in Settings.model_fields.values():
        yield info.description or "", ("engine/settings.py", 0)


def from_engine() -> Iterator[tuple[str | tuple[str, ...], tuple[str, int]]]:
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
