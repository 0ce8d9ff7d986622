"""A run that continues from a kept epoch of another: what it takes over, what may change, and its errors."""

import errno
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, ClassVar

import keras
import numpy as np
import pytest

from engine.artifacts import artifacts_of, delete_run, discard_results, keep_disk_budget
from engine.epochs import kept_epochs, too_many
from engine.errors import TrainyardError
from engine.forks import changeable_fields, check_fork, fork_run, fork_spec
from engine.models.base import Model, models
from engine.runs import Run, RunSpec, RunState
from engine.settings import settings
from engine.spec import FORKABLE
from engine.store import Store
from engine.studies import StudySpec
from engine.training import checkpointing, fit, reporting
from tests.tiny import NETWORKS, small_set
from tests.training_runs import RANDOM, SMALL, create, stopping_at, stopping_at_step, train, train_with_stops

pytestmark = pytest.mark.usefixtures("kept_preparations")
FOUR: dict[str, Any] = RANDOM | {"epochs": 4, "units": 8, "rotation": 0.0}


@pytest.fixture(autouse=True)
def every_epoch(monkeypatch: pytest.MonkeyPatch, home: object) -> Iterator[None]:
    """Every epoch writes a checkpoint, and is kept."""
    monkeypatch.setenv("TRAINYARD_CHECKPOINT_SECONDS", "0")
    settings.cache_clear()
    yield
    settings.cache_clear()


def fork(store: Store, parent: Run, epoch: int, **changes: Any) -> Run:
    """Fork, and train to the end."""
    run = fork_run(store, parent.id, epoch, fork_spec(parent, epoch, changes), "bob", slot="terminal")
    fit.train_run(store, run)
    return store.runs.get(run.id)


def queued(store: Store, parent: Run, epoch: int, **changes: Any) -> Run:
    """Fork, and leave it in the queue."""
    return fork_run(store, parent.id, epoch, fork_spec(parent, epoch, changes))


def epochs_of(store: Store, run: Run) -> list[float]:
    """The epochs that have a validation loss of their own."""
    return [
        p.epoch for p in store.metrics.read(run.id) if (p.split, p.scope, p.name) == ("validation", "epoch", "loss")
    ]


def test_a_fork_that_changes_nothing_comes_to_the_same_end_and_so_does_a_fork_of_it(store: Store) -> None:
    parent = train(store, **FOUR)
    assert kept_epochs(parent.id) == [1, 2, 3, 4]
    child = fork(store, parent, 2)
    assert child.result["weights_sha256"] == parent.result["weights_sha256"]
    history = store.metrics.history(parent.id)
    assert store.metrics.history(child.id) == {name: values[2:] for name, values in history.items()}
    assert epochs_of(store, child) == [3, 4]
    assert (child.parent_id, child.parent_epoch, child.owner, child.best) == (parent.id, 2, "bob", parent.best)
    grandchild = fork(store, child, 3)
    assert grandchild.result["weights_sha256"] == parent.result["weights_sha256"]
    assert [run.id for run in store.runs.children(parent.id)] == [child.id]
    assert [run.id for run in store.runs.children(child.id)] == [grandchild.id]
    (forked,) = [event.text for event in store.runs.events(child.id) if event.kind == "forked"]
    assert forked == f"Forked from run {parent.id} at the end of epoch 2."
    assert f"Run {child.id} was forked from it" in store.runs.events(parent.id)[-1].text


