"""The choice of the next token from the probabilities of all."""

import numpy as np


def choose(
    probabilities: np.ndarray, rng: np.random.Generator, *, temperature: float, top_k: int = 0, top_p: float = 1.0
) -> np.ndarray:
    """Return for each row of `probabilities` (batch, tokens) the index of one token (batch,) int64.

    `temperature` 0 takes the likeliest. Otherwise tokens are drawn: with the probabilities raised to 1 / temperature, from the
    `top_k` likeliest only (0: from all), and of these from the fewest that together have at least `top_p` (nucleus sampling,
    Holtzman et al. 2020, https://arxiv.org/abs/1904.09751).
    """
    if temperature == 0:
        return np.asarray(probabilities.argmax(axis=1))
    logs = np.log(np.maximum(probabilities.astype(np.float64), 1e-30)) / temperature
    order = np.argsort(-logs, axis=1, kind="stable")
    if top_k:
        order = order[:, :top_k]
    weights = np.exp(np.take_along_axis(logs, order, axis=1) - logs.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    before = np.cumsum(weights, axis=1) - weights
    weights[before >= top_p] = 0
    ends = np.cumsum(weights, axis=1)
    drawn = rng.random((len(weights), 1)) * ends[:, -1:]
    places = np.minimum((ends <= drawn).sum(axis=1), weights.shape[1] - 1)
    return np.asarray(np.take_along_axis(order, places[:, None], axis=1)[:, 0])
