"""The words for classical methods."""

from engine.sentences import Sentence, word

TITLES = {
    "logistic-regression": Sentence("logistic regression"),
    "logistic-regression-pixels": Sentence("logistic regression on pixels"),
    "logistic-regression-words": Sentence("logistic regression on words"),
    "logistic-regression-characters": Sentence("logistic regression on groups of letters"),
    "logistic-regression-mel-bands": Sentence("logistic regression on the loudness of mel bands"),
    "ridge-regression-pixels": Sentence("ridge regression on pixels"),
    "ridge-regression": Sentence("ridge regression"),
    "logistic-regression-last-values": Sentence("logistic regression on the last values"),
    "proposals": Sentence("the boxes of the detector that ships, all called by the most frequent class"),
    "popularity": Sentence("what is chosen most often"),
    "item-knn": Sentence("what is chosen by the same people"),
    "seasonal-naive": Sentence("the values of one season before"),
    "gradient-boosting": Sentence("gradient boosted trees"),
    "nearest-text": Sentence("the answer of the most similar text"),
    "word-by-word": Sentence("word by word with a learned lexicon"),
    "nearest-title": Sentence("the summary of the most similar text"),
    "first-sentence": Sentence("the first sentence"),
    "mean-of-the-class": Sentence("the mean picture of the class"),
    "principal-components": Sentence("random mixtures of the principal components of the class"),
    "central-sentence": Sentence("the sentence that says most of the text"),
    "extractive": Sentence("a learned choice of one sentence"),
}
"""Titles of methods inside a sentence."""


def title_of(name: str) -> Sentence:
    """Return the words for a method; a name that nobody knows is written without its hyphens."""
    return TITLES.get(name) or word(name.replace("-", " "))
