"""Bases of the networks that write: each token of a text is predicted from those before it."""

from typing import TYPE_CHECKING, ClassVar

from engine.language.reader import Reads
from engine.language.rewriter import Rewrites
from engine.models.base import TaskModel

if TYPE_CHECKING:
    import numpy as np


class TokenModel(TaskModel):
    """Reads texts as ids, which the task makes of them."""

    modalities: ClassVar[tuple[str, ...]] = ("text",)

    def lengths(self, features: "np.ndarray") -> "np.ndarray":
        """Return how many ids of each row (examples, longest) are not padding."""
        import numpy as np

        return np.asarray(np.count_nonzero(features, axis=1))


class LanguageModel(TokenModel, Reads):
    """Goes on with a text."""


class PairModel(TokenModel, Rewrites):
    """Makes a text from a text."""
