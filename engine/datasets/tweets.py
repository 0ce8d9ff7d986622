"""Short messages of the early Twitter, scored by people."""

from typing import Any, ClassVar

from engine.datasets.base import datasets
from engine.datasets.sources.scored_texts import ScoredTexts


@datasets.register("tweets", "Tweets (3,362 moods)")
class Tweets(ScoredTexts):
    """Messages of at most 140 characters, each rated positive or negative by twenty people."""

    file: ClassVar[str] = "sentiment_tweets.tsv.gz"
    limits: ClassVar[str] = (
        "English of about 2010, names replaced by @anonymous; 68 % are positive, so always answering "
        "'positive' is right 68 % of the time."
    )
    num_examples: ClassVar[int] = 3_362
    suggested: ClassVar[dict[str, Any]] = {"model": "textcnn", "signs": True, "embedding": "glove", "epochs": 8}
