"""A BERT encoder of a few hundred numbers, in the same files as the published ones; and BERT in plain numpy to compare with."""

import json
import math
from pathlib import Path

import numpy as np

DEPTH, WIDTH, HEADS, HIDDEN, POSITIONS = 2, 8, 2, 16, 64
WORDS = (
    "number",
    "never",
    "again",
    "love",
    "##ly",
    "a",
    "##light",
    "de",
    "##ing",
    "don",
    "t",
    "the",
    "'",
    ".",
    "!",
    "国",
    "é",
    "##!",
)
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
VOCABULARY = (
    *("[PAD]", "[unused0]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"),
    *dict.fromkeys([*LETTERS, *(f"##{letter}" for letter in LETTERS if letter != "q"), *WORDS]),
)


def arrays(seed: int = 0) -> dict[str, np.ndarray]:
    """Arrays by their published names, drawn at random."""
    rng = np.random.default_rng(seed)

    def drawn(*shape: int) -> np.ndarray:
        return rng.normal(0, 0.4, shape).astype(np.float32)

    found = {
        "embeddings.position_ids": np.zeros((1, POSITIONS), np.float32),
        "embeddings.word_embeddings.weight": drawn(len(VOCABULARY), WIDTH),
        "embeddings.position_embeddings.weight": drawn(POSITIONS, WIDTH),
        "embeddings.token_type_embeddings.weight": drawn(2, WIDTH),
        "embeddings.LayerNorm.weight": 1 + drawn(WIDTH),
        "embeddings.LayerNorm.bias": drawn(WIDTH),
    }
    sizes = {
        "attention.self.query": (WIDTH, WIDTH), "attention.self.key": (WIDTH, WIDTH), "attention.self.value": (WIDTH, WIDTH),
        "attention.output.dense": (WIDTH, WIDTH), "intermediate.dense": (HIDDEN, WIDTH), "output.dense": (WIDTH, HIDDEN),
    }  # fmt: skip
    for block in range(DEPTH):
        for name, size in sizes.items():
            found[f"encoder.layer.{block}.{name}.weight"] = drawn(*size)
            found[f"encoder.layer.{block}.{name}.bias"] = drawn(size[0])
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            found[f"encoder.layer.{block}.{name}.weight"] = 1 + drawn(WIDTH)
            found[f"encoder.layer.{block}.{name}.bias"] = drawn(WIDTH)
    return found


def safetensors(found: dict[str, np.ndarray]) -> bytes:
    """Arrays as the bytes of a file."""
    header, body = {"__metadata__": {"format": "pt"}}, b""
    for name, array in found.items():
        data = array.astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [len(body), len(body) + len(data)]}  # type: ignore[dict-item]
        body += data
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


def files(seed: int = 0) -> dict[str, bytes]:
    """The files of the encoder by name."""
    config = {
        "hidden_size": WIDTH, "num_hidden_layers": DEPTH, "num_attention_heads": HEADS, "intermediate_size": HIDDEN,
        "vocab_size": len(VOCABULARY), "max_position_embeddings": POSITIONS,
    }  # fmt: skip
    return {
        "config.json": json.dumps(config).encode(),
        "vocab.txt": "\n".join([*VOCABULARY, ""]).encode(),
        "model.safetensors": safetensors(arrays(seed)),
    }


def write_encoder(folder: Path) -> None:
    """Write the files of the encoder into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files().items():
        (folder / name).write_bytes(data)


def plain_bert(found: dict[str, np.ndarray], ids: list[int], depth: int, heads: int) -> np.ndarray:
    """Return the sentence embedding (width,) of one text's ids, of length 1: Devlin et al. 2018, in float64."""

    def dense(x: np.ndarray, name: str) -> np.ndarray:
        return np.asarray(x @ found[f"{name}.weight"].T.astype(float) + found[f"{name}.bias"])

    def norm(x: np.ndarray, name: str) -> np.ndarray:
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12)
        return np.asarray(scaled * found[f"{name}.weight"] + found[f"{name}.bias"])

    x = found["embeddings.word_embeddings.weight"][ids].astype(float)
    x += (
        found["embeddings.position_embeddings.weight"][: len(ids)] + found["embeddings.token_type_embeddings.weight"][0]
    )
    x = norm(x, "embeddings.LayerNorm")
    for block in range(depth):
        name = f"encoder.layer.{block}"
        query, key, value = (
            dense(x, f"{name}.attention.self.{part}").reshape(len(ids), heads, -1).swapaxes(0, 1)
            for part in ("query", "key", "value")
        )
        scores = query @ key.swapaxes(1, 2) / math.sqrt(query.shape[-1])
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        seen = (scores / scores.sum(-1, keepdims=True)) @ value
        x = norm(
            x + dense(seen.swapaxes(0, 1).reshape(x.shape), f"{name}.attention.output.dense"),
            f"{name}.attention.output.LayerNorm",
        )
        y = dense(x, f"{name}.intermediate.dense")
        y = y * 0.5 * (1 + np.vectorize(math.erf)(y / math.sqrt(2)))
        x = norm(x + dense(y, f"{name}.output.dense"), f"{name}.output.LayerNorm")
    pooled = x.mean(0)
    return np.asarray(pooled / np.linalg.norm(pooled))
