"""What the engine says in English is found in the catalog again, with the values in it, and said in another language."""

from string import Formatter
from types import ModuleType

from ui.language import catalog_texts
from ui.sentences import translate


def test_a_sentence_is_translated_with_its_values() -> None:
    said = translate("Stopped in epoch 3 of 10. The model is kept; Resume goes on from here.", "zh")
    assert "3" in said
    assert "10" in said
    assert not any(letter.isascii() and letter.isalpha() for letter in said.replace("Resume", ""))


def test_every_sentence_of_the_engine_is_found_again_whatever_its_values(messages: ModuleType) -> None:
    catalog, missed = catalog_texts("zh"), []
    for template, _place in messages._from_engine():
        names = [name for _, name, _, _ in Formatter().parse(template) if name is not None]
        values = [f"v{number}" for number in range(len(names))]
        plain = not all(name.isdigit() for name in names)  # an example of JSON, with braces of its own
        spoken = template if plain else template.format(*values)
        expected = catalog[template] if plain else catalog[template].format(*values)
        if translate(spoken, "zh") != expected:
            missed.append(template)
    assert missed == []


def test_sentences_one_after_the_other_and_below_each_other_are_each_translated() -> None:
    sentences = [
        text for text in catalog_texts("zh") if "{" not in text and text.endswith(".") and text.count(".") == 1
    ]
    one, other = sorted(sentences, key=len)[20:22]
    texts = catalog_texts("zh")
    assert translate(f"{one} {other}", "zh") == texts[one] + texts[other]
    assert translate(f"{one}\n{other}", "zh") == f"{texts[one]}\n{texts[other]}"


def test_english_and_what_is_very_long_stay_as_they_are() -> None:
    assert translate("The disk is full.", "en") == "The disk is full."
    assert translate("The disk is full. " * 1_000, "zh") == "The disk is full. " * 1_000


def test_sentences_are_told_from_logs_names_and_docstrings(messages: ModuleType) -> None:
    code = """'A docstring is no sentence.'
logger.info('A log is none %s.', 1)
raise E(f'Run {run.id} is {x:,} GB large.')
y = 'a key'
"""
    assert [text for _, text in messages.engine_sentences(code)] == ["Run {0} is {1} GB large."]
