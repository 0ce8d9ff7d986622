"""Find where a page draws people's texts as Markdown without `plain_label`: reads the sources and follows the data flow.

It knows some names of people's texts, by where they are in objects of the engine. Anything it does not know it takes
for harmless; the tests with planted names see the rest.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

ATTRIBUTES = frozenset({"owner", "message", "labels", "reason", "largest", "smallest", "rare"})
"""Attributes that hold texts of people, of whatever object."""
NAMES = frozenset({"file", "column", "study", "result", "guess", "member", "problem", "own", "row", "info"})
"""Variables whose `name`, `title`, `file`, `target` or `error` people have written."""
OF_NAMES = frozenset({"name", "title", "file", "target", "error"})
KEYS = frozenset({"label", "labels", "target", "column", "given", "said", "unit"})
"""Keys of dictionaries that hold them."""
CALLS = frozenset({"title_of"})
PARAMETERS = frozenset({"labels", "captions"})
SAFE = frozenset({"plain_label", "said", "_", "plural", "len", "metric_label"})
"""Functions after which nothing is read into a text; `_` only looks up what is ours."""
PASSING = frozenset(
    {"str", "sorted", "list", "tuple", "next", "reversed", "enumerate", "zip", "map", "plain_text", "repr"}
)
METHODS = frozenset(
    {"format", "join", "strip", "lower", "replace", "split", "items", "values", "get", "rstrip", "copy"}
)

FIRST = frozenset((
    "markdown", "caption", "write", "title", "header", "subheader", "info", "warning", "error", "success", "toast",
    "metric", "button", "checkbox", "toggle", "radio", "selectbox", "multiselect", "select_slider", "slider", "pills",
    "segmented_control", "text_input", "number_input", "text_area", "file_uploader", "download_button", "link_button",
    "page_link", "expander", "popover", "tabs", "dialog", "status", "spinner", "badge", "form_submit_button",
))  # fmt: skip
"""Methods whose first argument Streamlit reads as Markdown."""
KEYWORDS = frozenset({"label", "help", "caption", "captions", "body", "delta", "text", "title"})
OPTIONS = frozenset({"pills", "segmented_control", "radio"})
PLACES: Mapping[str, tuple[int, ...]] = {"metric": (0, 1, 2), "progress": (1,)}

Known = frozenset[str]


@dataclass
class Reader:
    """Facts about all functions: which of their parameters are drawn as they come."""

    sinks: dict[str, dict[str, int]] = field(default_factory=dict)
    """By the name of a function, its parameters that are drawn, each with its place. Functions of equal name share one."""

    def raw(self, node: ast.expr | None, known: Known) -> bool:
        """Whether an expression has a text of people in it as they wrote it."""
        match node:
            case ast.Name(id=name):
                return name in known
            case ast.Attribute(value=value, attr=attr):
                named = isinstance(value, ast.Name) and value.id in NAMES and attr in OF_NAMES
                return attr in ATTRIBUTES or named
            case ast.Subscript(value=value, slice=ast.Constant(value=str(key))):
                return key in KEYS or self.raw(value, known)
            case ast.Subscript(value=value) | ast.Starred(value=value):
                return self.raw(value, known)
            case ast.JoinedStr(values=parts):
                return any(
                    isinstance(p, ast.FormattedValue) and not p.format_spec and self.raw(p.value, known) for p in parts
                )
            case ast.BinOp(left=left, right=right):
                return self.raw(left, known) or self.raw(right, known)
            case ast.BoolOp(values=parts) | ast.List(elts=parts) | ast.Tuple(elts=parts):
                return any(self.raw(part, known) for part in parts)
            case ast.IfExp(body=body, orelse=other):
                return self.raw(body, known) or self.raw(other, known)
            case ast.NamedExpr(value=value):
                return self.raw(value, known)
            case ast.ListComp(elt=made, generators=loops) | ast.GeneratorExp(elt=made, generators=loops):
                for loop in loops:
                    known = self.bound(loop.target, loop.iter, known)
                return self.raw(made, known)
            case ast.Call():
                return self._raw_call(node, known)
        return False

    def _raw_call(self, node: ast.Call, known: Known) -> bool:
        name = _name(node.func)
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        if isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
            return self.raw(node.func.value, known) or any(self.raw(one, known) for one in given)
        if name in CALLS:
            return True
        if name == "map" and node.args and _name(node.args[0]) in SAFE:
            return False
        return name in PASSING and any(self.raw(one, known) for one in given)

    def bound(self, target: ast.expr, value: ast.expr, known: Known) -> Known:
        """Return what is known once `target` has been given something out of `value`."""
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Call) and _name(value.func) in ("zip", "enumerate"):
            sources = value.args if _name(value.func) == "zip" else [ast.Constant(0), *value.args]
            for one, source in zip(target.elts, sources, strict=False):
                known = self.bound(one, source, known)
            return known
        names = {node.id for node in ast.walk(target) if isinstance(node, ast.Name)}
        return known | names if self.raw(value, known) else known - names

    def drawn(self, function: ast.AST, known: Known) -> Iterator[ast.expr]:
        """The raw texts that a function draws, given which of its names hold texts of people."""
        for node in _in_order(function):
            match node:
                case ast.Assign(targets=[target], value=value):
                    known = self.bound(target, value, known)
                case ast.AnnAssign(target=target, value=ast.expr() as value):
                    known = self.bound(target, value, known)
                case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value):
                    known = self.bound(target, value, known)
                case ast.Call():
                    yield from (given for given in self._read_as_markdown(node) if self.raw(given, known))

    def _read_as_markdown(self, call: ast.Call) -> Iterator[ast.expr]:
        """The arguments of a call that end up where Markdown is read."""
        name = _name(call.func)
        keywords = {keyword.arg: keyword.value for keyword in call.keywords}
        if isinstance(call.func, ast.Attribute):
            places = PLACES.get(name, (0,) if name in FIRST else ())
            yield from (call.args[place] for place in places if place < len(call.args))
            if name in FIRST or name in ("image", "progress", "column_config") or name.endswith("Column"):
                yield from (value for key, value in keywords.items() if key in KEYWORDS)
            if name in OPTIONS:
                words = keywords.get("format_func")
                if words is None:
                    yield from call.args[1:2]
                elif isinstance(words, ast.Lambda):
                    yield words.body
        for parameter, place in self.sinks.get(name, {}).items():
            if parameter in keywords:
                yield keywords[parameter]
            elif place < len(call.args):
                yield call.args[place]


def find_raw(sources: Mapping[str, str]) -> list[str]:
    """Return `file:line: source` for each place that draws a text of people as Markdown, of sources by file."""
    trees = {file: ast.parse(text) for file, text in sources.items()}
    functions = [n for tree in trees.values() for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
    reader = Reader()
    for _round in range(2):  # what is handed on once, and what is handed on twice
        for function in functions:
            names = [a.arg for a in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)]
            names = [name for name in names if name != "self"]
            texts = {name for name in names if any(True for _ in reader.drawn(function, frozenset({name})))}
            own = {name for name in names if any(True for _ in reader.drawn(function, frozenset()))} if texts else set()
            if found := texts - own - PARAMETERS:
                reader.sinks.setdefault(function.name, {}).update({name: names.index(name) for name in found})
    wrong = []
    for file, tree in trees.items():
        for function in [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]:
            given = {a.arg for a in function.args.args} & PARAMETERS
            wrong += [f"{file}:{node.lineno}: {ast.unparse(node)}" for node in reader.drawn(function, frozenset(given))]
    return sorted(set(wrong))


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _in_order(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes of a function in the order of the text; a comprehension's loops before what it makes."""
    children: Sequence[ast.AST] = list(ast.iter_child_nodes(node))
    if isinstance(node, ast.ListComp | ast.GeneratorExp | ast.SetComp | ast.DictComp):
        children = sorted(children, key=lambda child: not isinstance(child, ast.comprehension))
    for child in children:
        yield child
        yield from _in_order(child)
