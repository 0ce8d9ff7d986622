"""What a file holds for a network."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Decoded:
    """Inputs of one file, under the names that their results have, and what is wrong with those that are unusable."""

    names: tuple[str, ...]
    """Of everything that gets a result, in order."""
    inputs: np.ndarray
    """(usable, ...): the inputs of all names that have no error, in the same order."""
    errors: Mapping[int, str] = field(default_factory=dict)
    """Position in `names` -> a sentence."""
