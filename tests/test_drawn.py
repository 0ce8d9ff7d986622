"""No page draws a text of people as Markdown without `plain_label`: found by reading the sources."""

from pathlib import Path

import pytest

from tests.drawn import find_raw

ROOT = Path(__file__).resolve().parents[1]


def test_no_page_draws_a_text_of_people_as_markdown() -> None:
    sources = {
        str(file.relative_to(ROOT)): file.read_text()
        for room in ("ui", "pages")
        for file in (ROOT / room).rglob("*.py")
    }
    assert find_raw(sources) == [], (
        "draw it with plain_label (docs/extending.md says which function is for which place)"
    )


@pytest.mark.parametrize(
    "drawn",
    [
        "st.caption(run.owner)",
        "st.caption(_('by {owner}').format(owner=run.owner))",
        "st.metric(_('Prediction'), str(values['label']))",
        "for label in info.labels:\n        st.button(label[:14], key='k')",
        "words = f'of {study.name}'\n    st.info(words)",
        "names = ', '.join(found.rare[:10])\n    box.warning(names)",
        "st.pills(_('Listen'), info.labels)",
        "st.pills(_('Listen'), keys, format_func=lambda k: info.labels[k])",
        "st.image(picture, caption=file.name)",
        "say(problem.reason)",
        "st.column_config.TextColumn(_('x'), help=column.name)",
    ],
)
def test_what_is_drawn_raw_is_found(drawn: str) -> None:
    source = f"def draw(run, values, info, study, found, problem, file, box, column, keys, picture):\n    {drawn}\n"
    helper = "def say(words):\n    st.warning(words)\n"
    assert len(find_raw({"page.py": source + helper})) == 1


@pytest.mark.parametrize(
    "drawn",
    [
        "st.caption(plain_label(run.owner))",
        "st.caption(_('by {owner}').format(owner=plain_label(run.owner)))",
        "st.metric(_('Classes'), len(info.labels))",
        "st.metric(_('Share'), f\"{values['label']:.1%}\")",
        "st.selectbox(_('Class'), info.labels)",
        "st.pills(_('Listen'), info.labels, format_func=plain_label)",
        "say(said(problem.reason))",
        "st.text(run.owner)",
    ],
)
def test_what_is_kept_from_being_read_is_not(drawn: str) -> None:
    source = f"def draw(run, values, info, study, found, problem):\n    {drawn}\n"
    assert find_raw({"page.py": source + "def say(words):\n    st.warning(words)\n"}) == []