def test_what_may_change_changes_and_the_parent_stays_as_it_was(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    parent = train(store, **FOUR)
    changes: dict[str, Any] = {
        "learning_rate": 0.01, "schedule": "cosine", "dropout": 0.0, "l2": 0.001, "shift": 0.0, "contrast": 0.2,
        "batch_size": 32, "epochs": 5, "label_smoothing": 0.1, "patience": 3, "clip_norm": 1.0,
    }  # fmt: skip
    child = fork(store, parent, 2, **changes)
    assert child.state is RunState.COMPLETED
    assert child.spec["model"]["units"] == parent.spec["model"]["units"]
    assert epochs_of(store, child) == [3, 4, 5]
    assert child.total_steps == child.step == 5 * 43  # as many as if it had trained like that from the beginning
    rates = [p.value for p in store.metrics.read(child.id) if p.name == "learning_rate"]
    assert rates[0] is not None
    assert rates[0] < 0.01  # the curve is entered where epoch 3 of 5 has it
    assert store.runs.get(parent.id) == parent
    with monkeypatch.context() as patch:
        again = fork_run(store, parent.id, 2, fork_spec(parent, 2, changes), slot="terminal")
        delete_run(store, parent.id)  # what becomes of it does not matter any more
        patch.setattr(fit, "Reporter", stopping_at(30))
        assert fit.train_run(store, again) is RunState.STOPPED
    again = store.runs.resume(again.id, slot="terminal")
    fit.train_run(store, again)
    ended = store.runs.get(again.id)
    assert ended.result["weights_sha256"] == child.result["weights_sha256"]
    assert (ended.parent_id, ended.parent_epoch) == (parent.id, 2)


def test_a_fork_has_the_best_epoch_of_its_parent_and_all_of_its_patience(store: Store) -> None:
    values = {"epochs": 9, "patience": 2, "learning_rate": 0.01, "optimizer": "adam"}
    parent = train(store, **values)
    child = fork(store, parent, parent.epoch, learning_rate=1.0, epochs=parent.epoch + 6)  # so high that all is lost
    assert child.best == parent.best
    assert child.epoch == parent.epoch + 2
    assert child.result["test_accuracy"] == parent.result["test_accuracy"]


class Thawing(Model):
    """A layer that is frozen or not, and one that is always trained."""

    modalities: ClassVar[tuple[str, ...]] = ("image",)
    thawed: Annotated[bool, FORKABLE] = False

    def freezes(self, info: Any) -> bool:
        return not self.thawed

    def features(self, x: Any) -> Any:
        return x if self.thawed else self._first(x)

    def body(self, x: Any) -> Any:
        from keras import layers

        x = self._first(x) if self.thawed else x
        return layers.Dense(6, activation="relu", name="second")(x)

    def _first(self, x: Any) -> Any:
        from keras import layers

        x = layers.Flatten(name="flat")(x)
        return layers.Dense(12, activation="relu", trainable=self.thawed, name="first")(x)


@pytest.fixture
def thawing() -> Iterator[None]:
    """The model, for one test."""
    models.register("thawing")(Thawing)
    yield
    models.unregister("thawing")


@pytest.mark.usefixtures("thawing")
def test_freezing_and_thawing_keep_what_was_learned(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    still = {"learning_rate": 1e-6, "epochs": 3}  # what it takes over shows in its first epoch

    def val_loss(run: Run, epoch: int) -> float:
        points = [
            p for p in store.metrics.read(run.id) if (p.split, p.scope, p.name) == ("validation", "epoch", "loss")
        ]
        (value,) = [p.value for p in points if p.epoch == epoch]
        assert value is not None
        return value

    values = SMALL | {"model": "thawing", "learning_rate": 0.01, "epochs": 2, "deterministic": True}
    values.pop("units")
    frozen = _train(store, values)
    thawed = fork(store, frozen, 2, thawed=True, **still)
    assert val_loss(thawed, 3) == pytest.approx(val_loss(frozen, 2), rel=2e-3)

    learned = fork(store, frozen, 2, thawed=True, epochs=4)
    refrozen = fork(store, learned, 4, thawed=False, **still | {"epochs": 5})
    assert val_loss(refrozen, 5) == pytest.approx(val_loss(learned, 4), rel=2e-3)
    assert abs(val_loss(learned, 4) - val_loss(frozen, 2)) > 0.01, "nothing was learned: the test shows nothing"
    child = fork(store, refrozen, 5, epochs=6)  # its checkpoint has what it does not train, too
    assert val_loss(child, 6) == pytest.approx(val_loss(learned, 4), rel=2e-2)

    again = fork_run(store, learned.id, 4, fork_spec(learned, 4, {"thawed": False, "epochs": 7}), slot="terminal")
    with monkeypatch.context() as patch:
        patch.setattr(fit, "Reporter", stopping_at(15))
        assert fit.train_run(store, again) is RunState.STOPPED
    resumed = store.runs.resume(again.id, slot="terminal")
    fit.train_run(store, resumed)
    whole = fork(store, learned, 4, thawed=False, epochs=7)
    assert store.runs.get(again.id).result["weights_sha256"] == whole.result["weights_sha256"]


def _train(store: Store, values: dict[str, Any]) -> Run:
    run = store.runs.create(RunSpec.build(values), slot="terminal")
    fit.train_run(store, run)
    return store.runs.get(run.id)


# -- refusals ----------------------------------------------------------------------------------------------------------


SPEC = RunSpec.build(SMALL)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"dataset": "mnist"}, "keeps the dataset of its parent, which is 'digits', not 'mnist'"),
        ({"validation_fraction": 0.3}, "keeps validation fraction of its parent"),
        ({"model": "cnn"}, "keeps the model of its parent, which is 'mlp', not 'cnn'"),
        ({"units": 32}, "keeps units of its parent, which is 16, not 32: otherwise the weights would not fit"),
        ({"optimizer": "sgd"}, "keeps the optimizer of its parent, which is 'adam', not 'sgd'"),
        (
            {"epochs": 2},
            "A fork at epoch 2 continues with epoch 3, but the run would end after epoch 2. Set epochs to 3 or more.",
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "words",
)
def test_what_must_stay_is_said_in_a_sentence(changes: dict[str, Any], words: str) -> None:
    parent = Run(1, RunState.COMPLETED, SPEC.to_dict())
    with pytest.raises(TrainyardError) as refused:
        check_fork(SPEC, fork_spec(parent, 2, changes), 2)
    assert words in str(refused.value)


