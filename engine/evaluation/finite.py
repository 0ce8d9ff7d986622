"""Refuse outputs that are not finite before they are evaluated."""

import numpy as np

from engine.errors import TrainyardError


def finite(outputs: np.ndarray) -> np.ndarray:
    """Return `outputs` (examples, ...) as float64. Raise `TrainyardError` when one is NaN or infinite."""
    outputs = np.asarray(outputs, dtype=np.float64)
    wrong = int((~np.isfinite(outputs)).any(axis=tuple(range(1, outputs.ndim))).sum())
    if wrong:
        raise TrainyardError(
            "The network's outputs are NaN or infinite for {wrong:,} of {outputs:,} examples, so it cannot "
            "be evaluated. Lower the learning rate, switch mixed precision off, or look for extreme values in "
            "these inputs.",
            wrong=wrong,
            outputs=len(outputs),
        )
    return outputs
