"""Summarization: a long text in a few words."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, ClassVar

import numpy as np

from engine.data_info import DataInfo
from engine.language.sentences import Central, Extractive, Titles, plain_words, sentences_of
from engine.language.written import Written
from engine.metrics import PERPLEXITY, ROUGE_1, ROUGE_2, ROUGE_L, Metric
from engine.targets import Ragged, text_of
from engine.tasks.base import Simple, tasks
from engine.tasks.rewriting import Rewriting

_KINDS = {"rouge1": "rouge1", "rouge2": "rouge2", "rouge_l": "rougeL"}


@tasks.register("summarization", "Summarization")
class Summarization(Rewriting):
    """Says a long text in a few words. It is measured by the words that it shares with the true summary."""

    metrics: ClassVar[tuple[Metric, ...]] = (ROUGE_L, ROUGE_1, ROUGE_2, PERPLEXITY)
    objective: ClassVar[str] = "val_perplexity"
    shared: ClassVar[bool] = True

    def measure(self, written: Sequence[str], true: Sequence[str]) -> dict[str, float]:
        """ROUGE as rouge-score defines it, on words, and on characters of scripts without spaces. ROUGE-L first: networks and simple
        methods are compared by it."""
        found = rouges(written, true)
        return {name: float(np.mean(found[name])) for name in self.metric_names() if name in found}

    @classmethod
    def example_scores(cls, outputs: Any, targets: Any) -> dict[str, np.ndarray]:
        """The same of each text."""
        written = [Written.unpacked(row).text for row in outputs]
        return rouges(written, [text_of(target) for target in targets])

    def simple(self, inputs: np.ndarray, targets: Any, info: DataInfo) -> dict[str, Simple]:
        """The first sentence, the one that says most of the text, the one that is most like a summary, and the summary of the
        most similar training text."""
        texts, true = inputs.tolist(), [text_of(target) for target in targets]
        central, chosen, titles = Central(texts), Extractive(texts, true), Titles(texts, true)
        return {
            "nearest-title": _answering(titles.titles),
            "first-sentence": _answering(lambda texts: [sentences_of(text)[0] for text in texts]),
            "central-sentence": _answering(lambda texts: [central.sentence(text) for text in texts]),
            "extractive": _answering(lambda texts: [chosen.sentence(text) for text in texts]),
        }


def rouges(written: Sequence[str], true: Sequence[str]) -> dict[str, np.ndarray]:
    """Return the F1 of each pair of texts by metric."""
    scores = [_scorer().score(other, one) for one, other in zip(written, true, strict=True)]
    return {name: np.array([score[kind].fmeasure for score in scores], np.float64) for name, kind in _KINDS.items()}


def _answering(summarized: Callable[[list[str]], list[str]]) -> Simple:
    def score(inputs: np.ndarray, targets: Any) -> Ragged:
        return Ragged.of([Written(text).packed() for text in summarized(inputs.tolist())], np.float32)

    return score


class _Words:
    """Words as rouge-score asks for them: its own are those of the Latin alphabet."""

    def tokenize(self, text: str) -> list[str]:
        """Return words in small letters, without punctuation."""
        return plain_words(text)


@cache
def _scorer() -> Any:
    from rouge_score.rouge_scorer import RougeScorer

    return RougeScorer(list(_KINDS.values()), tokenizer=_Words())
