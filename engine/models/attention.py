"""The block of all transformers."""

from typing import Any


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
