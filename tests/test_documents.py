"""The documents that the app shows: the same headings in both languages, anchors that metrics and rules lead to, files that ship."""

import ast
import re
from pathlib import Path

import pytest

from engine.metrics import STANDARD
from tests.pages.opening import open_page, words
from ui.documents import DOCS, DOCUMENTS, Part, anchor_of, parse, with_links

ROOT = DOCS.parent
TRANSLATED = sorted(path.name for path in (DOCS / "zh").glob("*.md"))


def parts(path: Path) -> list[Part]:
    """The parts of one file."""
    return list(parse(path.read_text(encoding="utf-8")))


def test_guide_and_formulas_are_translated() -> None:
    assert TRANSLATED == ["formulas.md", "guide.md"]


@pytest.mark.parametrize("name", TRANSLATED)
def test_a_translation_has_the_headings_anchors_pictures_and_formulas_of_its_original(name: str) -> None:
    english, chinese = parts(DOCS / name), parts(DOCS / "zh" / name)

    def outline(found: list[Part]) -> list[tuple[int, str]]:
        return [(part.heading.level, part.heading.anchor) for part in found]

    assert outline(chinese) == outline(english)
    for one, other in zip(english, chinese, strict=True):
        pictures = [
            [picture.file for p in part.content if isinstance(p, tuple) for picture in p] for part in (one, other)
        ]
        assert pictures[0] == pictures[1], one.heading.title
        formulas = [
            re.findall(r"\$\$\n.*?\n\$\$", "".join(p for p in part.content if isinstance(p, str)), re.DOTALL)
            for part in (one, other)
        ]
        assert formulas[0] == formulas[1], one.heading.title
        rows = [
            sum(line.startswith("|") for p in part.content if isinstance(p, str) for line in p.splitlines())
            for part in (one, other)
        ]
        assert rows[0] == rows[1], one.heading.title


@pytest.mark.parametrize("name", [*DOCUMENTS])
def test_no_two_headings_of_a_document_share_an_anchor(name: str) -> None:
    anchors = [part.heading.anchor for part in parts(DOCS / f"{name}.md")]
    assert len(anchors) == len(set(anchors))


def test_every_metric_and_every_rule_leads_to_a_heading_of_the_formulas() -> None:
    known = {part.heading.anchor for part in parts(DOCS / "formulas.md")}
    assert {metric.anchor for metric in STANDARD} <= known
    rules = [ROOT / "engine" / "advice" / f"{name}.py" for name in ("course", "results", "findings")]
    wanted = {
        text.value
        for path in rules
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Finding"
        for text in call.args[-1:]
        if isinstance(text, ast.Constant)
    }
    assert {"what-to-try-next", *wanted} <= known
    assert len(wanted) > 5


def test_displayed_formulas_stand_between_lines_of_their_own() -> None:
    for path in (DOCS / "formulas.md", DOCS / "zh" / "formulas.md"):
        assert all(line.strip() == "$$" for line in path.read_text().splitlines() if "$$" in line)


def test_what_the_app_reads_ships_with_the_image() -> None:
    listed = (ROOT / ".dockerignore").read_text().splitlines()
    assert {"!docs/*.md", "!docs/zh/", "!docs/pictures/"} <= set(listed)


def test_a_fence_of_code_holds_no_headings() -> None:
    assert [part.heading.title for part in parse("# A\n```\n# no\n```\n## B\n")] == ["A", "B"]


def test_links_lead_to_the_learn_page_and_out_of_it_only_to_the_web() -> None:
    text = (
        "[a](formulas.md#accuracy) [b](#here) [c](https://arxiv.org/abs/1) [d](decisions/0001-x.md) [e](../models.md)"
    )
    assert with_links(text, "guide") == (
        "[a](learn?read=formulas#accuracy) [b](#here) [c](https://arxiv.org/abs/1) d [e](learn?read=models)"
    )


def test_anchors_are_those_of_github() -> None:
    assert anchor_of("Precision, recall and F1") == "precision-recall-and-f1"


@pytest.mark.parametrize("name", [*DOCUMENTS])
def test_every_document_is_drawn_with_all_its_headings(name: str) -> None:
    at = open_page("learn", read=name)
    drawn = words(at)
    for part in parts(DOCS / f"{name}.md")[1:]:
        assert part.heading.title in drawn
    assert "pictures/" not in drawn
    assert ".md)" not in drawn


def test_the_page_is_in_the_language_of_the_session_with_the_same_anchors() -> None:
    at = open_page("learn", read="formulas", lang="zh")
    assert "准确率" in [header.value for header in at.subheader]
    assert "accuracy" in [header.proto.anchor for header in at.subheader]
    assert "learn?read=models&lang=zh" in words(at)
    assert "本页只有英文版" in words(open_page("learn", read="models", lang="zh"))


@pytest.mark.parametrize("asked", ["../README", "decisions/0001", "/etc/passwd", "", "nothing"])
def test_an_address_can_ask_for_no_other_file(asked: str) -> None:
    at = open_page("learn", read=asked)
    assert at.header[0].value == "Start"
