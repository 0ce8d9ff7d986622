"""Classes of the datasets that ship with Trainyard, as they are called in the language of the page.

A label stays what it is in the store, in answers of the API, in files and in what can be downloaded: it is named where it is
drawn, and nowhere else. People's own labels are never translated.
"""

from engine.datasets.base import datasets
from engine.preparation.prepare import PreparedDataset
from engine.sentences import Sentence, changed
from ui.language import language


def class_name(dataset: str, label: str) -> str:
    """Return what a class of a dataset is called; any other text stays as it is."""
    words = datasets[dataset].class_words if dataset in datasets else {}
    return words.get(language(), {}).get(label, label)


def names_of(prepared: PreparedDataset) -> list[str]:
    """Return what the classes of a prepared dataset are called, in its order."""
    return [class_name(prepared.dataset, label) for label in prepared.info.labels]


def described(prepared: PreparedDataset, position: int) -> str:
    """Return one line that says what the target of an example is."""
    return class_name(prepared.dataset, prepared.describe(position))


def with_class_names(sentence: Sentence, dataset: str) -> Sentence:
    """Return a sentence about a run with the classes in it as they are called."""
    return changed(sentence, lambda text: class_name(dataset, text))
