"""Refuse outputs that are no numbers, before they become a judgement."""

import numpy as np

from engine.errors import TrainyardError


def finite(outputs: np.ndarray) -> np.ndarray:
    """`outputs` (examples, ...) as float64. Raises `TrainyardError` when one is NaN or infinite."""
    outputs = np.asarray(outputs, dtype=np.float64)
    wrong = int((~np.isfinite(outputs)).any(axis=tuple(range(1, outputs.ndim))).sum())
    if wrong:
        raise TrainyardError(
            "The network's outputs are NaN or infinite for {wrong:,} of {outputs:,} examples, so it cannot "
            "be judged. Lower the learning rate, switch mixed precision off, or look for extreme values in "
            "these inputs.",
            wrong=wrong,
            outputs=len(outputs),
        )
    return outputs
