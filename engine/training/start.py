"""The start of an attempt: data and network are prepared, callbacks join them, and training takes its position."""

import logging
import time
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np

from engine.artifacts import artifacts_of
from engine.data_info import DataInfo
from engine.environment import describe_environment
from engine.errors import TrainyardError
from engine.preparation.prepare import PreparedDataset, Split, prepare
from engine.processes import describe_process
from engine.runs import EVALUATING, Run, RunSpec
from engine.sentences import Sentence, word
from engine.settings import settings
from engine.store import Store
from engine.training.best import BestEpoch, Plateau
from engine.training.checkpointing import Checkpoints
from engine.training.comparison import known_baseline
from engine.training.evaluate import save_info
from engine.training.features import frozen_features, learn
from engine.training.hardware import Hardware
from engine.training.inheritance import Inheritance, inherit
from engine.training.leading import Lead
from engine.training.machines import LONE, Machines
from engine.training.network import Network, build_network, compile_network, create_variables
from engine.training.operations import count_flops, measure_lengths
from engine.training.pace import Pace
from engine.training.pipeline import Batches, evaluation_dataset
from engine.training.position import take_position
from engine.training.probing import Probing
from engine.training.replicas import Replicas
from engine.training.reporter import Reporter
from engine.training.reporting import Report
from engine.training.seeds import SteadySeeds
from engine.training.session import Session
from engine.training.steering import Steering

logger = logging.getLogger(__name__)


class Listening(Protocol):
    """Whoever prepares, and what can be said to it."""

    def say(self, sentence: str) -> None:
        """Say what is done."""

    def obey(self) -> None:
        """Raise where the run was asked to end."""


_SPLITS: tuple[Split, ...] = ("train", "validation")


@dataclass(frozen=True)
class Material:
    """Data and network of a run."""

    data: PreparedDataset
    info: DataInfo
    network: Network
    inherited: Inheritance | None
    arrays: dict[Split, tuple[np.ndarray, np.ndarray]]
    batches: Batches
    replicas: Replicas
    flops: int
    began: float
    """When preparing it began, by `time.monotonic`."""

    def class_weight(self, spec: RunSpec) -> dict[int, float] | None:
        """Return the weight of each class in the loss, if it has any."""
        return spec.task.class_weight(self.arrays["train"][1], self.info)


def start_session(
    store: Store, run: Run, spec: RunSpec, hardware: Hardware, reporter: Reporter, lead: Lead | None = None
) -> Session:
    """Build everything, load the checkpoint if there is one, and tell the store that training begins. Those who follow this
    process's `lead` get its state."""
    files = artifacts_of(run.id)
    files.folder.mkdir(parents=True, exist_ok=True)
    material = prepare_material(run, spec, hardware, reporter, lead.machines if lead else LONE)
    save_info(files, spec, material.info)
    reporter.say(Sentence("Compiling the training step"))
    session = _join(material, store, run, spec, reporter)
    session.lead = lead
    take_position(session, material.inherited)
    if lead is not None:
        reporter.say(Sentence("Waiting for the other machines"))
        lead.begin(session.network.trained, session.report)
    facts = {
        "devices": hardware.replicas.count,
        "machines": spec.training.machines,
        "num_parameters": material.network.counted.count_params(),
        "flops": material.flops,
        "num_train_examples": material.batches.num_examples,
    }
    announce(store, run, spec, material.data, hardware, _total_steps(spec, material.batches), facts)
    reporter.begin(session.report.total_steps, session.report.epoch)
    reporter.set_best(session.best.epochs)
    session.steering.begin()
    if run.phase == EVALUATING:  # no step follows that would take back what was said
        reporter.say("")
    return session


def _total_steps(spec: RunSpec, batches: Batches) -> int:
    return batches.steps_per_epoch * spec.training.epochs


