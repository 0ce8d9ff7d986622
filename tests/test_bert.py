"""BERT with pretrained weights: word pieces, numbers as published, what is trained, where its files come from."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from engine.data_info import DataInfo
from engine.errors import TrainyardError
from engine.language.wordpiece import normal
from engine.models import presets
from engine.models.base import models
from engine.models.bert import Bert
from engine.models.presets import PRESETS, Preset
from engine.models.word_pieces import word_pieces
from engine.preparation.fetch import fetch
from engine.readers.downloads import Download
from engine.readers.safetensors import read_safetensors
from engine.runs import RunSpec
from engine.settings import settings
from engine.training.network import build_network
from tests import encoders
from tests.test_fetch import Server, server  # noqa: F401  # a fixture

TEXTS = [
    "Never again!", "lovely", "", "   ", "Don't  number the\tdelight", "e\u0301 É é", "国a国", "x" * 30, "abcdefgh" * 3,
    "quiet unq", "a\u200bb", "“the” — A.", "😀 number😀", "[CLS] the",
]  # fmt: skip


def learned(model: Bert, **more: Any) -> DataInfo:
    """Facts of two classes with the encoder's vocabulary."""
    info = DataInfo((), ("low", "high"), modality="text")
    return replace(info, learned=model.learn(np.array([]), info), **more)


def vectors(model: Bert, texts: list[str]) -> np.ndarray:
    """Frozen features of texts, with pretrained weights."""
    info = learned(model)
    start = keras.Input((), dtype="string")
    network = keras.Model(start, model.features(model.preprocess(start, info)))
    model.warm_start(network, info)
    return np.asarray(network.predict(tf.constant(texts), verbose=0))


