"""The embedded texts: clear opinions, true languages, and no text in two splits."""

import html

import numpy as np
import pytest

from engine.datasets.base import datasets
from engine.datasets.phrase_languages import LANGUAGES
from engine.models.base import models
from engine.runs import RunSpec
from engine.tasks.base import tasks

TEXTS = [name for name in datasets if datasets[name].tasks == ("text-classification",)]
SCORED = ["movie-snippets", "amazon-snippets", "tweets"]


def test_the_films_are_the_default_of_the_task() -> None:
    spec = RunSpec.build({"task": "text-classification"})
    assert spec.dataset.name == "movie-snippets"
    assert next(name for name in models if "text" in models[name].modalities) == "lstm"


@pytest.mark.parametrize("name", TEXTS)
def test_what_it_suggests_is_what_a_run_gets(name: str) -> None:
    spec = RunSpec.build({"dataset": name})
    values = spec.values() | {"model": spec.model.name}
    suggested = dict(datasets[name].suggested)
    suggested |= {key: value for key, value in spec.model.suggested.items() if key in suggested}  # it knows better
    assert {key: values[key] for key in suggested} == suggested


@pytest.mark.parametrize("name", [n for n in TEXTS if datasets[n].embedded and datasets[n].ready()])
def test_every_text_has_words_and_stands_in_its_own_script(name: str) -> None:
    inputs = datasets[name]().load().inputs
    assert inputs.dtype == object
    assert all(isinstance(text, str) and text.strip() == text != "" for text in inputs)
    assert not any("\ufffd" in text or "&amp;" in text or html.unescape(text) != text for text in inputs)


@pytest.mark.parametrize(
    ("name", "positive"), [("movie-snippets", 4_982), ("amazon-snippets", 1_725), ("tweets", 2_300)]
)
def test_opinions_are_clear_ones(name: str, positive: int) -> None:
    examples = datasets[name]().load()
    assert examples.labels == ("negative", "positive")
    assert examples.targets.sum() == positive
    assert len(examples.inputs) == datasets[name].num_examples


def test_the_same_sentence_is_never_trained_and_tested_on() -> None:
    examples = datasets["movie-snippets"]().load()
    assert examples.groups is not None
    twice = [text for text in set(examples.inputs) if (examples.inputs == text).sum() > 1]
    for text in twice:
        assert len(set(examples.groups[examples.inputs == text])) == 1
    assert len(set(examples.groups)) == len(set(examples.inputs))


def test_all_translations_of_a_phrase_stay_together() -> None:
    examples = datasets["phrase-languages"]().load()
    assert examples.labels == tuple(LANGUAGES.values())
    assert examples.groups is not None
    of_bananas = examples.groups[examples.inputs == "Eine Banane."]
    together = examples.inputs[np.isin(examples.groups, of_bananas)].tolist()
    assert {"Eine Banane.", "Une banane."} <= set(together)
    languages = examples.targets[np.isin(examples.groups, of_bananas)]
    assert len(languages) == len(set(languages)) > 10


def test_a_chinese_phrase_is_chinese() -> None:
    examples = datasets["phrase-languages"]().load()
    chinese = examples.inputs[examples.targets == examples.labels.index("Chinese")]
    assert np.mean([any("\u4e00" <= letter <= "\u9fff" for letter in text) for text in chinese]) > 0.95


def test_texts_are_a_task() -> None:
    assert tasks["text-classification"].modality == "text"
