"""Sentences from reviews of electronics, scored by people."""

from typing import Any, ClassVar

from engine.datasets.base import datasets
from engine.datasets.sources.scored_texts import ScoredTexts


@datasets.register("amazon-snippets", "Product snippets (2,943 opinions)")
class AmazonSnippets(ScoredTexts):
    """Single sentences from reviews of cameras, players and phones, each rated positive or negative by twenty people."""

    file: ClassVar[str] = "sentiment_amazon_snippets.tsv.gz"
    limits: ClassVar[str] = (
        "Reviews of a handful of products from about 2004; the test split has 441 sentences, so one "
        "point is four sentences. 59 % are positive, so always answering 'positive' is right 59 % of "
        "the time."
    )
    num_examples: ClassVar[int] = 2_943
    suggested: ClassVar[dict[str, Any]] = {"model": "bag-of-embeddings", "signs": True, "batch_size": 32, "epochs": 14}
