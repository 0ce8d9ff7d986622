"""Sentences from film reviews, scored by people: the textbook's sentiment task in small."""

from typing import Any, ClassVar

from engine.datasets.base import datasets
from engine.datasets.sources.scored_texts import ScoredTexts


@datasets.register("movie-snippets", "Movie snippets (10,043 opinions)")
class MovieSnippets(ScoredTexts):
    """Single sentences from film reviews, each rated positive or negative by twenty people."""

    file: ClassVar[str] = "sentiment_movie_snippets.tsv.gz"
    limits: ClassVar[str] = (
        "Critics write in English, wittily and about films: what is learned here says little about "
        "tweets or products. Sentences on which the annotators disagreed are left out, which makes "
        "it easier than real life."
    )
    num_examples: ClassVar[int] = 10_043
    suggested: ClassVar[dict[str, Any]] = {"model": "bag-of-embeddings", "word_dropout": 0.3}
