"""Texts on disk: read back as written, in any script."""

from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.datasets.base import Examples, UnsplitDataset
from engine.modalities.text.texts import Texts
from engine.preparation.prepare import prepare

TEXTS = ["", "one", "春眠不覺曉", "naïve café", "🙂 and 👩‍🚀", "", "a\nb\tc"]


class Sayings(UnsplitDataset):
    """Each text ten times, in two classes."""

    tasks: ClassVar[tuple[str, ...]] = ("text-classification",)

    def fingerprint(self) -> str:
        return "sayings"

    def load(self) -> Examples:
        return Examples(np.array(TEXTS * 10, object), np.arange(70) % 2, ("even", "odd"))


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=10))
def test_texts_come_back_as_they_were(texts: list[str]) -> None:
    assert list(Texts.of(texts)) == texts


def test_texts_are_read_from_disk_by_position(tmp_path: Path) -> None:
    for name, array in Texts.of(TEXTS).files().items():
        np.save(tmp_path / name, array)
    found = Texts.read(tmp_path)
    assert len(found) == len(TEXTS)
    assert found[np.array([3, 0, 2])].tolist() == [TEXTS[3], "", TEXTS[2]]


def test_a_dataset_of_texts_is_prepared_like_any_other(home: Path) -> None:
    prepared = prepare(Sayings())
    assert prepared.info.shape == ()
    parts = [prepared.arrays(split) for split in ("train", "validation", "test")]
    assert sorted(text for inputs, _ in parts for text in inputs) == sorted(TEXTS * 10)
    for inputs, targets in parts:
        assert len(inputs) == len(targets) > 0
    arrays = [np.load(path, allow_pickle=False) for path in prepared.path.glob("*.npy")]
    assert len(arrays) == 3  # bytes, ends, targets: nothing that would have to be unpickled


def test_the_content_hash_knows_where_a_text_ends(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = prepare(Sayings()).content_hash
    moved = [*TEXTS[:1], "on", "e" + TEXTS[2], *TEXTS[3:]]
    monkeypatch.setattr(Sayings, "fingerprint", lambda self: "moved")
    monkeypatch.setattr(
        Sayings, "load", lambda self: Examples(np.array(moved * 10, object), np.arange(70) % 2, ("even", "odd"))
    )
    assert prepare(Sayings()).content_hash != first
