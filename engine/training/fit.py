"""Train one claimed run from its current position to its end: the only module that calls `fit`."""

import gc
import hashlib
import logging
import time
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from engine.artifacts import artifacts_of, check_free_disk, discard_results
from engine.data_info import DataInfo
from engine.environment import describe_environment
from engine.errors import TrainyardError
from engine.preparation.prepare import PreparedDataset, Split, prepare
from engine.processes import describe_process
from engine.runs import Run, RunSpec, RunState
from engine.sentences import Sentence
from engine.settings import settings
from engine.store import Store
from engine.training.callbacks import BestEpoch, Checkpoints, Plateau, Report, SteadySeeds
from engine.training.checkpoint import load_checkpoint
from engine.training.comparison import compare_run, known_baseline
from engine.training.evaluate import evaluate_run, measure_latency, save_info, save_model
from engine.training.features import frozen_features, learn
from engine.training.hardware import Hardware
from engine.training.inheritance import Inheritance, describe, inherit, untrained
from engine.training.network import Network, build_network, compile_network, create_variables
from engine.training.operations import count_flops, measure_lengths
from engine.training.pace import Pace
from engine.training.pipeline import Batches, evaluation_dataset
from engine.training.probing import Probing
from engine.training.reporter import Ended, Reporter, RunLost
from engine.training.steering import Steering

logger = logging.getLogger(__name__)

FIRST_EXECUTION_STEPS = 1
"""Steps in one call of the training graph at first: a graph without a loop is traced sooner, so the first point comes sooner."""
_EXECUTION_SECONDS = 0.25  # later: as many steps as fit in this, so that a stop is obeyed soon
_MAX_EXECUTION_STEPS = 256
_SPLITS: tuple[Split, ...] = ("train", "validation")


def train_run(store: Store, run: Run, extra: list[keras.callbacks.Callback] | None = None) -> RunState:
    """Train `run`, which the caller has claimed, until it completes or is asked to end; return its final state.

    Raise what went wrong (`TrainyardError` with a sentence where a person can help); the caller ends the run.
    `RunLost` means that it no longer belongs to the caller.
    """
    check_free_disk()
    spec = run.parsed()
    hardware = Hardware.choose(spec.training.device, deterministic=spec.training.deterministic)
    # reporting begins before anything slow: preparing a large dataset must not look like a dead worker
    with (
        Reporter(store, run, spec.task.objective, hardware.measure) as reporter,
        hardware.policy(mixed=spec.training.mixed_precision),
    ):
        state, message, result = _train(store, run, spec, hardware, reporter, extra or [])
    if not store.attempts.end(run, state, message, result):
        raise RunLost(Sentence("Run {run} no longer belongs to this worker.", run=run.id))
    return state


def execution_steps(steps_per_second: float, steps_per_epoch: int) -> int:
    """Return the steps in one call of the training graph once the speed is known."""
    return max(1, min(round(steps_per_second * _EXECUTION_SECONDS), _MAX_EXECUTION_STEPS, steps_per_epoch))


def rehearse() -> None:
    """Train a toy on the code path of a run, without a store: whatever is traced and looked up once need not be again."""
    spec = RunSpec.build({"dataset": "digits", "epochs": 1, "batch_size": 4})
    info = DataInfo((8, 8, 1), ("0", "1"))
    inputs, targets = np.zeros((16, 8, 8, 1), np.uint8), np.arange(16) % 2
    network = build_network(spec, info)
    batches = Batches(inputs, targets, spec, info)
    compile_network(network, spec, info, batches.steps_per_epoch, gpu=False)
    create_variables(network.trained, batches.example())
    validation = evaluation_dataset(inputs, targets, spec, info)
    network.trained.fit(batches.dataset(), validation_data=validation, shuffle=False, verbose=0)
    forget()


def forget() -> None:
    """Release what a run has left in this process: its graphs, its names and its memory."""
    keras.backend.clear_session(free_memory=False)
    gc.collect()  # once: Keras would do it before and we after


