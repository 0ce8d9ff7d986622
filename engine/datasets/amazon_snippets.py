"""Sentences from reviews of electronics, scored by people."""

from typing import Any, ClassVar

from engine.datasets.base import datasets
from engine.datasets.sources.scored_texts import ScoredTexts


@datasets.register("amazon-snippets", "Product snippets (2,943 opinions)")
class AmazonSnippets(ScoredTexts):
    """Single sentences from reviews of cameras, players and phones, positive or negative as twenty people rated each of them."""

    file: ClassVar[str] = "sentiment_amazon_snippets.tsv.gz"
    limits: ClassVar[str] = (
        "Reviews of a handful of products from about 2004; 441 sentences are tested, so one point is four sentences. "
        "59 % are positive: always saying so is right that often."
    )
    num_examples: ClassVar[int] = 2_943
    suggested: ClassVar[dict[str, Any]] = {"model": "bag-of-embeddings", "signs": True, "batch_size": 32, "epochs": 14}
