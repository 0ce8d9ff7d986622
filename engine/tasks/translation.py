"""Translation: the same in another language."""

from collections.abc import Sequence
from functools import cache
from typing import Any, ClassVar

import numpy as np

from engine.data_info import DataInfo
from engine.language.lexicon import Lexicon
from engine.language.vocabulary import split_for
from engine.language.written import Written
from engine.metrics import BLEU, CHRF, PERPLEXITY, Metric
from engine.targets import Ragged, text_of
from engine.tasks.base import Simple, tasks
from engine.tasks.rewriting import Rewriting


@tasks.register("translation", "Translation")
class Translation(Rewriting):
    """Says a text in another language. Many translations are right: what is nearly the given one counts for something."""

    metrics: ClassVar[tuple[Metric, ...]] = (CHRF, BLEU, PERPLEXITY)
    objective: ClassVar[str] = "val_perplexity"

    def measure(self, written: Sequence[str], true: Sequence[str]) -> dict[str, float]:
        """ChrF and BLEU, as sacrebleu defines them."""
        import sacrebleu

        cut = "char" if split_for(true) == "characters" else "13a"
        bleu = sacrebleu.BLEU(tokenize=cut).corpus_score(list(written), [list(true)]).score
        return {"chrf": _chrf().corpus_score(list(written), [list(true)]).score, "bleu": bleu}

    @classmethod
    def example_scores(cls, outputs: Any, targets: Any) -> dict[str, np.ndarray]:
        """ChrF of each text alone; BLEU says nothing about a single one."""
        pairs = zip(outputs, targets, strict=True)
        scores = [_chrf().sentence_score(Written.unpacked(row).text, [text_of(target)]).score for row, target in pairs]
        return {"chrf": np.array(scores, np.float64)}

    def simple(self, inputs: np.ndarray, targets: Any, info: DataInfo) -> dict[str, Simple]:
        """Each word alone, as a lexicon says that is learned from the training pairs."""
        lexicon = Lexicon(inputs.tolist(), [text_of(target) for target in targets])

        def score(inputs: np.ndarray, targets: Any) -> Ragged:
            return Ragged.of([Written(lexicon.translate(text)).packed() for text in inputs], np.float32)

        return {"word-by-word": score}


@cache
def _chrf() -> Any:
    import sacrebleu

    return sacrebleu.CHRF()
