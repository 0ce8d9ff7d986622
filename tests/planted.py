"""Names that would be read as something else, were they not kept from it: for tests of whatever shows names of people."""

PORT = "PORT"
PICTURE = "![x](http://127.0.0.1:PORT/i.png)"
NAMES = (
    PICTURE, "[a](http://127.0.0.1:PORT/a)", "<img src=http://127.0.0.1:PORT/h>", "***", "_a_", "# h", "1. one",
    "- item", "`c`", "~~gone~~", "$\\href{http://127.0.0.1:PORT/m}{y}$", "$x^2$", ":material/home:", ":material_home:",
    ":smile:", ":streamlit:", ":red[hot]", "&lt;b&gt;", "a -> b", "x >= 2", "a -- b", "<b>bold</b>",
    '<a href="http://127.0.0.1:PORT/p">p</a>', "%{x} of %{y}", "http://127.0.0.1:PORT/w", "www.example.org", "me@example.org",
    "a | b", "\\*", "a_b", "12:30:15", "> said", "=====", "[^1]", "Run: it", "大 <小>",
)  # fmt: skip
"""What people may call a class, a column, a file, a dataset or a study."""


def planted(port: int) -> list[str]:
    """Return the names, those with an address at `port` of this machine."""
    return [name.replace(PORT, str(port)) for name in NAMES]
