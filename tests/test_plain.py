"""People's texts as they are shown: no markup in them takes effect, nothing is hidden, and long ones are cut."""

import pytest

from tests.planted import NAMES
from ui.charts.figures import short_names
from ui.plain import LONGEST, chart_text, plain_label, plain_text

JOINER = "\N{WORD JOINER}"


@pytest.mark.parametrize("name", NAMES)
def test_markdown_loses_nothing_but_its_meaning(name: str) -> None:
    label = plain_label(name)
    assert plain_text(label.replace(JOINER, "").replace("\\", "")) == name.replace("\\", "")


@pytest.mark.parametrize(
    "name", ["setosa", "a_b", "val_loss", "12.5", "-5", "A & B", "x < 3", "it's (8)", "Run: it", "大"]
)
def test_what_means_nothing_stays_as_it_is(name: str) -> None:
    assert plain_label(name) == name


def test_signs_that_hide_or_turn_others_are_seen_or_gone() -> None:
    assert plain_text("a\u202egpj.exe") == "a\ufffdgpj.exe"
    assert plain_text("a\x00b\x1b[31m") == "a\ufffdb\ufffd[31m"
    assert plain_text("pay\u200bpal\ufeff") == "paypal"
    assert plain_text("half \ud800") == "half \ufffd"
    assert plain_text("می\u200cخواهم 👩\u200d🔬") == "می\u200cخواهم 👩\u200d🔬"
    assert plain_text("\u200b\u2060") == "\ufffd", "a name of nothing that is seen is still a name"
    assert plain_text("two\nlines\u2028and\ttabs") == "two lines and tabs"


def test_texts_of_any_length_are_short() -> None:
    assert len(plain_text("x" * 10_000_000)) == LONGEST
    assert plain_label("*" * 100, 10) == r"\*" * 9 + "…"


def test_charts_read_no_tags_no_formulas_and_no_gaps() -> None:
    assert not set(chart_text("<b>&amp; $x$ %{y}")) & set("<>$%")
    assert short_names(["<i>", "<i>"]) == ["&#60;i&#62; 0", "&#60;i&#62; 1"]
