"""The block of all transformers, and what relates the patches that a picture, a sound or a series is cut into."""

import math
from typing import Any


def related_patches(
    x: Any, *, embedding: int, heads: int, depth: int, mlp_ratio: float, dropout: float, name: str
) -> Any:
    """(batch, patches, numbers) -> (batch, patches, width): each embedded with its position, then related to all others.

    The width is the embedding, rounded up to a multiple of the heads.
    """
    import keras
    from keras import layers

    # One dense layer for all patches whose bias differs from one to the next: embedding plus learned position.
    x = layers.EinsumDense(
        "bpi,io->bpo",
        output_shape=(x.shape[1], math.ceil(embedding / heads) * heads),
        bias_axes="po",
        bias_initializer=keras.initializers.RandomNormal(stddev=0.02),
        name=name,
    )(x)
    x = layers.Dropout(dropout, name="embed_dropout")(x)
    for block in range(depth):
        x = transformer_block(x, heads=heads, mlp_ratio=mlp_ratio, dropout=dropout, name=f"block{block + 1}")
    return layers.LayerNormalization(epsilon=1e-6, name="norm")(x)


def transformer_block(x: Any, *, heads: int, mlp_ratio: float, dropout: float, name: str) -> Any:
    """(batch, positions, width) -> the same: attention over all positions, then a dense network for each."""
    from keras import layers

    width = x.shape[-1]
    y = layers.LayerNormalization(epsilon=1e-6, name=f"{name}_attention_norm")(x)
    y = layers.MultiHeadAttention(heads, width // heads, use_bias=False, name=f"{name}_attention")(y, y)
    y = layers.Dropout(dropout, name=f"{name}_attention_dropout")(y)
    x = layers.Add(name=f"{name}_attention_add")([x, y])
    y = layers.LayerNormalization(epsilon=1e-6, name=f"{name}_mlp_norm")(x)
    y = layers.Dense(round(width * mlp_ratio), activation="gelu", name=f"{name}_mlp_expand")(y)
    y = layers.Dense(width, name=f"{name}_mlp_project")(y)
    y = layers.Dropout(dropout, name=f"{name}_mlp_dropout")(y)
    return layers.Add(name=f"{name}_mlp_add")([x, y])
