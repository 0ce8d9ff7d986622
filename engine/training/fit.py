"""Train one claimed run from its current position to its end, and write the files that belong to its final state."""

import gc
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from engine.artifacts import artifacts_of, check_free_disk
from engine.budgets.yielding import YIELDS
from engine.data_info import DataInfo
from engine.errors import TrainyardError
from engine.group import Group
from engine.models.base import BOOSTING, DESCENT
from engine.processes import LEAVING
from engine.runs import EVALUATING, Run, RunSpec, RunState
from engine.sentences import Sentence
from engine.store import Store
from engine.training.boosting import BoostingSession
from engine.training.comparison import compare_run
from engine.training.evaluate import evaluate_run, measure_latency
from engine.training.farewell import farewell
from engine.training.features import learn
from engine.training.hardware import Hardware
from engine.training.leading import Lead, check_together, gather
from engine.training.network import build_network, compile_network, create_variables
from engine.training.pipeline import Batches, evaluation_dataset
from engine.training.reporter import Ended, Reporter, RunLost
from engine.training.session import Session
from engine.training.start import start_session
from engine.training.start_boosting import start_boosting
from engine.training.stopped import Ending, canceled, evaluate_stopped


def train_run(
    store: Store, run: Run, extra: list[keras.callbacks.Callback] | None = None, group: Group | None = None
) -> RunState:
    """Train `run`, which the caller has claimed, until it completes or is asked to end; return its final state.

    Where it is of several machines, this process leads the `group`; one that is not given is started on this machine.

    Raise what went wrong (`TrainyardError` with a sentence where a person can help); the caller ends the run.
    `RunLost` means that it no longer belongs to the caller, `MachineLost` that it has to begin again.
    """
    check_free_disk()
    files = artifacts_of(run.id)
    spec = run.parsed()
    check_together(spec)
    hardware = Hardware.choose(spec.training.device, spec.training.devices, deterministic=spec.training.deterministic)
    # reporting begins before anything slow: preparing a large dataset must not look like a dead worker
    with Reporter(store, run, spec.task.objective, hardware.measure) as reporter, ExitStack() as stack:
        files.take()
        try:
            lead = _gathered(run, spec, hardware, reporter, group)
        except Ended as ended:
            state, message, result = _unbegun(run, ended.state)
        else:
            stack.enter_context(hardware.policy(mixed=spec.training.mixed_precision))
            state, message, result = _train(store, run, spec, hardware, reporter, extra or [], lead)
        files.publish(run.attempt)  # before the state is known: whoever reads it may rely on the files
    waits = YIELDS.get(reporter.yields) or (LEFT if LEAVING.is_set() else None)
    if state is RunState.PAUSED and waits and store.attempts.requeue(run, waits, counted=False):
        return state
    if not store.attempts.end(run, state, message, result):
        raise RunLost(Sentence("Run {run} no longer belongs to this worker.", run=run.id))
    return state


LEFT = Sentence("Its executor was stopped; it continues from where it was.")


def rehearsed() -> RunSpec:
    """Return the run that is rehearsed; so much can be done before TensorFlow begins, and imports everything declared."""
    return RunSpec.build({"dataset": "digits", "epochs": 1, "batch_size": 4})


def rehearse() -> None:
    """Train a toy on the code path of a run, without a store: whatever is traced and looked up once need not be again."""
    spec = rehearsed()
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


def _gathered(run: Run, spec: RunSpec, hardware: Hardware, reporter: Reporter, group: Group | None) -> Lead | None:
    """Return the lead of the other machines once they are there; None where this one is alone. TensorFlow must not have begun."""
    lead = gather(run, spec, group, gpu=hardware.gpu)
    if lead is not None:
        reporter.say(Sentence("Waiting for {count} machines", count=spec.training.machines))
        try:
            lead.wait(reporter.obey, gpu=hardware.gpu)
        except BaseException:
            lead.end()
            raise
    return lead


def _train(
    store: Store,
    run: Run,
    spec: RunSpec,
    hardware: Hardware,
    reporter: Reporter,
    extra: list[Any],
    lead: Lead | None,
) -> Ending:
    """Train and write the files that belong to the state; return (state, message, result)."""
    began = time.monotonic()
    files = artifacts_of(run.id)
    session: Session | BoostingSession | None = None
    state = RunState.COMPLETED
    try:
        session = _START[spec.model.fits](store, run, spec, hardware, reporter, lead)
        if run.phase != EVALUATING:
            session.fit(extra)
    except Ended as ended:
        state = ended.state
    except tf.errors.OpError as error:
        if lead is not None:
            lead.explain(error)
        raise
    except TrainyardError:  # a loss that is not finite: return to the best epoch
        if session is not None:
            session.keeping.keep_best()
        raise
    finally:
        if lead is not None:  # the rest is done here
            lead.end()
    if session is None or state is RunState.CANCELED:
        return _unbegun(run, state)
    if run.phase == EVALUATING:
        session.best.restore()
        return evaluate_stopped(session, run, reporter, run.result)
    session.keep()
    begun = session.report.step > 0
    if state is RunState.PAUSED:  # the device is wanted: nothing is evaluated
        return state, farewell(spec.training, session.report.epoch, state, begun=begun), run.result
    result = session.result()
    if run.study_id is not None:  # a trial is evaluated on validation alone, and its checkpoint has the best weights
        if state is RunState.COMPLETED and "latency" in store.studies.get(run.study_id).spec.objectives:
            result |= {
                "latency_ms": measure_latency(session.network, session.data, spec.task, learn(spec, session.data))
            }
        return state, farewell(spec.training, session.report.epoch, state, begun=begun), result | _taken(began, session)
    if state is not RunState.COMPLETED:
        return evaluate_stopped(session, run, reporter, result)
    result |= evaluate_run(session.network, session.data, files, spec)
    result |= _taken(began, session)  # without the baseline, which the next run will find ready
    try:
        result |= compare_run(session.data, spec, files, reporter.obey)
    except Ended:  # only a cancel raises here: a stop merely leaves the baseline out
        return canceled(run)
    return state, farewell(spec.training, session.report.epoch, state), result


_START: dict[str, Callable[..., Session | BoostingSession]] = {DESCENT: start_session, BOOSTING: start_boosting}


def _unbegun(run: Run, state: RunState) -> Ending:
    """Return how a run ends that was canceled, or asked to end before anything was trained."""
    if state is RunState.CANCELED:
        return canceled(run)
    if run.phase == EVALUATING and state is RunState.STOPPED:
        return state, Sentence("The model is kept; it was not evaluated."), run.result
    if state is RunState.PAUSED:
        return state, Sentence("Paused before training began. Resume starts it."), run.result
    return state, Sentence("Stopped before training began. Resume starts it."), run.result


def _taken(began: float, session: Session | BoostingSession) -> dict[str, float]:
    """Return how long it all took, from building the network to evaluating it, with the training of earlier attempts: the next
    run's time is estimated from it."""
    return {"whole_seconds": round(time.monotonic() - began + session.keeping.earlier_seconds, 3)}