def _train(
    store: Store, run: Run, spec: RunSpec, hardware: Hardware, reporter: Reporter, extra: list[Any]
) -> tuple[RunState, str, dict[str, Any]]:
    """Train and write the files that belong to the state; return (state, message, result)."""
    began = time.monotonic()
    files = artifacts_of(run.id)
    session = None
    state = RunState.COMPLETED
    try:
        session = _Session.start(store, run, spec, hardware, reporter)
        session.fit(extra)
    except Ended as ended:
        state = ended.state
    except TrainyardError:  # a loss that is not finite: return to the best epoch
        if session is not None:
            session.keeping.keep_best()
        raise
    if state is RunState.CANCELED:
        return _canceled(run)
    if session is None:
        if state is RunState.PAUSED:
            return state, Sentence("Paused before training began. Resume starts it."), run.result
        return state, Sentence("Stopped before training began. Resume starts it."), run.result
    session.keep()
    if state is RunState.PAUSED:  # the device is wanted: nothing is evaluated
        return state, session.farewell(state), run.result
    result = session.result()
    if run.study_id is not None:  # a trial is evaluated on validation alone, and its checkpoint has the best weights
        if state is RunState.COMPLETED and "latency" in store.studies.get(run.study_id).spec.objectives:
            result |= {"latency_ms": measure_latency(session.network, session.data)}
        return state, session.farewell(state), result | _taken(began)
    if state is RunState.COMPLETED:
        result |= evaluate_run(session.network, session.data, files, spec)
        result |= _taken(began)  # without the baseline, which the next run will find ready
        try:
            result |= compare_run(session.data, spec.task, files, reporter.obey)
        except Ended:  # only a cancel raises here: a stop merely leaves the baseline out
            return _canceled(run)
    else:
        save_model(session.network, files)
    return state, session.farewell(state), result


def _most_kept(run: Run) -> int:
    """Return how many of its epochs can be forked: those of a trial cannot."""
    return settings().kept_epochs if run.study_id is None else 0


def _taken(began: float) -> dict[str, float]:
    """Return how long it all took, from building the network to evaluating it: the next run's time is estimated from it."""
    return {"whole_seconds": round(time.monotonic() - began, 3)}


def _canceled(run: Run) -> tuple[RunState, str, dict[str, Any]]:
    discard_results(run.id)
    return RunState.CANCELED, Sentence("Canceled: no result was kept."), {}


