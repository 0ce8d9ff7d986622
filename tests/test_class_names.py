"""Classes of embedded datasets are called in the language of the page; labels stay what they are everywhere else."""

from pathlib import Path

import pytest

from engine.datasets.base import datasets
from engine.datasets.stored.base import OwnDataset
from engine.preparation.prepare import prepare
from engine.sentences import Sentence, counted, joined
from ui import class_names, language
from ui.language import LANGUAGES
from ui.predictions import renderer_for

NAMED = [name for name in datasets if datasets[name].class_words]
IDENTITIES = {"emoji-styles"}
"""Datasets of things to be told apart, by the hundreds, under the names that Unicode has for them: no answer is one of them."""


@pytest.fixture
def chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page is in Chinese."""
    monkeypatch.setattr(class_names, "language", lambda: "zh")
    monkeypatch.setattr(language, "language", lambda: "zh")


@pytest.mark.parametrize(
    "name", [n for n in datasets if datasets[n].embedded and datasets[n].num_classes and n not in IDENTITIES]
)
def test_every_embedded_class_with_a_name_has_one_in_each_language(name: str) -> None:
    labels = [label for label in datasets[name]().load().labels if not label.isdigit()]
    for code in set(LANGUAGES) - {"en"}:
        words = datasets[name].class_words.get(code, {})
        assert set(words) >= set(labels)
        assert len(set(words.values())) == len(words), "two bars of one name"


def test_people_s_own_labels_are_never_translated(chinese: None) -> None:
    own = [name for name in datasets if issubclass(datasets[name], OwnDataset)]
    assert own
    assert not set(own) & set(NAMED)
    assert class_names.class_name("folder", "Shirt") == "Shirt"
    assert class_names.class_name("not here any more", "Shirt") == "Shirt"


def test_a_class_is_named_where_it_is_drawn_and_not_in_files(chinese: None) -> None:
    values = {"label": "Shirt", "probability": 0.9, "probabilities": {"Shirt": 0.9, "Coat": 0.1}}
    renderer = renderer_for("classes", "fashion")
    assert renderer.text(values).startswith("衬衫")
    assert renderer.probe(values, "Shirt") == ("衬衫 90%", "right")
    assert renderer.shown(renderer.row(values))["label"] == "衬衫"
    assert renderer.row(values)["label"] == "Shirt"
    assert renderer_for("classes").text(values).startswith("Shirt")


def test_examples_of_a_dataset_are_described_with_names(chinese: None, home: Path) -> None:
    prepared = prepare(datasets["penguins"]())
    assert class_names.described(prepared, 0) == "阿德利企鹅"
    assert class_names.names_of(prepared) == ["阿德利企鹅", "帽带企鹅", "巴布亚企鹅"]
    assert prepared.describe(0) == "Adelie"


def test_the_classes_in_a_sentence_are_named_and_its_words_stay(chinese: None) -> None:
    inner = counted("{count} {one}", "{count} {one}s", count=2, one="Coat")
    sentence = Sentence("It takes “{one}” for: {more}", one="Shirt", more=joined([inner, "Bag"]))
    assert class_names.with_class_names(sentence, "fashion") == "It takes “衬衫” for: 2 外套s 包"
