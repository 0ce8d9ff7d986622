"""Losses of embeddings, on batches of pairs: pictures of one identity shall be near each other, all others far.

`scores` are (batch, 2, width + classes): the embeddings of both pictures, of length 1, and for ArcFace their cosines with the
centre of each identity of the training split. `targets` are (batch, 2): identity, and its index among these; -1 for none.
"""

from typing import Any

NEGATIVES = 126
"""The others in a batch of 64 pairs. They are weighed as if there were always so many, so that losses of batches of any size, such as
those of training and validation, can be compared."""


def nt_xent(targets: Any, embeddings: Any, temperature: float) -> Any:
    """Normalised temperature-scaled cross-entropy (Chen et al. 2020): find the partner among others. -> (batch,)."""
    from keras import ops

    together, same, partner = _compared(targets, embeddings)
    cosines = ops.matmul(together, ops.transpose(together)) / temperature
    return _both(_cross_entropy(ops.sum(cosines * partner, axis=1), cosines, 1 - same, NEGATIVES))


def triplet(targets: Any, embeddings: Any, margin: float) -> Any:
    """Mean over the others that are not farther than the partner by `margin` (Hermans et al. 2017). -> (batch,)."""
    from keras import ops

    together, same, partner = _compared(targets, embeddings)
    apart = ops.sqrt(ops.maximum(2 - 2 * ops.matmul(together, ops.transpose(together)), 1e-6))
    wrong = ops.relu(ops.sum(apart * partner, axis=1, keepdims=True) + margin - apart) * (1 - same)
    return _both(ops.sum(wrong, axis=1) / ops.maximum(ops.sum(ops.cast(wrong > 0, "float32"), axis=1), 1))


def arcface(targets: Any, scores: Any, width: int, margin: float, scale: float) -> Any:
    """Classify identities, the angle to the true one enlarged by `margin` (Deng et al. 2019). -> (batch,).

    Identities that training does not know, as those of the validation split, have no centre: their pictures have to
    find their partners among the others.
    """
    from keras import ops

    embeddings, cosines = scores[..., :width], scores[..., width:]
    classes = cosines.shape[-1]
    known = ops.one_hot(ops.cast(targets[:, 1], "int32"), classes)[:, None, :]
    cosines = ops.clip(cosines, -1 + 1e-6, 1 - 1e-6)
    true = ops.sum(cosines * known, axis=-1)
    nearer = ops.cos(ops.minimum(ops.arccos(true) + margin, 3.14159265))
    wrong = ops.exp(scale * (cosines - 1)) * (1 - known)
    right = ops.exp(scale * (nearer - 1))
    loss = ops.mean(ops.log(right + ops.sum(wrong, axis=-1)) - scale * (nearer - 1), axis=1)
    return ops.where(targets[:, 1] < 0, nt_xent(targets, embeddings, 1 / scale), loss)


def farther_share(targets: Any, embeddings: Any) -> Any:
    """Share of the other pictures in the batch that are farther than the partner. -> (batch,)."""
    from keras import ops

    together, same, partner = _compared(targets, embeddings)
    cosines = ops.matmul(together, ops.transpose(together))
    nearer = ops.cast(cosines < ops.sum(cosines * partner, axis=1, keepdims=True), "float32") * (1 - same)
    return _both(ops.sum(nearer, axis=1) / ops.maximum(ops.sum(1 - same, axis=1), 1))


def _compared(targets: Any, embeddings: Any) -> tuple[Any, Any, Any]:
    """(batch, 2, width) -> all first pictures, then all second ones (2 batch, width); who shows the same, and who is
    whose partner, (2 batch, 2 batch) each."""
    from keras import ops

    together = ops.concatenate([embeddings[:, 0], embeddings[:, 1]], axis=0)
    identities = ops.concatenate([targets[:, 0], targets[:, 0]], axis=0)
    same = ops.cast(identities[:, None] == identities[None, :], "float32")
    numbers = ops.cumsum(ops.ones_like(targets[:, 0]), axis=0)
    first, second = ops.concatenate([numbers, -numbers], axis=0), ops.concatenate([-numbers, numbers], axis=0)
    return together, same, ops.cast(first[:, None] == second[None, :], "float32")


def _cross_entropy(partner: Any, cosines: Any, others: Any, count: int) -> Any:
    """Minus the logarithm of the partner's probability, the others weighed as if they were `count`."""
    from keras import ops

    highest = ops.stop_gradient(ops.max(cosines, axis=1, keepdims=True))
    present = ops.maximum(ops.sum(others, axis=1), 1)
    wrong = ops.sum(ops.exp(cosines - highest) * others, axis=1) * count / present
    return ops.log(ops.exp(partner - highest[:, 0]) + wrong + 1e-20) - (partner - highest[:, 0])


def _both(of_pictures: Any) -> Any:
    """(2 batch,) -> (batch,): the mean of both pictures of a pair."""
    from keras import ops

    return ops.mean(ops.reshape(of_pictures, (2, -1)), axis=0)