@dataclass
class _Session:
    """One attempt at a run: its networks, data and callbacks, at the position where it continues."""

    spec: RunSpec
    data: PreparedDataset
    network: Network
    batches: Batches
    validation: tf.data.Dataset
    class_weight: dict[int, float] | None
    report: Report
    best: BestEpoch
    keeping: Checkpoints
    seeds: SteadySeeds
    steering: Steering
    pace: Pace
    info: DataInfo
    began: float
    probed: bool

    @classmethod
    def start(cls, store: Store, run: Run, spec: RunSpec, hardware: Hardware, reporter: Reporter) -> "_Session":
        """Build everything, and load the checkpoint if there is one."""
        began = time.monotonic()
        files = artifacts_of(run.id)
        files.folder.mkdir(parents=True, exist_ok=True)
        data = prepare(spec.dataset)
        info = learn(spec, data)
        save_info(files, spec, info)
        network = build_network(spec, info)
        inherited = inherit(run, files, network)
        weights = inherited.frozen if inherited else ""
        arrays = {split: frozen_features(network, spec, data, split, reporter.obey, weights) for split in _SPLITS}
        batches = Batches(*arrays["train"], spec, info)
        total_steps = batches.steps_per_epoch * spec.training.epochs
        compile_network(network, spec, info, total_steps, gpu=hardware.gpu)
        create_variables(network.trained, batches.example())
        flops = count_flops(network.trained, measure_lengths(spec, data).mean)
        best = BestEpoch(spec)
        remembering: dict[str, Any] = {"best": best}
        if spec.schedule.reacts:
            remembering["plateau"] = Plateau(**spec.schedule.model_dump())
        report = Report(reporter, batches, spec, best, total_steps)
        remembering["steering"] = steering = Steering(store, run, report, spec.optimizer.learning_rate)
        session = cls(
            spec=spec,
            data=data,
            network=network,
            batches=batches,
            validation=evaluation_dataset(*arrays["validation"], spec, info),
            class_weight=spec.task.class_weight(arrays["train"][1], info),
            report=report,
            best=best,
            keeping=Checkpoints(files, best, remembering, settings().checkpoint_seconds, most_kept=_most_kept(run)),
            seeds=SteadySeeds(),
            steering=steering,
            pace=Pace(report, flops * batches.batch_size, run.study_id),
            info=info,
            began=began,
            probed=run.study_id is None,
        )
        session._resume(inherited)
        found = {
            "device": hardware.name,
            "dataset_hash": data.content_hash,
            "num_parameters": network.core.count_params(),
            "flops": flops,
            "num_train_examples": batches.num_examples,
        }
        store.attempts.begin(
            run,
            worker=describe_process(),
            environment=describe_environment() | found | known_baseline(data, spec.task),
            total_steps=total_steps,
        )
        reporter.begin(session.report.total_steps, session.report.epoch)
        reporter.set_best(best.epochs)
        steering.begin()
        return session

    def _resume(self, inherited: Inheritance | None) -> None:
        """Continue from the run's own checkpoint; without one, from its parent's; or begin."""
        model, keeping = self.network.trained, self.keeping
        keeping.about = self._about
        for callback in (self.best, keeping, self.steering):
            callback.set_model(model)
        if inherited and inherited.frozen:
            keeping.more = untrained(self.network)
        if keeping.files.checkpoint.is_file():
            self._go_on()
        elif inherited:
            self._begin_with(inherited)

    def _about(self) -> dict[str, Any]:
        """Return what a fork must know of this run besides its variables."""
        parts = {"schedule": self.spec.schedule.to_dict(), "task": self.spec.task.to_dict()}
        return describe(self.network, self.keeping.more) | parts

    def _begin_with(self, inherited: Inheritance) -> None:
        """Take over the state of another run at the end of an epoch.

        Its best epoch counts: a fork that improves nothing ends with what it began with. Its patience starts again:
        changed values deserve all of it.
        """
        about, position, spec = inherited.about, inherited.position, self.spec
        rate = position.callbacks["steering"]["learning_rate"]
        same_rate = (rate, about["schedule"]) == (spec.optimizer.learning_rate, spec.schedule.to_dict())
        same_loss = spec.task.earlier | about["task"] == spec.task.to_dict()
        inherited.give_rest(self.network, position.epoch * self.batches.steps_per_epoch, same_rate=same_rate)
        known = position.callbacks
        if same_loss or not spec.task.objective.endswith("loss"):
            self.best.set_state(known["best"] | {"wait": 0})
            self.best.best_weights = inherited.best_weights(self.network)
        if "plateau" in known and "plateau" in self.keeping.remembering and same_rate and same_loss:
            self.keeping.remembering["plateau"].set_state(known["plateau"])
        self.report.epoch = position.epoch
        logger.info("Forked: going on with epoch %s.", position.epoch + 1)

    def _go_on(self) -> None:
        found = load_checkpoint(self.keeping.files.checkpoint, self.network.trained)
        position = found.position
        for name, state in position.callbacks.items():
            if name in self.keeping.remembering:
                self.keeping.remembering[name].set_state(state)
        self.best.best_weights = found.best
        self.keeping.go_on(position.seconds)
        self.report.epoch, self.report.step, self.report.means = position.epoch, position.step, found.means
        logger.info("Resuming at epoch %s, step %s.", position.epoch + 1, position.step)

    def fit(self, extra: list[Any]) -> None:
        """Call Keras' `fit` in portions: the rest of an epoch, one epoch to measure where the speed is not known, and the rest."""
        report, epochs = self.report, self.spec.training.epochs
        remembering = [v for v in self.keeping.remembering.values() if v is not self.steering]
        callbacks = [self.seeds, *remembering, report, self.steering, self.keeping, self.pace, *extra]
        if self.probed:
            callbacks.append(self._probing())
        steps = self.batches.steps_per_epoch
        if report.step == steps:
            self._validate(callbacks)
        while report.epoch < epochs and not self.best.exhausted:
            exact, speed = self.steering.exact_epoch(), self.pace.steps_per_second
            now = exact == report.epoch
            first = min(FIRST_EXECUTION_STEPS, steps)
            self._execute(1 if now else execution_steps(speed, steps) if speed else first)
            one = now or report.step or not speed
            self._portion(callbacks, report.epoch + 1 if one else min(epochs, exact or epochs))
        self.pace.remember()

    def _probing(self) -> Probing:
        files, done = self.keeping.files, self.report.epoch
        return Probing(files, self.network, self.data, self.info, self.spec, done=done, began=self.began)

    def _execute(self, steps: int) -> None:
        """Run this many steps in one call of the training graph from now on."""
        model = self.network.trained
        if steps != model.steps_per_execution or model.train_function is None:
            model.steps_per_execution = steps
            # the functions were traced for another number of steps, and would leave out batches
            model.make_train_function(force=True)
            if self.validation.cardinality() != 1:
                model.make_test_function(force=True)

    def _portion(self, callbacks: list[Any], until_epoch: int) -> None:
        self.network.trained.fit(
            self.batches.dataset(self.report.step),
            validation_data=self.validation,
            initial_epoch=self.report.epoch,
            epochs=until_epoch,
            steps_per_epoch=self.batches.steps_per_epoch
            - self.report.step,  # otherwise Keras makes two iterators per epoch
            class_weight=self.class_weight,
            callbacks=callbacks,
            shuffle=False,  # the pipeline shuffles
            verbose=0,
        )

    def _validate(self, callbacks: list[Any]) -> None:
        """Finish an epoch that was interrupted after its last step."""
        model = self.network.trained
        everybody = keras.callbacks.CallbackList(callbacks, model=model)
        everybody.on_epoch_begin(self.report.epoch)
        logs = {name: float(value) for name, value in model.get_metrics_result().items()}
        found = model.evaluate(self.validation, callbacks=everybody, return_dict=True, verbose=0)
        everybody.on_epoch_end(self.report.epoch, logs | {f"val_{name}": value for name, value in found.items()})

    def keep(self) -> None:
        """Write the last checkpoint, then take the weights of the best epoch."""
        self.seeds.put_back()
        self.keeping.save(self.report.epoch, self.report.step, self.report.means)
        self.best.restore()

    def result(self) -> dict[str, Any]:
        """Return what is known at the end of training, before any evaluation."""
        seen = self.report.throughputs
        weights = hashlib.sha256()
        for value in self.network.core.get_weights():
            weights.update(np.ascontiguousarray(value).data)
        return {
            "epochs": self.report.epoch,
            "best_epoch": self.best.epochs.get("epoch", 0),
            "examples_per_second": float(np.median(seen[1:] or seen)) if seen else 0.0,
            "seconds": round(self.keeping.spent, 3),
            "num_train_examples": self.batches.num_examples,
            "weights_sha256": weights.hexdigest(),
        }

    def farewell(self, state: RunState) -> str:
        """Return a sentence that says why training ended, where it is not obvious."""
        done, epochs = self.report.epoch, self.spec.training.epochs
        if state is RunState.COMPLETED and done < epochs:
            return Sentence(
                "Stopped early after epoch {done}: no better result for {patience} epochs.",
                done=done,
                patience=self.spec.training.patience,
            )
        if state is RunState.STOPPED:
            return Sentence(
                "Stopped in epoch {done} of {epochs}. The model is kept; Resume continues from here.",
                done=min(done + 1, epochs),
                epochs=epochs,
            )
        if state is RunState.PAUSED:
            return Sentence(
                "Paused in epoch {done} of {epochs}. Resume continues from here.",
                done=min(done + 1, epochs),
                epochs=epochs,
            )
        if state is RunState.PRUNED:
            return Sentence(
                "Pruned after epoch {done} of {epochs}: other trials were better by then. Resume continues from here.",
                done=done,
                epochs=epochs,
            )
        return ""
