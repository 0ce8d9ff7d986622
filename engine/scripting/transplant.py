"""Functions and classes of the program as they are in their files, adapted for a standalone script.

Each computation is written once. Annotations are removed, `self.units` becomes the constant `UNITS`, and everything else the
code names is copied along: modules as imports, constants, other functions.
"""

import ast
import builtins
import functools
import inspect
import re
import sys
import textwrap
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import keras

from engine.scripting.errors import unwritable
from engine.scripting.stand_ins import STAND_INS
from engine.scripting.values import literal, written_short

_KERAS = (
    "layers",
    "losses",
    "metrics",
    "optimizers",
    "ops",
    "initializers",
    "regularizers",
    "activations",
    "callbacks",
)
_REMARK = re.compile(r"[ \t]+# (type: ignore|noqa|fmt:).*$", re.MULTILINE)
_LIBRARIES = sys.stdlib_module_names | {"numpy", "tensorflow", "keras"}
Edit = tuple[int, int, str]
_GONE = "# gone"  # marks where an import was


def public_name(value: Any) -> str:
    """Return Keras' public name of one of its classes or functions (`keras.losses.huber`), or "" for anything else."""
    name = getattr(value, "__name__", "")
    for module in _KERAS:
        if name and getattr(getattr(keras, module), name, None) is value:
            return f"{module}.{name}" if module in ("layers", "ops") else f"keras.{module}.{name}"
    return ""


