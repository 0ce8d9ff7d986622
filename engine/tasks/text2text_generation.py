"""Text to text: any text that follows from another."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from engine.data_info import DataInfo
from engine.language.edits import character_edits
from engine.language.nearest import Nearest
from engine.language.written import Written
from engine.metrics import CHARACTER_ERRORS, EXACT_MATCH, PERPLEXITY, TOKEN_ERRORS, Metric
from engine.targets import Ragged, text_of
from engine.tasks.base import Simple, tasks
from engine.tasks.rewriting import Rewriting, rates


@tasks.register("text2text-generation", "Text to text")
class Text2TextGeneration(Rewriting):
    """Makes a text from a text: how a word is spoken, a number in words, a date in another form. Each text has one right answer."""

    metrics: ClassVar[tuple[Metric, ...]] = (EXACT_MATCH, TOKEN_ERRORS, CHARACTER_ERRORS, PERPLEXITY)
    objective: ClassVar[str] = "val_perplexity"

    def measure(self, written: Sequence[str], true: Sequence[str]) -> dict[str, float]:
        """Exact matches, and the errors in words and characters."""
        return rates(written, true)

    @classmethod
    def example_scores(cls, outputs: Any, targets: Any) -> dict[str, np.ndarray]:
        """Whether a text is right, and the share of its characters that are wrong."""
        edits = [
            character_edits(Written.unpacked(row).text, text_of(target))
            for row, target in zip(outputs, targets, strict=True)
        ]
        return {
            "exact_match": np.array([float(one.changed == 0) for one in edits]),
            "character_errors": np.array([one.rate for one in edits]),
        }

    def simple(self, inputs: np.ndarray, targets: Any, info: DataInfo) -> dict[str, Simple]:
        """The answer of the training text that is spelled most alike."""
        known = Nearest(inputs.tolist(), [text_of(target) for target in targets])

        def score(inputs: np.ndarray, targets: Any) -> Ragged:
            return Ragged.of([Written(text).packed() for text in known.answers(inputs.tolist())], np.float32)

        return {"nearest-text": score}
