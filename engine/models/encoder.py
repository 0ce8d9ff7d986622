"""The layers of BERT with their pretrained weights, block by block, so that a network can be cut anywhere."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.models.presets import WEIGHTS, EncoderShape, Preset
from engine.readers.safetensors import read_safetensors

if TYPE_CHECKING:
    import keras

PADDING = 0
_EPSILON = 1e-12
_DENSE = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "attention": "attention.output.dense",
    "expand": "intermediate.dense",
    "project": "output.dense",
}
_NORMS = {"attention_norm": "attention.output.LayerNorm", "norm": "output.LayerNorm"}


@dataclass(frozen=True)
class Encoder:
    """Devlin et al. 2018, https://arxiv.org/abs/1810.04805."""

    shape: EncoderShape

    def embed(self, ids: Any) -> Any:
        """Ids (batch, longest) int32 -> (batch, longest, width), never trained."""
        from keras import layers, ops

        place = ops.cumsum(ops.ones_like(ids), axis=1) - 1
        embed = partial(layers.Embedding, output_dim=self.shape.width, trainable=False)
        x = embed(self.shape.vocabulary, name="pieces")(ids) + embed(self.shape.positions, name="positions")(place)
        return layers.LayerNormalization(epsilon=_EPSILON, trainable=False, name="embed_norm")(x)

    def block(self, x: Any, ids: Any, number: int, trainable: bool = False, lora_rank: int = 0) -> Any:
        """(batch, longest, width) -> the same. With `lora_rank`, of queries and values only small matrices are trained."""
        from keras import layers, ops

        width, heads = self.shape.width, self.shape.heads
        whole = trainable and not lora_rank
        dense = partial(layers.Dense, trainable=whole)
        norm = partial(layers.LayerNormalization, epsilon=_EPSILON, trainable=whole)
        changed = {"trainable": trainable, "lora_rank": lora_rank} if trainable and lora_rank else {}
        name = f"block{number}"
        query = dense(width, name=f"{name}_query", **changed)(x)
        key = dense(width, name=f"{name}_key")(x)
        value = dense(width, name=f"{name}_value", **changed)(x)
        seen = ops.expand_dims(ops.not_equal(ids, PADDING), (1, 2))
        split = layers.Reshape((-1, heads, width // heads), name=f"{name}_heads")
        found = ops.dot_product_attention(split(query), split(key), split(value), mask=seen)
        found = layers.Reshape((-1, width), name=f"{name}_joined")(found)
        x = norm(name=f"{name}_attention_norm")(x + dense(width, name=f"{name}_attention")(found))
        y = dense(self.shape.hidden, activation="gelu", name=f"{name}_expand")(x)
        return norm(name=f"{name}_norm")(x + dense(width, name=f"{name}_project")(y))

    def pool(self, x: Any, ids: Any) -> Any:
        """(batch, longest, width) -> (batch, width): the mean of all pieces, of length 1 as sentence embeddings are, times the
        root of the width, so that the numbers are about 1."""
        from keras import layers, ops

        x = layers.GlobalAveragePooling1D(name="pool")(x, mask=ops.not_equal(ids, PADDING))
        return layers.UnitNormalization(name="unit")(x) * float(np.sqrt(self.shape.width))


def load(network: "keras.Model", preset: Preset) -> None:
    """Give the layers of a `network` the weights of a preset. Raise `TrainyardError` when they are not on disk, or do not fit."""
    named = dict(_named(preset.sizes().depth))
    path = preset.path(WEIGHTS)
    here = {name: named[name] for name in named if name in {layer.name for layer in network.layers}}
    found = read_safetensors(path, [tensor for tensors in here.values() for tensor in tensors])
    for name, tensors in here.items():
        arrays = [found[tensor] for tensor in tensors]
        if name == "positions":
            arrays = [arrays[0] + arrays[1][:1]]  # all pieces are of the first sentence
        elif not name.endswith("norm") and name != "pieces":
            arrays[0] = arrays[0].T
        layer = network.get_layer(name)
        for variable, array in zip(_pretrained(layer), arrays, strict=True):
            variable.assign(array)


def _pretrained(layer: Any) -> list[Any]:
    """Return the variables of a layer in the order of its arrays, without those of LoRA."""
    return [v for v in (getattr(layer, n, None) for n in ("_kernel", "bias")) if v is not None] or layer.weights


def _named(depth: int) -> Iterator[tuple[str, list[str]]]:
    """Yield each layer with the arrays that it is made of."""
    yield "pieces", ["embeddings.word_embeddings.weight"]
    yield "positions", ["embeddings.position_embeddings.weight", "embeddings.token_type_embeddings.weight"]
    yield "embed_norm", ["embeddings.LayerNorm.weight", "embeddings.LayerNorm.bias"]
    for number in range(depth):
        for ours, theirs in (_DENSE | _NORMS).items():
            tensor = f"encoder.layer.{number}.{theirs}"
            yield f"block{number + 1}_{ours}", [f"{tensor}.weight", f"{tensor}.bias"]
