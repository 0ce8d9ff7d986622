"""What a network sees of an input: what its own preprocessing makes of it, in a form that people can read."""

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

from engine.errors import TrainyardError
from engine.modalities.audio.samples import encode_wav
from engine.modalities.seen import Seen, as_png
from engine.preparation.prepare import prepare
from engine.runs import Run
from engine.serving.seen import show_prepared
from engine.store import Store
from tests import seeding


def known(store: Store, **values: object) -> Run:
    """A run whose worker has begun: it says which data it learned from."""
    data = prepare(seeding.spec(**values).dataset)
    return seeding.running(store, epochs=0, known={"dataset_hash": data.content_hash}, **values)


def opened(seen: Seen) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(seen.picture)))


@pytest.mark.parametrize("model", ["mlp", "efficientnet-lite0"])
def test_an_image_is_cropped_and_grey(store: Store, model: str) -> None:
    wide = Image.new("RGB", (300, 100), (255, 0, 0))
    wide.paste((0, 0, 255), (100, 0, 200, 100))
    buffer = io.BytesIO()
    wide.save(buffer, "PNG")
    run = known(store, dataset="digits", model=model)
    [seen] = show_prepared(run.id, [("a.png", buffer.getvalue())])
    assert opened(seen).shape[:2] == ((8, 8) if model == "mlp" else (224, 224))
    assert opened(seen).max() < 40, "of the middle third, whose blue is dark; red would be 76"


def test_a_clip_is_a_spectrogram_with_a_pixel_for_each_number(store: Store) -> None:
    run = known(store, dataset="spoken-digits", model="audio-cnn", mel_bands=24)
    tone = (9_000 * np.sin(np.arange(16_000) / 5)).astype(np.int16)
    picture = opened(show_prepared(run.id, [("a.wav", encode_wav(tone))])[0])
    assert picture.shape[0] == 24
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 2


@pytest.mark.parametrize("model", ["bag-of-embeddings", "tf-idf"])
def test_a_text_is_words_of_which_some_are_unknown(store: Store, model: str) -> None:
    run = known(store, dataset="movie-snippets", model=model)
    [seen] = show_prepared(run.id, [("a.txt", b"The film, a GOOD xqzzy!")])
    assert list(seen.words[:4]) == ["the", "film", "a", "good"]
    assert ("" in seen.words) == (model != "tf-idf"), "which counts known words only"


def test_a_row_is_scaled_numbers_and_categories(store: Store) -> None:
    run = known(store, dataset="penguins", model="mlp")
    row = {"bill_length_mm": None, "body_mass_g": 4_200.0, "island": "Biscoe", "sex": "xqzzy"}
    [seen] = show_prepared(run.id, [("row", json.dumps(row).encode())])
    found = {(column, category): value for column, category, value in seen.numbers}
    assert abs(found["body_mass_g", None]) < 0.5
    assert found["bill_length_mm", None] == 0, "a missing number counts as the mean"
    assert found["bill_length_mm", ""] == 1
    assert found["island", "Biscoe"] == 1
    assert not [key for key in found if key[0] == "sex"], "it was never seen"


def test_of_data_that_have_changed_a_sentence_says_so(store: Store) -> None:
    run = seeding.running(store, epochs=0, known={"dataset_hash": "another"}, dataset="penguins", model="mlp")
    with pytest.raises(TrainyardError, match="has changed since run"):
        show_prepared(run.id, [("row", b"{}")])


def test_it_travels_as_json() -> None:
    pixels = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    picture = as_png({"shape": [2, 2, 3], "pixels": base64.b64encode(pixels.tobytes()).decode()})
    seen = Seen(picture, ("a", ""), (("b", None, 0.5), ("c", "x", 1.0)))
    assert Seen.from_dict(json.loads(json.dumps(seen.to_dict()))) == seen