@pytest.mark.parametrize("name", NETWORKS)
def test_of_every_model_a_fork_may_change_what_its_weights_do_not_depend_on(name: str) -> None:
    spec = RunSpec.build({"dataset": small_set(name), "model": name})
    fields = changeable_fields(spec)
    assert not fields["dataset"]
    assert "dropout" in fields["model"]
    assert {"units", "depth", "filters", "width"}.isdisjoint(fields["model"])
    assert {"learning_rate"} <= {*fields["optimizer"]}
    assert {"epochs", "batch_size", "patience"} <= {*fields["training"]}


def pretend(store: Store, *epochs: int, **values: Any) -> Run:
    """A run that has kept epochs, though nobody has trained it."""
    run = create(store, epochs=9)
    folder = artifacts_of(run.id).epochs
    folder.mkdir(parents=True)
    for epoch in epochs:
        (folder / f"{epoch}.npz").write_bytes(b"weights")
    store.attempts.report(run, epoch=max(epochs, default=0), **values)
    return store.runs.get(run.id)


def test_an_epoch_that_was_not_kept_is_answered_with_those_that_were(store: Store) -> None:
    run = pretend(store, 2, 5, 9)
    with pytest.raises(TrainyardError, match=r"Epoch 3 of run 1 was not kept\. These were: 2, 5, 9\."):
        queued(store, run, 3)
    assert queued(store, run, 5, epochs=6).state is RunState.QUEUED  # its parent still runs
    canceled = pretend(store, 2)
    store.attempts.end(canceled, RunState.CANCELED)
    discard_results(canceled.id)
    with pytest.raises(TrainyardError, match="was canceled"):
        queued(store, canceled, 2)


