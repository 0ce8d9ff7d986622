"""The warm process that answers requests that need Keras, with one real child process for the module."""

import io
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from engine.artifacts import artifacts_of
from engine.errors import TrainyardError
from engine.preparation.prepare import prepare
from engine.runs import RunSpec, RunState
from engine.serving.client import Busy, Late, NotReady, Predictor
from engine.serving.loaded import LoadedModels
from engine.settings import settings
from engine.store import open_store
from tests.saved_runs import TINY, save_run
from tests.waiting import wait_until

ROOT = Path(__file__).parents[1]
SLOW = (sys.executable, str(ROOT / "tests" / "slow_predictor.py"))
# Keras writes weights through h5py in a way that NumPy 2 will not allow one day
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home folder for the whole module."""
    home = tmp_path_factory.mktemp("serving") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAINYARD_HOME", str(home))
        settings.cache_clear()
        yield home
    settings.cache_clear()


@pytest.fixture(scope="module")
def run_id(lab: Path) -> int:
    """A run with a saved, untrained model."""
    return save_run()


@pytest.fixture(scope="module")
def predictor(lab: Path) -> Iterator[Predictor]:
    """The real thing."""
    handle = Predictor()
    wait_until(handle.ready, "a predictor that is ready")
    yield handle
    handle.close()


@pytest.fixture
def slow(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Predictor]:
    """A process that answers `describe` after as many seconds as asked, within a second, with one place to wait."""
    monkeypatch.setenv("TRAINYARD_PREDICT_TIMEOUT_SECONDS", "1")
    monkeypatch.setenv("TRAINYARD_MAX_WAITING_PREDICTIONS", "1")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    settings.cache_clear()
    handle = Predictor(SLOW)
    wait_until(handle.ready, "a predictor that is ready")
    yield handle
    handle.close()


def png(size: tuple[int, int] = (40, 40), value: int = 200) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", size, value).save(buffer, format="PNG")
    return buffer.getvalue()


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


def child_of(predictor: Predictor) -> psutil.Process:
    assert predictor._child is not None
    return psutil.Process(predictor._child.process.pid)


def answers(predictor: Predictor) -> bool:
    """Whether it answers now: a busy machine may need more than the second that these have."""
    try:
        return predictor.describe({"seconds": 0}).parameters == child_of(predictor).pid
    except (Busy, Late, NotReady):
        return False


# -- predictions ----------------------------------------------------------------------------------------------------


def test_a_picture_gets_the_probabilities_that_the_saved_model_gives(predictor: Predictor, run_id: int) -> None:
    import keras

    inputs, _ = prepare(RunSpec.build(TINY).dataset).arrays("test")
    buffer = io.BytesIO()
    Image.fromarray(inputs[0, ..., 0]).save(buffer, format="PNG")
    (result,) = predictor.predict(run_id, [("one.png", buffer.getvalue())])
    assert result.prediction is not None
    assert result.prediction.kind == "classes"
    expected = np.asarray(keras.saving.load_model(artifacts_of(run_id).model, compile=False)(inputs[:1]))[0]
    np.testing.assert_allclose(list(result.prediction.values["probabilities"].values()), expected, rtol=1e-4, atol=1e-6)


def test_a_broken_file_among_good_ones_gets_its_own_sentence(predictor: Predictor, run_id: int) -> None:
    results = predictor.predict(run_id, [("a.png", png()), ("b.png", b"not an image"), ("ç\n.png", png(value=0))])
    assert [result.name for result in results] == ["a.png", "b.png", "ç\n.png"]
    assert [result.prediction is None for result in results] == [False, True, False]
    assert "'b.png' is text, not a readable image" in results[1].error
    assert results[0].prediction != results[2].prediction


def test_only_broken_files_still_give_a_sentence_each(predictor: Predictor, run_id: int) -> None:
    results = predictor.predict(run_id, [("a.png", b""), ("b.png", png()[:40])])
    assert all(result.prediction is None and result.error for result in results)
    assert predictor.predict(run_id, []) == []


def test_an_unknown_run_and_one_without_a_model_are_told_apart(predictor: Predictor, run_id: int) -> None:
    with pytest.raises(TrainyardError, match="Run 999 does not exist"):
        predictor.predict(999, [("a.png", png())])
    queued = open_store().runs.create(RunSpec.build(TINY))
    with pytest.raises(TrainyardError, match="is queued: it has a model once"):
        predictor.predict(queued.id, [("a.png", png())])
    open_store().runs.request_end(queued.id, RunState.CANCELED)
    with pytest.raises(TrainyardError, match="is canceled and does not have a saved model"):
        predictor.predict(queued.id, [("a.png", png())])


def test_a_request_of_enormous_pictures_does_not_hold_up_the_others(predictor: Predictor, run_id: int) -> None:
    predictor.predict(run_id, [])
    enormous = png((8_000, 5_000))
    assert len(enormous) < 100_000  # what it costs cannot be told from its bytes
    with ThreadPoolExecutor(1) as pool:
        long = pool.submit(predictor.predict, run_id, [(f"{index}.png", enormous) for index in range(16)])
        time.sleep(0.3)
        (answer,) = predictor.predict(run_id, [("small.png", png((8, 8), 90))])
        assert answer.prediction is not None
        assert not long.done()
        assert all(result.prediction is not None for result in long.result())


def test_too_many_files_are_refused(predictor: Predictor, run_id: int) -> None:
    with pytest.raises(TrainyardError, match=r"64 files \(TRAINYARD_MAX_PREDICTIONS\), not 65"):
        predictor.predict(run_id, [("a.png", b"")] * 65)


def test_a_broken_model_file_is_told_with_a_sentence(lab: Path) -> None:
    broken = save_run()
    artifacts_of(broken).model.write_bytes(b"PK nothing")
    with pytest.raises(TrainyardError, match=f"saved model of run {broken} cannot be read"):
        LoadedModels().predict(broken, [("a.png", png())])
    artifacts_of(broken).info.unlink()
    with pytest.raises(TrainyardError, match=r"'info.json' of run \d+ is missing or damaged"):
        LoadedModels().predict(broken, [("a.png", png())])


def test_a_run_whose_dataset_is_gone_still_predicts(lab: Path, run_id: int) -> None:
    shutil.rmtree(settings().cache_path, ignore_errors=True)
    (result,) = LoadedModels().predict(run_id, [("a.png", png())])
    assert result.prediction is not None
    assert not settings().cache_path.exists()


def test_the_least_recently_used_model_is_dropped(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "engine.serving.loaded.settings", lambda: settings().model_copy(update={"max_loaded_models": 2})
    )
    first, second, third = save_run(), save_run(), save_run()
    loaded = LoadedModels()
    for run in (first, second, first, third):
        loaded.predict(run, [("a.png", png())])
    assert list(loaded) == [first, third]


def test_a_model_that_was_written_anew_is_loaded_anew(lab: Path) -> None:
    run, other = save_run(seed=1), save_run(seed=2)
    loaded, files = LoadedModels(), [("a.png", png())]
    before = loaded.predict(run, files)
    assert loaded.predict(run, files) == before
    shutil.copy(artifacts_of(other).model, artifacts_of(run).model)
    assert loaded.predict(run, files) == loaded.predict(other, files) != before


# -- pictures -------------------------------------------------------------------------------------------------------


def test_the_picture_counts_parameters_and_numbers_as_by_hand(predictor: Predictor) -> None:
    values = {"dataset": "digits", "model": "mlp", "units": 32, "depth": 2}
    picture = predictor.describe(values | {"optimizer": "adam"})
    hidden, scores = 64 * 32 + 32, 32 * 10 + 10
    assert picture.parameters == picture.trainable_parameters == hidden + (32 * 32 + 32) + scores
    shown = {layer.name: layer for layer in picture.layers}
    assert shown["hidden1"].parameters == hidden
    assert shown["hidden1"].trainable
    assert not shown["flatten"].trainable
    assert shown["scores"].output_shape == (10,)
    assert [layer.kind for layer in picture.layers][:4] == ["InputLayer", "Resizing", "Rescaling", "Flatten"]
    kept = 2 * (3 * 32) + 2 * 10  # dense, activation, dropout; scores, probabilities
    assert picture.facts.kept_numbers == kept
    assert (
        picture.facts.flops == 2 * (64 * 32 + 32 * 32 + 32 * 10) + (32 + 32 + 10) + 2 * 32 + 64
    )  # biases, ReLU, scale
    plain = predictor.describe(values | {"optimizer": "sgd", "momentum": 0.0})
    assert (picture.facts.optimizer_slots, plain.facts.optimizer_slots) == (2, 0)


def test_pictures_are_the_same_before_and_after_other_pictures_and_predictions(
    predictor: Predictor, run_id: int
) -> None:
    asked = {"dataset": "digits", "model": "cnn", "rotation": 20.0}
    before, answer = predictor.describe(asked), predictor.predict(run_id, [("a.png", png())])
    predictor.describe({"dataset": "digits", "model": "cnn", "filters": 9})
    assert predictor.describe(asked) == before
    assert predictor.predict(run_id, [("a.png", png())]) == answer
    names = [layer.name for layer in before.layers]
    assert names.index("resize") < names.index("augment_rotate") < names.index("scale") < names.index("block1_conv")


@pytest.mark.parametrize(
    "values",
    [
        {"model": "efficientnet-lite0"},
        {"model": "efficientnet-lite0", "unfreeze_from": "block4", "flip": "horizontal"},
        {"model": "resnet"},
        {"model": "resnet", "stages": 4, "blocks_per_stage": 6},
        {"model": "vit", "depth": 12},
        {"model": "mlp", "depth": 6, "batch_normalisation": True},
    ],
    ids=str,
)
def test_deep_networks_are_drawn_in_few_boxes_that_lose_no_parameter(predictor: Predictor, values: dict) -> None:
    picture = predictor.describe(values | {"dataset": "digits"})
    assert 4 < len(picture.boxes) <= 30
    assert len({box.name for box in picture.boxes}) == len(picture.boxes)
    assert sum(box.parameters for box in picture.boxes) == picture.parameters
    assert picture.boxes[-1].output_shape == (10,)


def test_a_huge_network_is_described_without_building_its_weights(predictor: Predictor) -> None:
    picture = predictor.describe({"dataset": "stamps", "model": "cnn", "filters": 128, "blocks": 1, "units": 1024})
    assert picture.parameters > 300_000_000  # 1.2 GB, if they had values
    assert child_of(predictor).memory_info().rss < 1.2e9


def test_wrong_values_are_refused_with_the_sentence_of_the_spec(predictor: Predictor) -> None:
    with pytest.raises(TrainyardError, match=r"No model named 'mpl'\. Did you mean 'mlp'"):
        predictor.describe({"model": "mpl"})


def test_a_preview_shows_examples_and_differing_variants_and_repeats(predictor: Predictor) -> None:
    values = {"dataset": "digits", "model": "mlp", "rotation": 90.0, "shift": 0.3}
    rows = predictor.preview(values, 3)
    assert len(rows) == 3
    for original, variants in rows:
        pictures = [pixels(data) for data in (original, *variants)]
        assert {picture.shape for picture in pictures} == {(8, 8)}
        assert len({picture.tobytes() for picture in pictures}) == len(pictures) == 4
    assert predictor.preview(values, 3) == rows
    assert predictor.preview(values | {"seed": 1}, 3) != rows
    plain = predictor.preview({"dataset": "digits", "model": "mlp"}, 3)
    assert plain == [(original, []) for original, _ in rows]
    with pytest.raises(TrainyardError, match="not 0"):
        predictor.preview(values, 0)


# -- the process ----------------------------------------------------------------------------------------------------


def test_a_full_queue_is_refused_at_once(slow: Predictor) -> None:
    def describe() -> tuple[float, str]:
        try:
            slow.describe({"seconds": 0.4})
        except TrainyardError as error:
            return time.monotonic(), str(error)
        return time.monotonic(), ""

    with ThreadPoolExecutor(3) as threads:
        answers = sorted(asked.result() for asked in [threads.submit(describe) for _ in range(3)])
    assert [bool(error) for _, error in answers] == [True, False, False], "the refused one did not wait for the others"
    assert "busy: 1 requests are already waiting" in answers[0][1]
    assert slow.describe({"seconds": 0})  # the places are free again


def test_late_work_is_given_up_with_a_sentence_and_the_next_is_served(slow: Predictor) -> None:
    worker = child_of(slow).pid
    with pytest.raises(TrainyardError, match=r"no answer within 1 seconds \(TRAINYARD_PREDICT_TIMEOUT_SECONDS\)"):
        slow.describe({"seconds": 1.3})
    assert child_of(slow).pid == worker, "late is no reason to start anew"
    wait_until(lambda: answers(slow), "an answer of the process that was late")
    assert child_of(slow).pid == worker


def test_work_that_never_ends_costs_the_process_and_a_new_one_serves(slow: Predictor) -> None:
    stuck = child_of(slow)
    with pytest.raises(TrainyardError, match=r"no answer within|ended while working"):  # whichever comes first
        slow.describe({"seconds": 3600})
    wait_until(lambda: not stuck.is_running() or stuck.status() == psutil.STATUS_ZOMBIE, "the end of the process")
    wait_until(lambda: answers(slow), "an answer of a new process")
    assert child_of(slow).pid != stuck.pid


def test_a_killed_process_is_told_of_and_replaced_by_the_next_request(slow: Predictor) -> None:
    before = child_of(slow)
    with ThreadPoolExecutor(1) as threads:
        working = threads.submit(slow.describe, {"seconds": 0.9})
        time.sleep(0.2)
        os.kill(before.pid, signal.SIGKILL)
        with pytest.raises(TrainyardError, match="ended while working on this request; it was killed"):
            working.result()
    wait_until(slow.ready, "a predictor that is ready")
    assert slow.describe({"seconds": 0}).parameters == child_of(slow).pid != before.pid


def test_refusals_and_crashes_of_work_come_back_as_sentences(slow: Predictor) -> None:
    with pytest.raises(TrainyardError, match=r"^No such thing\.$"):
        slow.describe({"refuse": "No such thing."})
    with pytest.raises(TrainyardError, match=r"The predictor failed \(KeyError: 'oops'\)"):
        slow.describe({"crash": "oops"})
    assert "Traceback" in (settings().home_path / "logs" / "predictor.log").read_text()


def test_a_predictor_that_keeps_dying_is_left_alone(slow: Predictor) -> None:
    with pytest.raises(TrainyardError, match="ended while working on this request; its exit code was 3"):
        slow.describe({"exit": 3})
    for _ in range(2):
        wait_until(slow.ready, "a predictor that is ready")
        with pytest.raises(TrainyardError, match="ended while working"):
            slow.describe({"exit": 3})
    with pytest.raises(TrainyardError, match="3 times within a minute"):
        slow.ready()


def test_one_that_cannot_start_says_where_to_read_why(home: Path) -> None:
    handle = Predictor([sys.executable, "-c", "raise SystemExit('no such module')"])
    with pytest.raises(TrainyardError, match=r"could not start; its exit code was 1; see .*predictor\.log"):
        handle.describe({})
    handle.close()
    assert "no such module" in (home / "logs" / "predictor.log").read_text()


def test_waiting_for_the_warm_up_ends_with_the_limit(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINYARD_PREDICT_TIMEOUT_SECONDS", "0.3")
    settings.cache_clear()
    handle = Predictor([sys.executable, "-c", "import sys; sys.stdin.read()"])
    with pytest.raises(TrainyardError, match="still starting"):
        handle.describe({})
    assert not handle.ready()
    handle.close()


def test_an_unwritable_home_is_told(home: Path) -> None:
    home.write_text("a file, no folder")
    with pytest.raises(TrainyardError, match="cannot be started"):
        Predictor(SLOW).ready()


def test_the_time_of_an_upload_grows_with_its_size_not_with_its_square(
    slow: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINYARD_PREDICT_TIMEOUT_SECONDS", "8")
    settings.cache_clear()
    assert slow.describe({"seconds": 0, "pad": "x" * 60_000_000})  # once took 15 seconds, now a fraction of one


def test_many_threads_share_one_process(slow: Predictor) -> None:
    slow.close()
    barrier = threading.Barrier(8)

    def ask() -> None:
        barrier.wait()
        wait_until(slow.ready, "a predictor that is ready")

    with ThreadPoolExecutor(8) as threads:
        for done in [threads.submit(ask) for _ in range(8)]:
            done.result()
    assert len(slow._starts) == 2  # of the fixture, and of all threads together


def test_the_socket_is_private_and_gone_after_close(slow: Predictor) -> None:
    assert slow._child is not None
    folder, process = slow._child._folder, child_of(slow)
    assert folder.stat().st_mode & 0o077 == 0
    slow.close()
    assert not folder.exists()
    assert not process.is_running()


def test_the_process_ends_with_its_parent_even_when_that_is_killed(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    script = (
        "import sys, time; from engine.serving.client import Predictor; p = Predictor(sys.argv[1:])\n"
        "while not p.ready(): time.sleep(0.05)\n"
        "print(p._child.process.pid, flush=True); time.sleep(60)"
    )
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, "-c", script, *SLOW], stdout=subprocess.PIPE, env=env) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        assert child.is_running()
        parent.kill()
    wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, "the end of the process")
    assert not list(tmp_path.glob("trainyard-*"))


def test_the_dashboards_side_imports_no_keras() -> None:
    code = "import sys, engine.serving.client; print([m for m in ('keras', 'tensorflow') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_warm_prediction_does_not_read_the_model_again(predictor: Predictor, lab: Path) -> None:
    run = save_run()
    before = predictor.predict(run, [("a.png", png())])
    file = artifacts_of(run).model
    kept = file.stat()
    with file.open("r+b") as content:  # in place: for whoever looks, it is the same file
        content.write(bytes(kept.st_size))
    os.utime(file, ns=(kept.st_atime_ns, kept.st_mtime_ns))
    assert predictor.predict(run, [("a.png", png())]) == before
