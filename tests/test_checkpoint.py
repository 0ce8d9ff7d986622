"""Checkpoints: complete at any moment, and refused with a reason when they are not."""

from pathlib import Path

import keras
import numpy as np
import pytest

from engine.errors import TrainyardError
from engine.training.checkpoint import Position, load_checkpoint, write_arrays
from tests.checkpoints import save_checkpoint


def network(units: int = 3) -> keras.Model:
    """A compiled network with dropout, whose seed state counts."""
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(units), keras.layers.Dropout(0.5, seed=1)])
    model.compile("adam", "mse")
    return model


def trained() -> keras.Model:
    """One that has seen something."""
    model = network()
    model.fit(np.ones((8, 2)), np.ones((8, 3)), epochs=2, verbose=0)
    return model


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    model, other = trained(), network()
    position = Position(3, 7, {"best": {"wait": 2, "best": 0.5}}, 1.5)
    save_checkpoint(tmp_path / "c.npz", model, position, [np.float32(0.25)], [np.ones(2)])
    found = load_checkpoint(tmp_path / "c.npz", other)
    assert found.position == position
    assert found.means == [np.float32(0.25)]
    assert found.best is not None
    np.testing.assert_array_equal(found.best[0], np.ones(2))
    ours, theirs = ([np.asarray(v) for v in (*m.variables, *m.optimizer.variables)] for m in (model, other))
    assert len(ours) > len(model.weights), "seed states and optimizer are missing"
    for one, two in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one, two)


def test_training_goes_on_from_a_checkpoint_as_if_it_had_never_stopped(tmp_path: Path) -> None:
    model, other = trained(), network()
    save_checkpoint(tmp_path / "c.npz", model, Position(), [], None)
    assert load_checkpoint(tmp_path / "c.npz", other).best is None
    for either in (model, other):
        either.fit(np.ones((8, 2)), np.ones((8, 3)), epochs=2, verbose=0)
    for one, two in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("keep", [0.0, 0.3, 0.9, 0.999])
def test_a_cut_off_file_is_a_sentence(tmp_path: Path, keep: float) -> None:
    path = tmp_path / "c.npz"
    save_checkpoint(path, trained(), Position(), [], None)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * keep)])
    with pytest.raises(TrainyardError, match=r"c\.npz' cannot be read"):
        load_checkpoint(path, network())


def test_a_damaged_byte_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "c.npz"
    save_checkpoint(path, trained(), Position(), [], None)
    damaged = bytearray(path.read_bytes())
    damaged[damaged.find(b"NUMPY") + 130] ^= 255  # among the numbers of the first array
    path.write_bytes(bytes(damaged))
    with pytest.raises(TrainyardError, match="cannot be read"):
        load_checkpoint(path, network())


def test_a_checkpoint_of_another_network_is_a_sentence(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "c.npz", trained(), Position(), [], None)
    with pytest.raises(TrainyardError, match=r"has shape \(2, 4\), but \(2, 3\) in the file"):
        load_checkpoint(tmp_path / "c.npz", network(units=4))


def test_a_failed_write_leaves_the_old_file_and_no_rubbish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "c.npz"
    write_arrays(path, {"a": np.ones(3)})
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_arrays(path, {"a": np.zeros(3)})
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