def test_what_the_disk_budget_has_taken_is_said(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = pretend(store, 1, 2)
    store.attempts.end(run, RunState.COMPLETED)
    for epoch in (1, 2):
        with (artifacts_of(run.id).epochs / f"{epoch}.npz").open("wb") as file:
            file.truncate(80_000_000)
    child = queued(store, run, 2)
    monkeypatch.setenv("TRAINYARD_DISK_BUDGET_MB", "100")
    settings.cache_clear()
    assert keep_disk_budget(store) == 80_000_000
    (artifacts_of(run.id).epochs / "1.npz").write_bytes(b"weights")
    settings.cache_clear()
    monkeypatch.setattr("engine.artifacts.used_bytes", lambda _: 300_000_000)
    assert keep_disk_budget(store) == 7  # the second is the child's, too: that frees nothing
    with pytest.raises(TrainyardError, match=r"No epoch of run 1 is kept any more.*TRAINYARD_DISK_BUDGET_MB"):
        queued(store, run, 1)
    assert artifacts_of(child.id).start.is_file()
    artifacts_of(child.id).start.unlink()
    claimed = store.attempts.claim("terminal", child.id)
    assert claimed is not None
    with pytest.raises(TrainyardError, match="the checkpoint it started from was deleted"):
        fit.train_run(store, claimed)


def test_there_is_nothing_to_fork_in_runs_that_have_not_begun_are_deleted_or_belong_to_a_study(store: Store) -> None:
    waiting = store.runs.create(SPEC)
    with pytest.raises(TrainyardError, match="is queued and has not kept an epoch yet"):
        queued(store, waiting, 1)
    child = queued(store, pretend(store, 4), 4)  # it begins at epoch 4, and has ended none itself
    with pytest.raises(TrainyardError, match="is queued and has not kept an epoch yet"):
        queued(store, child, 4)
    claimed = store.attempts.claim("terminal", child.id)
    assert claimed is not None
    store.attempts.end(claimed, RunState.FAILED, "It broke.")
    with pytest.raises(TrainyardError, match="has not completed an epoch, so there is nothing to fork"):
        queued(store, child, 4)
    with pytest.raises(TrainyardError, match="Run 99 does not exist"):
        fork_run(store, 99, 1, SPEC)
    study = store.studies.create(StudySpec.build(SMALL, {"units": None}))
    trial = store.studies.create_trial(study.id, 0, SPEC)
    assert trial is not None
    with pytest.raises(TrainyardError, match=f"is a trial of study {study.id}"):
        queued(store, trial, 1)


def test_a_fork_that_cannot_be_made_leaves_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = pretend(store, 2)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("engine.forks.share_file", full)
    with pytest.raises(TrainyardError, match=r"Epoch 2 of run 1 cannot be copied: No space left.*fork it again"):
        queued(store, run, 2)
    assert store.runs.children(run.id) == []
    assert store.runs.queue() == []
    assert not artifacts_of(run.id + 1).folder.exists()


def test_a_parent_that_is_deleted_this_very_moment_is_a_sentence(store: Store) -> None:
    run = pretend(store, 2)
    store.attempts.end(run, RunState.COMPLETED)
    store.runs.delete(run.id)
    with pytest.raises(TrainyardError, match="Run 1 does not exist"):
        store.runs.fork(run, 2, SPEC, prepare=lambda _: pytest.fail("it is prepared"))


def test_after_the_last_epoch_that_a_run_may_have_there_is_none() -> None:
    parent = Run(1, RunState.COMPLETED, SPEC.to_dict())
    with pytest.raises(TrainyardError, match=r"A run has at most 500 epochs.*Fork an earlier one"):
        check_fork(SPEC, fork_spec(parent, 500, {"epochs": 500}), 500)


def test_a_fork_begins_with_the_rate_that_was_in_force_unless_another_is_asked_for() -> None:
    steering = [{"step": 12, "learning_rate": 0.02}, {"step": 44, "learning_rate": 0.03}]
    steering += [{"step": 50, "learning_rate": 0.04}, {"step": None, "learning_rate": 0.05}]
    parent = Run(1, RunState.RUNNING, SPEC.to_dict(), total_epochs=3, total_steps=66, steering=steering)
    usual = SPEC.optimizer.learning_rate
    for epoch, rate in ((0, usual), (1, 0.02), (2, 0.03), (3, 0.04)):
        assert fork_spec(parent, epoch, {"dropout": 0.5}).optimizer.learning_rate == rate
        assert fork_spec(parent, epoch, {"learning_rate": usual}).optimizer.learning_rate == usual


# -- kept epochs -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("most", [1, 2, 3, 10])
def test_kept_epochs_are_spread_over_the_run_with_the_newest_and_the_best(most: int) -> None:
    kept: list[int] = []
    for epoch in range(1, 201):
        best = min(epoch, 37)
        kept.append(epoch)
        kept = [e for e in kept if e not in too_many(kept, best, most)]
        assert kept[-1] == epoch
        assert most == 1 or epoch < 37 or 37 in kept
        assert len(kept) == min(most, epoch)
    if most == 10:
        gaps = np.diff([0, *kept])
        assert gaps.max() <= 3 * np.median(gaps)


def test_a_kept_epoch_is_a_second_name_of_the_checkpoint_and_trials_keep_none(store: Store) -> None:
    run = train(store, epochs=2, units=8)
    files = artifacts_of(run.id)
    assert (files.epochs / "2.npz").samefile(files.checkpoint)
    assert files.size_bytes() < sum(path.stat().st_size for path in files.folder.rglob("*") if path.is_file())
    study = store.studies.create(StudySpec.build(SMALL, {"units": None}))
    store.studies.create_trial(study.id, 0, RunSpec.build(SMALL | {"epochs": 1, "units": 8}))
    trial = store.attempts.claim("cpu-0")
    assert trial is not None
    fit.train_run(store, trial)
    assert kept_epochs(trial.id) == []
    discard_results(run.id)
    assert kept_epochs(run.id) == []


def test_epochs_that_are_left_in_the_middle_are_not_kept(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINYARD_KEPT_EPOCHS", "2")
    settings.cache_clear()
    run = train_with_stops(monkeypatch, store, [6], epochs=4, units=8)
    assert run.attempt == 2
    assert len(kept_epochs(run.id)) == 2
    assert kept_epochs(run.id)[-1] == 4


def test_on_a_full_disk_kept_epochs_make_room_for_the_checkpoint(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    kept_before: list[list[int]] = []
    write = checkpointing.write_arrays

    def full_once(path: Path, state: dict[str, Any]) -> None:
        run_id = int(path.parent.name)
        if kept_epochs(run_id) == [1, 2]:
            kept_before.append(kept_epochs(run_id))
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        write(path, state)

    monkeypatch.setattr(checkpointing, "write_arrays", full_once)
    run = train(store, **FOUR)
    assert run.state is RunState.COMPLETED
    assert kept_before == [[1, 2]]
    assert kept_epochs(run.id) == [3, 4]


def test_the_best_epoch_is_kept_also_where_epochs_share_a_checkpoint(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = FOUR | {"epochs": 12, "learning_rate": 0.3, "optimizer": "rmsprop"}  # so high that later epochs are worse
    every = train(store, **values)
    best = int(every.best["epoch"])
    assert best < every.epoch, "the last epoch is the best: the test shows nothing"
    monkeypatch.setenv("TRAINYARD_CHECKPOINT_SECONDS", "1000")
    settings.cache_clear()
    rare = train(store, **values)
    assert kept_epochs(rare.id) == [best, 12]
    assert not (artifacts_of(rare.id).epochs / f"{best}.npz").samefile(artifacts_of(rare.id).checkpoint)
    child = fork(store, rare, best)
    assert child.result["weights_sha256"] == every.result["weights_sha256"]
    assert store.metrics.history(child.id) == {
        name: known[best:] for name, known in store.metrics.history(every.id).items()
    }

    paused = create(store, **values)
    with monkeypatch.context() as patch:  # in the middle of the epoch after the best
        patch.setattr(reporting.Report, "INTERVAL_SECONDS", 0.0)
        patch.setattr(fit, "Reporter", stopping_at_step(best * 22 + 3, RunState.PAUSED))
        assert fit.train_run(store, paused) is RunState.PAUSED
    assert kept_epochs(paused.id) == [best]
    fit.train_run(store, store.runs.resume(paused.id, slot="terminal"))
    assert store.runs.get(paused.id).result["weights_sha256"] == every.result["weights_sha256"]


def test_a_run_whose_loss_becomes_no_number_has_kept_its_best_epoch(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINYARD_CHECKPOINT_SECONDS", "1000")
    settings.cache_clear()

    class Diverging(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            if epoch == 2:
                self.model.optimizer.learning_rate = 1e30

    run = create(store, **FOUR)
    with pytest.raises(TrainyardError, match="loss became"):
        fit.train_run(store, run, [Diverging()])
    assert kept_epochs(run.id) == [int(store.runs.get(run.id).best["epoch"])]


def test_what_cannot_be_kept_ends_no_run(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpointing, "keep_epoch", full)
    run = train(store, **FOUR)
    assert (run.state, kept_epochs(run.id)) == (RunState.COMPLETED, [])


def test_a_fork_that_was_steered_is_repeated_with_its_changes(store: Store) -> None:
    parent = train(store, **FOUR)

    def repeat(steering: list[dict[str, Any]]) -> Run:
        run = fork_run(store, parent.id, 2, parent.parsed(), slot="terminal", steering=steering)
        fit.train_run(store, run)
        return store.runs.get(run.id)

    steered = fork_run(store, parent.id, 2, parent.parsed(), slot="terminal")
    store.runs.steer(steered.id, 0.05)
    fit.train_run(store, steered)
    steered = store.runs.get(steered.id)
    assert steered.steering[0]["step"] is not None
    assert repeat(steered.steering).result["weights_sha256"] == steered.result["weights_sha256"]
    assert repeat([]).result["weights_sha256"] == parent.result["weights_sha256"] != steered.result["weights_sha256"]
