"""The page about threats names tests that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "security.md"


def test_each_threat_has_a_test_that_exists() -> None:
    rows = re.findall(r"^\| .* \|$", PAGE.read_text().split("## Where")[0], re.MULTILINE)[1:]
    assert len(rows) > 15
    for row in rows:
        named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", row)
        assert named, row
        for file, name in named:
            assert f"def {name}(" in (ROOT / file).read_text(), name
