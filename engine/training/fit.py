"""Train one claimed run from where it stands to its end: the only place that calls `fit`."""

import hashlib
import logging
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from engine.artifacts import Artifacts, artifacts_of, check_free_disk, discard_results
from engine.datasets.prepare import PreparedDataset, prepare
from engine.environment import describe_environment
from engine.processes import describe_process
from engine.runs import Run, RunSpec, RunState
from engine.settings import settings
from engine.store import Store
from engine.training.callbacks import BestEpoch, Checkpoints, Ended, Plateau, Report
from engine.training.checkpoint import load_checkpoint
from engine.training.evaluate import evaluate_run, save_info, save_model
from engine.training.features import frozen_features
from engine.training.hardware import Hardware
from engine.training.network import Network, build_network, compile_network
from engine.training.pipeline import Batches, evaluation_dataset
from engine.training.reporter import Reporter, RunLost

logger = logging.getLogger(__name__)

FIRST_EXECUTION_STEPS = 8
"""Steps in one call of the training graph at first: few, so that the first point comes soon."""
_EXECUTION_SECONDS = 0.25  # later: as many steps as fit in this, so that a stop is obeyed soon
_MAX_EXECUTION_STEPS = 256


def train_run(store: Store, run: Run, extra: list[keras.callbacks.Callback] | None = None) -> RunState:
    """Train `run`, which the caller has claimed, until it completes or is asked to end; returns its final state.

    Raises what went wrong (`TrainyardError` with a sentence where a person can help); the caller ends the run.
    `RunLost` means that it is not the caller's any more.
    """
    check_free_disk()
    spec = run.parsed()
    files = artifacts_of(run.id)
    files.folder.mkdir(parents=True, exist_ok=True)
    hardware = Hardware.choose(spec.training.device, deterministic=spec.training.deterministic)
    data = prepare(spec.dataset)
    with hardware.policy(mixed=spec.training.mixed_precision):
        session = _Session.start(store, run, spec, data, hardware, files)
        with Reporter(store, run, spec.task.objective, hardware.measure) as reporter:
            state = session.fit(reporter, extra or [])
            if state is RunState.COMPLETED:
                result = session.result() | evaluate_run(session.network, data, files, spec)
            elif state is RunState.CANCELED:
                discard_results(run.id)
                result = {}
            else:
                save_model(session.network, files)
                result = session.result()
    if reporter.lost:
        raise RunLost(f"Run {run.id} is not this worker's any more.")
    store.end_run(run, state, _farewell(state, session), result)
    return state