def reference() -> Any:
    """The tokenizer that cuts as BERT's own does."""
    from tokenizers import Tokenizer, normalizers, pre_tokenizers
    from tokenizers.models import WordPiece

    made = Tokenizer(WordPiece({piece: n for n, piece in enumerate(encoders.VOCABULARY)}, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return made


def expected(text: str, most: int) -> list[int]:
    """Ids as BERT has them."""
    known = encoders.VOCABULARY
    return [known.index("[CLS]"), *reference().encode(text).ids[:most], known.index("[SEP]")]


@pytest.mark.parametrize("most", [4, 40])
def test_a_network_cuts_texts_exactly_as_berts_tokenizer(most: int) -> None:
    start = keras.Input((), dtype="string")
    network = keras.Model(start, word_pieces(start, list(encoders.VOCABULARY), most))
    found = network.predict(tf.constant(TEXTS), verbose=0)
    for text, row in zip(TEXTS, found.tolist(), strict=True):
        want = expected(text, most)
        assert [*want, *[0] * (len(row) - len(want))] == row, text


def test_batches_are_only_as_long_as_their_longest_text() -> None:
    start = keras.Input((), dtype="string")
    network = keras.Model(start, word_pieces(start, list(encoders.VOCABULARY), 60))
    assert network.predict(tf.constant(["a the", "a"]), verbose=0).shape == (2, 4)
    assert network.predict(tf.constant([""]), verbose=0).shape == (1, 2)


def test_capitals_and_accents_count_as_the_plain_letter() -> None:
    assert [normal(sign) for sign in ("A", "É", "ø", "Ж", "İ")] == ["a", "e", "ø", "ж", "i"]


def test_vectors_are_those_of_the_published_formulas() -> None:
    found = vectors(Bert(), TEXTS) / np.sqrt(encoders.WIDTH)
    for text, vector in zip(TEXTS, found, strict=True):
        want = encoders.plain_bert(encoders.arrays(), expected(text, 60), encoders.DEPTH, encoders.HEADS)
        assert np.abs(vector - want).max() < 1e-4, text


def test_the_other_texts_of_a_batch_change_nothing() -> None:
    alone = np.concatenate([vectors(Bert(), [text]) for text in TEXTS[:3]])
    assert np.abs(alone - vectors(Bert(), TEXTS)[:3]).max() < 1e-5


# -- what is trained ---------------------------------------------------------------------------------------------------


def network(**values: object) -> Any:
    """The networks of a run on tiny texts."""
    spec = RunSpec.build({"dataset": "movie-snippets", "model": "bert", **values})
    assert isinstance(spec.model, Bert)
    return build_network(spec, learned(spec.model))


def test_a_frozen_encoder_leaves_only_the_output_to_be_trained() -> None:
    made = network()
    assert made.features is not None
    assert made.features.output_shape == (None, encoders.WIDTH)
    assert len(made.trained.trainable_variables) == 2


def test_only_the_last_blocks_are_trained() -> None:
    made = network(tuning="full", tuned_blocks=1)
    names = {variable.path.split("/")[0] for variable in made.trained.trainable_variables}
    assert {name[:6] for name in names if name.startswith("block")} == {"block2"}
    more = network(tuning="full", tuned_blocks=12)
    names = {variable.path.split("/")[0] for variable in more.trained.trainable_variables}
    assert {name[:6] for name in names if name.startswith("block")} == {"block1", "block2"}


def test_lora_trains_small_matrices_and_begins_as_the_pretrained_network(tmp_path: Path) -> None:
    made = network(tuning="lora", tuned_blocks=1, lora_rank=2)
    names = {variable.path for variable in made.trained.trainable_variables if "block" in variable.path}
    assert {name for name in names if "kernel" in name} == {
        f"block2_{part}/lora_kernel_{letter}" for part in ("query", "value") for letter in "ab"
    }
    assert all(name.startswith(("block2_query/", "block2_value/")) for name in names)
    texts, frozen = tf.constant(TEXTS), network()
    for layer in ("scores",):
        made.core.get_layer(layer).set_weights(frozen.core.get_layer(layer).get_weights())
    assert np.allclose(made.core.predict(texts, verbose=0), frozen.core.predict(texts, verbose=0), atol=1e-5)
    for variable in made.trained.trainable_variables:
        variable.assign(variable + 0.3)
    made.saved.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert np.allclose(again.predict(texts, verbose=0), made.saved.predict(texts, verbose=0), atol=1e-5)


# -- its files ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def elsewhere(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation without pretrained networks; MiniLM is the tiny encoder as far as hashes are concerned."""
    monkeypatch.delenv("TRAINYARD_PRETRAINED")
    settings.cache_clear()
    downloads = tuple(
        Download(f"https://example.org/{name}", len(data), hashlib.sha256(data).hexdigest())
        for name, data in encoders.files().items()
    )
    monkeypatch.setitem(presets.PRESETS, "minilm", replace(PRESETS["minilm"], downloads=downloads))
    return home / "pretrained" / "minilm"


def test_a_missing_file_is_a_sentence_and_never_a_start_from_scratch(elsewhere: Path) -> None:
    with pytest.raises(TrainyardError, match=r"'minilm' is not on disk. Run: python -m engine fetch minilm"):
        learned(Bert())
    encoders.write_encoder(elsewhere)
    info = learned(Bert())
    (elsewhere / "model.safetensors").unlink()
    with pytest.raises(TrainyardError, match="is not on disk"):
        build_network(RunSpec.build({"dataset": "movie-snippets", "model": "bert"}), info)


def test_it_is_fetched_from_a_server(elsewhere: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    server.files = encoders.files()
    monkeypatch.setenv("TRAINYARD_MIRROR_URL", server.url)
    settings.cache_clear()
    assert fetch("minilm") == elsewhere
    assert {path.name: path.read_bytes() for path in elsewhere.iterdir()} == encoders.files()
    assert vectors(Bert(), ["a"]).shape == (1, encoders.WIDTH)


def test_it_is_copied_from_a_folder_whose_files_are_checked(elsewhere: Path, tmp_path: Path) -> None:
    encoders.write_encoder(tmp_path / "stick")
    assert fetch("minilm", tmp_path / "stick") == elsewhere
    (elsewhere / "model.safetensors").unlink()
    (tmp_path / "stick" / "model.safetensors").write_bytes(encoders.files(seed=1)["model.safetensors"])
    with pytest.raises(TrainyardError, match="is not the published file of 'minilm'"):
        fetch("minilm", tmp_path / "stick")
    (tmp_path / "stick" / "model.safetensors").unlink()
    with pytest.raises(TrainyardError, match=r"Pretrained network 'minilm' needs: config.json, vocab.txt"):
        fetch("minilm", tmp_path / "stick")


@pytest.mark.parametrize("preset", list(PRESETS.values()), ids=list(PRESETS))
def test_a_preset_says_where_it_comes_from(preset: Preset) -> None:
    assert "https://" in preset.source
    assert preset.licence
    assert preset.takes
    assert preset.learned_from
    assert all(len(download.sha256) == 64 and download.size_bytes for download in preset.downloads)
    assert any(model.preset is preset for model in (models[name].parse({}) for name in models))


def damaged(change: Callable[[bytes], bytes]) -> bytes:
    """A file with one thing wrong."""
    return change(encoders.files()["model.safetensors"])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a whole file"),
        (b"\xff" * 40, "not a whole file"),
        (damaged(lambda data: data[:-4]), "not a whole file"),
        (damaged(lambda data: data.replace(b'"F32"', b'"I32"')), "not a whole file"),
        (damaged(lambda data: data.replace(b"output.LayerNorm.bias", b"output.LayerNorm.bent")), "has no array"),
        ((9).to_bytes(8, "little") + b"[[[[[[[[[", "not a whole file"),
    ],
    ids=["empty", "huge header", "cut", "other numbers", "other network", "not JSON"],
)
def test_a_damaged_file_of_arrays_is_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(data)
    with pytest.raises(TrainyardError, match=reason):
        read_safetensors(path, list(encoders.arrays()))


def test_arrays_of_16_bits_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    header = (
        b'{"a":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"F16","shape":[1],"data_offsets":[4,6]}}'
    )
    path.write_bytes(len(header).to_bytes(8, "little") + header + b"\x80\x3f\x00\xc0" + b"\x00\x3c")
    found = read_safetensors(path, ["a", "b"])
    assert found["a"].tolist() == [1.0, -2.0]
    assert found["b"].tolist() == [1.0]