class Transplant:
    """Collects what a script needs besides its own lines."""

    def __init__(self, computed: Callable[[str, Any], str] = lambda name, value: "") -> None:
        """`computed(name, value)` returns the expression for what the script computes itself, or an empty one."""
        self._computed = computed
        self.imports: set[str] = set()
        """Import lines."""
        self.constants: dict[str, str] = {}
        """Spec fields that the code uses: name and value as code."""
        self.pieces: list[str] = []
        """Functions, classes and what they name, each after its dependencies."""
        self._names: dict[int, tuple[Any, str]] = {}

    def function(self, value: Callable[..., Any]) -> str:
        """Copy a function or class, and return its name in the script."""
        value = inspect.unwrap(value)
        value = STAND_INS.get(value, value)
        if known := public_name(value):
            self.imports.add("from keras import layers" if known.startswith("layers.") else "import keras")
            if known.startswith("ops."):
                self.imports.add("from keras import ops")
            return known
        return self._take(value, {})

    def method(self, owner: Any, name: str, *, called: str = "", **bound: Any) -> str:
        """Copy a method of `owner` as a function: `self` and what is `bound` become constants.

        It is `called` something else where the script has another use for its name.
        """
        function = inspect.unwrap(inspect.getattr_static(type(owner), name))
        return self._take(function, {"self": owner} | bound, called)

    def _take(self, value: Any, bound: Mapping[str, Any], called: str = "") -> str:
        if id(value) in self._names:
            return self._names[id(value)][1]
        text = self._source(value)
        tree = ast.parse(text)
        node = tree.body[0]
        assert isinstance(node, ast.FunctionDef | ast.ClassDef)
        name = called or self._new_name(node.name)
        self._names[id(value)] = (value, name)
        data = text.encode()
        starts = [0, *(i + 1 for i, byte in enumerate(data) if byte == ord("\n"))]

        def at(line: int, column: int) -> int:
            return starts[line - 1] + column

        edits = list(self._signatures(node, data, at, bound, name))
        edits += self._outer_names(node, at, _surroundings(value), bound)
        for start, end, new in sorted(set(edits), reverse=True):
            data = data[:start] + new.encode() + data[end:]
        lines = _REMARK.sub("", data.decode()).split("\n")
        self.pieces.append(_without_gone(lines))
        return name

    def _source(self, value: Any) -> str:
        try:
            return textwrap.dedent(inspect.getsource(value)).rstrip() + "\n"
        except (OSError, TypeError) as error:
            raise unwritable(repr(getattr(value, "__name__", value)), "its source is not known") from error

    def _new_name(self, name: str) -> str:
        taken = {known for _, known in self._names.values()}
        plain = name.lstrip("_")
        return name if plain in taken or plain in dir(builtins) else plain

    def _signatures(
        self, node: ast.AST, data: bytes, at: Callable[[int, int], int], bound: Mapping[str, Any], name: str
    ) -> Iterator[Edit]:
        """Yield edits that remove annotations and bound parameters, and move imports inside functions to the top."""
        own = _inner_classes(node)
        for inner in ast.walk(node):
            match inner:
                case ast.FunctionDef():
                    start = at(inner.lineno, inner.col_offset)
                    left = data.index(b"(", start)
                    end = data.index(b":", _closing(data, left))
                    if (returned := inner.returns) is not None:
                        end = data.index(b":", at(returned.end_lineno or 0, returned.end_col_offset or 0))
                    called = name if inner is node else inner.name
                    yield (
                        start,
                        end,
                        f"def {called}({ast.unparse(_bare(inner.args, _without_self(bound) if id(inner) in own else bound))})",
                    )
                case ast.ClassDef() if inner is node:
                    start = at(inner.lineno, inner.col_offset)
                    yield start, start + len(f"class {inner.name}"), f"class {name}"
                case ast.Import() | ast.ImportFrom():
                    self.imports.add(ast.unparse(inner))
                    yield (
                        at(inner.lineno, inner.col_offset),
                        at(inner.end_lineno or 0, inner.end_col_offset or 0),
                        _GONE,
                    )
                case ast.AnnAssign(value=ast.expr() as value):
                    first = at(inner.target.end_lineno or 0, inner.target.end_col_offset or 0)
                    yield first, at(value.lineno, value.col_offset), " = "

    def _outer_names(
        self, node: ast.AST, at: Callable[[int, int], int], around: Mapping[str, Any], bound: Mapping[str, Any]
    ) -> Iterator[Edit]:
        """Yield edits of outer names: `self.units` and globals, each replaced by its name in the script."""
        inside = _names_inside(node) - bound.keys()
        skipped = {id(part) for part in _signature_parts(node)}
        done = set[int]()
        own = _inner_classes(node)
        everything = bound
        for inner in ast.walk(node):
            bound = _without_self(everything) if id(inner) in own else everything
            if not isinstance(inner, ast.expr) or id(inner) in skipped | done:
                continue
            start = at(inner.lineno, inner.col_offset)
            end = at(inner.end_lineno or 0, inner.end_col_offset or 0)
            match inner:
                case ast.Attribute(value=ast.Name(id=owner), attr=attribute) if owner in bound:
                    done.add(id(inner.value))
                    yield start, end, self._field(bound[owner], attribute, bound)
                case ast.Name(id=name, ctx=ast.Load()) if name in bound:
                    raise unwritable(repr(name), f"its code hands {name!r} on as a whole")
                case ast.Name(id=name, ctx=ast.Load()) if name not in inside and name in around:
                    yield start, end, self.outer(name, around[name])

    def _field(self, owner: Any, attribute: str, bound: Mapping[str, Any]) -> str:
        value = getattr(owner, attribute)
        if inspect.ismethod(value):
            return self._take(inspect.unwrap(value.__func__), bound)
        if not written_short(value):
            raise unwritable(f"{type(owner).__name__}.{attribute}", "it is no plain value")
        name = attribute.lstrip("_").upper()
        self.constants[name] = literal(value)
        return name

    def outer(self, name: str, value: Any) -> str:
        """Return the name in the script of a global or enclosing variable `name`, which is copied if necessary."""
        if isinstance(value, types.ModuleType):
            self.imports.add(_import_line(value, name))
            return name
        if isinstance(value, re.Pattern):
            self.imports.add("import re")
            return self._constant(name, value, f"re.compile({value.pattern!r})")
        if written_short(value):
            return self._constant(name, value, self._computed(name, value) or literal(value))
        module = str(getattr(value, "__module__", "")).split(".")[0]
        if isinstance(value, type | types.FunctionType | functools._lru_cache_wrapper):
            if not public_name(value) and module in _LIBRARIES - {"keras"}:
                self.imports.add(f"from {value.__module__} import {value.__name__}")
                return str(value.__name__)
            return self.function(value)
        raise unwritable(repr(name), f"its code uses {name!r}, which is no function and no plain value")

    def _constant(self, name: str, value: Any, code: str) -> str:
        plain = name.lstrip("_")
        line = f"{plain} = {code}"
        if line not in self.pieces:
            self.pieces.append(line)
        return plain