@dataclass
class _Session:
    """One attempt at a run: its networks, data and callbacks, at the position where it goes on."""

    spec: RunSpec
    network: Network
    batches: Batches
    validation: tf.data.Dataset
    class_weight: dict[int, float] | None
    files: Artifacts
    best: BestEpoch
    remembering: dict[str, Any]
    epoch: int = 0
    step: int = 0
    running: tuple[np.ndarray, ...] = ()
    spent: float = 0.0
    report: Report | None = None

    @classmethod
    def start(
        cls,
        store: Store,
        run: Run,
        spec: RunSpec,
        data: PreparedDataset,
        hardware: Hardware,
        files: Artifacts,
    ) -> "_Session":
        """Build everything, and load the checkpoint if there is one."""
        network = build_network(spec, data.info)
        arrays = {split: frozen_features(network, spec, data, split) for split in ("train", "validation")}
        batches = Batches(*arrays["train"], spec, data.info)
        total_steps = batches.steps_per_epoch * spec.training.epochs
        compile_network(network, spec, data.info, total_steps, gpu=hardware.gpu)
        best = BestEpoch(spec, files.best)
        remembering: dict[str, Any] = {"best": best}
        if spec.schedule.reacts:
            remembering["plateau"] = Plateau(**spec.schedule.model_dump())
        session = cls(
            spec=spec,
            network=network,
            batches=batches,
            validation=evaluation_dataset(*arrays["validation"], spec, data.info),
            class_weight=spec.task.class_weight(arrays["train"][1], data.info),
            files=files,
            best=best,
            remembering=remembering,
        )
        save_info(files, spec, data.info)
        session._resume()
        store.begin_attempt(
            run,
            worker=describe_process(),
            environment=describe_environment()
            | {
                "device": hardware.name,
                "dataset_hash": data.content_hash,
                "num_parameters": network.core.count_params(),
                "num_train_examples": batches.num_examples,
            },
            total_steps=total_steps,
        )
        store.truncate_metrics(run, session.epoch * batches.steps_per_epoch + session.step)
        return session

    def _resume(self) -> None:
        self.best.set_model(self.network.trained)
        found = load_checkpoint(self.files.checkpoint, self.network.trained)
        if found is None:
            return
        position, running = found
        self.epoch, self.step, self.spent = position.epoch, position.step, position.seconds
        self.running = tuple(running)
        for name, state in position.callbacks.items():
            if name in self.remembering:
                self.remembering[name].set_state(state)
        logger.info("Resuming at epoch %s, step %s.", self.epoch + 1, self.step)

    def fit(self, reporter: Reporter, extra: list[keras.callbacks.Callback]) -> RunState:
        """Call Keras' `fit` in portions: what is left of an epoch, one epoch to measure, and all the rest."""
        model, epochs = self.network.trained, self.spec.training.epochs
        total_steps = epochs * self.batches.steps_per_epoch
        report = self.report = Report(reporter, self.batches, self.spec, self.best, total_steps)
        keeping = Checkpoints(self.files.checkpoint, self.remembering, settings().checkpoint_seconds, self.spent)
        callbacks = [*self.remembering.values(), report, keeping, *extra]
        report.epoch, report.step = self.epoch, self.step
        model.steps_per_execution = min(FIRST_EXECUTION_STEPS, self.batches.steps_per_epoch)
        try:
            if self.step:
                report.first_step, report.running = self.step, list(self.running)
                self._portion(callbacks, self.epoch, self.epoch + 1, self.step)
            elif self.epoch < epochs:
                self._portion(callbacks, self.epoch, self.epoch + 1)
            if not model.stop_training and report.epoch < epochs:
                model.steps_per_execution = self._execution_steps(report.steps_per_second)
                model.make_train_function(force=True)
                self._portion(callbacks, report.epoch, epochs)
        except Ended as ended:
            if ended.state is not RunState.CANCELED:
                keeping.set_model(model)
                keeping.save(report.epoch, report.step, report.total_steps)
                self.best.restore()
            return ended.state
        keeping.set_model(model)
        keeping.save(report.epoch, report.step, report.total_steps)
        self.best.restore()
        return RunState.COMPLETED

    def _portion(self, callbacks: list[Any], first: int, last: int, first_step: int = 0) -> None:
        self.network.trained.fit(
            self.batches.dataset(first_step),
            validation_data=self.validation,
            initial_epoch=first,
            epochs=last,
            class_weight=self.class_weight,
            callbacks=callbacks,
            shuffle=False,  # the pipeline shuffles
            verbose=0,
        )

    def _execution_steps(self, steps_per_second: float) -> int:
        wanted = round(steps_per_second * _EXECUTION_SECONDS)
        return max(1, min(wanted, _MAX_EXECUTION_STEPS, self.batches.steps_per_epoch))

    def result(self) -> dict[str, Any]:
        """What is known at the end of training, before any evaluation."""
        assert self.report is not None
        seen = self.report.throughputs
        weights = hashlib.sha256()
        for value in self.network.core.get_weights():
            weights.update(np.ascontiguousarray(value).data)
        return {
            "epochs": self.report.epoch,
            "best_epoch": self.best.epochs.get("epoch", 0),
            "examples_per_second": float(np.median(seen[1:] or seen)) if seen else 0.0,
            "num_train_examples": self.batches.num_examples,
            "weights_sha256": weights.hexdigest(),
        }


def _farewell(state: RunState, session: _Session) -> str:
    assert session.report is not None
    done, epochs = session.report.epoch, session.spec.training.epochs
    if state is RunState.COMPLETED and done < epochs:
        return f"Stopped early after epoch {done}: no better result for {session.spec.training.patience} epochs."
    if state is RunState.STOPPED:
        return f"Stopped in epoch {min(done + 1, epochs)} of {epochs}. The model is kept; Resume goes on from here."
    if state is RunState.CANCELED:
        return "Canceled: no result was kept."
    return ""
