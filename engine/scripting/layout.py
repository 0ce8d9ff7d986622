"""Lines of code that are not too long."""

import io
import itertools
import textwrap
import tokenize

WIDTH = 100
_OPEN, _CLOSE = "([{", ")]}"


def wrapped(statement: str, indent: str = "") -> str:
    """Return a statement of one line, broken within its outermost brackets where it is longer than `WIDTH`."""
    if len(indent) + len(statement) <= WIDTH or "\n" in statement:
        return indent + statement
    for start, end, commas in _brackets(statement):
        if not commas and end - start < WIDTH // 2:
            continue
        head, inside, tail = statement[: start + 1], statement[start + 1 : end], statement[end:]
        deeper = f"{indent}    "
        called = (
            statement[start] == "(" and start > 0 and (statement[start - 1].isalnum() or statement[start - 1] in "_)]")
        )
        if called and len(deeper) + len(inside) <= WIDTH:
            return f"{indent}{head}\n{deeper}{inside}\n{indent}{tail}"
        cuts = [start, *commas, end]
        parts = [statement[a + 1 : b].strip() for a, b in itertools.pairwise(cuts)]
        lines = [wrapped(part, deeper) + "," for part in parts if part]
        return "\n".join([indent + head, *lines, indent + tail])
    return indent + statement


def _brackets(statement: str) -> list[tuple[int, int, list[int]]]:
    """Return where the outermost brackets open and close, with the commas directly inside; those with most inside first."""
    found: list[tuple[int, int, list[int]]] = []
    depth, start, commas = 0, 0, list[int]()
    try:
        for token in tokenize.generate_tokens(io.StringIO(statement).readline):
            if token.type != tokenize.OP:
                continue
            if token.string in _OPEN:
                if depth == 0:
                    start, commas = token.start[1], []
                depth += 1
            elif token.string in _CLOSE:
                depth -= 1
                if depth == 0:
                    found.append((start, token.start[1], commas))
            elif token.string == "," and depth == 1:
                commas.append(token.start[1])
    except tokenize.TokenError:
        return []
    return sorted(found, key=lambda bracket: bracket[0] - bracket[1])


def comment(text: str, width: int = WIDTH) -> str:
    """Return any text as comment lines: whatever it contains, nothing of it is code."""
    flat = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return "\n".join(f"# {line}".rstrip() for line in textwrap.wrap(flat, width - 2) or [""])