def prepare_material(
    run: Run, spec: RunSpec, hardware: Hardware, reporter: Listening, machines: Machines = LONE
) -> Material:
    """Prepare the data, and build a compiled network with the parent's frozen weights where there is one. Nothing is kept."""
    began = time.monotonic()
    files = artifacts_of(run.id)
    reporter.say(Sentence("Loading the data"))
    data = prepare(spec.dataset)
    info = learn(spec, data)
    reporter.say(Sentence("Building the network"))
    replicas = hardware.replicas
    network = build_network(spec, info, replicas)
    inherited = inherit(run, files, network)
    weights = inherited.frozen if inherited else ""
    arrays = {
        split: frozen_features(network, spec, data, split, reporter.obey, weights, partial(_tell, reporter, split))
        for split in _SPLITS
    }
    batches = Batches(*arrays["train"], spec, info, replicas, machines)
    with replicas.scope():
        alone = spec.training.places == 1
        compile_network(network, spec, info, _total_steps(spec, batches), gpu=hardware.gpu and alone)
    create_variables(network.trained, batches.example(), replicas)
    machines.train_together(network.trained)
    flops = count_flops(network.trained, measure_lengths(spec, data).mean)
    return Material(data, info, network, inherited, arrays, batches, replicas, flops, began)


def _tell(reporter: Listening, split: Split, share: float) -> None:
    """Say how many of the features of a split are computed."""
    reporter.say(Sentence("Computing features of the {split} split: {share:.0%}", split=word(split), share=share))


def _join(material: Material, store: Store, run: Run, spec: RunSpec, reporter: Reporter) -> Session:
    """Make the callbacks, which know each other, and the session that has them."""
    batches, arrays, info = material.batches, material.arrays, material.info
    best = BestEpoch(spec)
    remembering: dict[str, Any] = {"best": best}
    if spec.schedule.reacts:
        remembering["plateau"] = Plateau(**spec.schedule.model_dump())
    report = Report(reporter, batches, spec, best, _total_steps(spec, batches))
    remembering["steering"] = steering = Steering(store, run, report, spec.optimizer.learning_rate)
    keeping = Checkpoints(
        artifacts_of(run.id),
        best,
        remembering,
        settings().checkpoint_seconds,
        most_kept=_most_kept(run),
        writing=reporter.send,
        written=partial(publish, run),
    )
    return Session(
        spec=spec,
        data=material.data,
        network=material.network,
        batches=batches,
        replicas=material.replicas,
        validation=evaluation_dataset(*arrays["validation"], spec, info, material.replicas),
        class_weight=material.class_weight(spec),
        report=report,
        best=best,
        keeping=keeping,
        seeds=SteadySeeds(),
        steering=steering,
        pace=Pace(report, material.flops * batches.batch_size, run.study_id),
        probing=partial(_probing, material, run, spec) if run.study_id is None else None,
    )


def _probing(material: Material, run: Run, spec: RunSpec, done: int) -> Probing:
    """Make the callback that answers probes, where `done` epochs have ended before."""
    network, data, info = material.network, material.data, material.info
    validation = material.arrays["validation"][0]
    return Probing(artifacts_of(run.id), network, data, info, spec, validation, done=done, began=material.began)


def publish(run: Run) -> None:
    """Let other machines have a checkpoint; one that cannot be uploaded now will be with the next."""
    try:
        artifacts_of(run.id).publish(run.attempt)
    except TrainyardError as error:
        logger.warning("%s", error)


def _most_kept(run: Run) -> int:
    """Return how many of its epochs can be forked: those of a trial cannot."""
    return settings().kept_epochs if run.study_id is None else 0


def announce(
    store: Store,
    run: Run,
    spec: RunSpec,
    data: PreparedDataset,
    hardware: Hardware,
    total_steps: int,
    facts: dict[str, Any],
) -> None:
    """Tell the store where and on what the run trains."""
    found = {"device": hardware.name, "dataset_hash": data.content_hash} | facts
    store.attempts.begin(
        run,
        worker=describe_process(),
        environment=describe_environment() | found | known_baseline(data, spec),
        total_steps=total_steps,
    )