def _import_line(module: types.ModuleType, name: str) -> str:
    full = module.__name__
    if "." in full and full.rsplit(".", 1)[1] == name:
        return f"from {full.rsplit('.', 1)[0]} import {name}"
    return f"import {full}" if full == name else f"import {full} as {name}"


def _surroundings(value: Any) -> dict[str, Any]:
    """Return globals and enclosing variables of a function, or of all functions of a class."""
    functions = [value]
    found: dict[str, Any] = {}
    if isinstance(value, type):
        functions = [inspect.unwrap(part) for part in vars(value).values() if isinstance(part, types.FunctionType)]
        bases = ast.parse(textwrap.dedent(inspect.getsource(value))).body[0]
        assert isinstance(bases, ast.ClassDef)
        for written, base in zip(bases.bases, value.__bases__, strict=False):
            if isinstance(written, ast.Name):
                found[written.id] = base
    for function in functions:
        found |= function.__globals__
        if function.__closure__:
            cells = zip(function.__code__.co_freevars, function.__closure__, strict=True)
            found |= {name: cell.cell_contents for name, cell in cells if name != "__class__"}
    return found


def _names_inside(node: ast.AST) -> set[str]:
    """Return names that are bound within: parameters, assignments, imports."""
    found: set[str] = set()
    for inner in ast.walk(node):
        match inner:
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()):
                found.add(name)
            case ast.alias(name=name, asname=other):
                found.add(other or name)
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
    return found


def _signature_parts(node: ast.AST) -> Iterator[ast.AST]:
    """Yield parameters, their defaults and all annotations: signatures are written again."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.FunctionDef):
            yield from ast.walk(inner.args)
        for name in ("annotation", "returns"):
            part = getattr(inner, name, None)
            if isinstance(part, ast.AST):
                yield from ast.walk(part)


def _inner_classes(node: ast.AST) -> set[int]:
    """Return the ids of all nodes inside classes that a function defines: their methods have a `self` of their own."""
    classes = [inner for inner in ast.walk(node) if isinstance(inner, ast.ClassDef) and inner is not node]
    return {id(inner) for found in classes for inner in ast.walk(found)}


def _without_self(bound: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in bound.items() if name != "self"}


def _bare(arguments: ast.arguments, bound: Mapping[str, Any]) -> ast.arguments:
    """Return the same parameters without annotations, and without those that are bound."""
    plain = ast.parse(f"def f({ast.unparse(arguments)}): pass").body[0]
    assert isinstance(plain, ast.FunctionDef)
    args = plain.args
    kept = len(args.args)
    args.args = [arg for arg in args.args if arg.arg not in bound]
    if len(args.args) < kept and len(args.defaults) > len(args.args):
        args.defaults = args.defaults[-len(args.args) :]
    for arg in [*args.args, *args.kwonlyargs, *filter(None, (args.vararg, args.kwarg))]:
        arg.annotation = None
    return args


def _closing(data: bytes, left: int) -> int:
    depth = 0
    for position in range(left, len(data)):
        depth += {ord("("): 1, ord(")"): -1}.get(data[position], 0)
        if depth == 0:
            return position
    return left


def _without_gone(lines: list[str]) -> str:
    """Return the lines without the imports that moved to the top, and without the gaps below these."""
    kept: list[str] = []
    gone = False
    for line in lines:
        if line.strip() == _GONE:
            gone = True
        elif line.strip() or not gone:
            kept.append(line)
            gone = False
    return "\n".join(kept).strip("\n")
