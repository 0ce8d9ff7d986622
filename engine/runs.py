"""The nouns of a training: its inputs (RunSpec), its state (RunState), its current record (Run)."""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import Field as Setting

from engine.access import Visibility
from engine.advice.defaults import Advice
from engine.augmentations.base import Augmentation, augmentations
from engine.datasets.base import Dataset, datasets
from engine.errors import TrainyardError, unknown_name
from engine.modalities.base import modalities
from engine.models.base import DESCENT, Model, models
from engine.naming import Naming
from engine.optimizers import Optimizer, optimizers
from engine.schedules import Schedule, schedules
from engine.sentences import AND, COMMA, joined
from engine.spec import ADVANCED, ESSENTIAL, FIXED, HIDDEN, Field, Options, Range, Spec
from engine.tasks.base import Task, tasks


class RunState(StrEnum):
    """The state of a run. The last five are final; a stopped or failed run may be resumed.

    A paused run has released its device: it has not ended, and continues when it is resumed.
    """

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    STOPPED = "stopped"
    CANCELED = "canceled"
    PRUNED = "pruned"
    FAILED = "failed"

    @property
    def live(self) -> bool:
        """Whether it may still change by itself."""
        return self in (RunState.QUEUED, RunState.RUNNING)

    @property
    def final(self) -> bool:
        """Whether it has ended: it is neither live nor paused."""
        return not self.live and self is not RunState.PAUSED


RESUMABLE = (RunState.PAUSED, RunState.STOPPED, RunState.FAILED, RunState.PRUNED)
"""States from which a run can go on."""


EVALUATING = "evaluating"
"""Phase of a queued or running run that trains no further: only its evaluation is left."""


class Training(Spec):
    """Duration, batch size, device and seed of a training."""

    epochs: Annotated[int, Range(1, 500, log=True), ESSENTIAL] = 10
    """Maximum number of passes over all training examples."""
    batch_size: Annotated[int, Range(4, 4096, log=True)] = 64
    """Examples in one weight update. Larger: faster and steadier; smaller: noisier, often generalises better."""
    patience: Annotated[int, Range(0, 100)] = 4
    """Early stopping: end after this many epochs without a better validation result. The best epoch is restored. 0: off."""
    first_best: Annotated[int, Range(1, 500, log=True), FIXED, ADVANCED] = 1
    """The first epoch that may count as the best. With few validation examples, an early one often looks best by chance."""
    seed: Annotated[int, Setting(ge=0, le=2**31 - 1), ADVANCED] = 0
    """Seed of weights, data order, dropout and augmentation. The same seed on the same machine repeats a run."""
    deterministic: Annotated[bool, FIXED, ADVANCED] = False
    """Use only operations that give bit-identical results each time; can be slower on a GPU."""
    device: Annotated[str, Options("devices"), Setting(pattern=r"^(auto|cpu|gpu|gpu:\d{1,2})$"), ADVANCED] = "auto"
    """Device to train on. Auto: a free GPU if there is one, otherwise the CPU."""
    devices: Annotated[int, Options("gpus"), Setting(ge=1, le=16), ADVANCED] = 1
    """GPUs that train this run at the same time, each on its part of every batch. The batch size must be divisible by it."""
    machines: Annotated[int, Options("machines"), Setting(ge=1, le=16), ADVANCED] = 1
    """Machines that train this run together, each with one device and its part of every batch. The batch size must be divisible
    by it. Losses are those of one device, but for batch normalisation, dropout and augmentation, which each applies to its part."""
    watched: Annotated[str, Setting(pattern=r"^[0-9, ]{0,800}$"), HIDDEN] = ""
    """Validation examples whose answers are shown after each epoch: their positions in the dataset, with commas between them.
    Empty: some of each class. It changes nothing in the training."""
    mixed_precision: Annotated[bool, FIXED, ADVANCED] = False
    """Compute in 16 bits, keep weights in 32: about twice as fast on recent GPUs. Ignored on the CPU."""

    @property
    def places(self) -> int:
        """Devices that train the run, on all machines together."""
        return self.devices * self.machines


@dataclass(frozen=True)
class RunSpec:
    """The frozen record of all inputs of a run. Two runs with equal specs and equal data do the same."""

    task: Task
    dataset: Dataset
    model: Model
    optimizer: Optimizer
    schedule: Schedule
    augmentation: Augmentation | None
    training: Training

    @classmethod
    def build(cls, values: dict[str, Any]) -> Self:
        """Make a spec from flat values, as in a URL or on a command line: names of parts and of their fields.

        Parts that are not named take their default (`dataset` fashion, `model` cnn, ...); fields that are not
        named take what dataset, model and optimizer suggest, or the advice for imported data. Unknown names and
        values out of range raise.
        """
        names = {name: value for name, value in values.items() if name in PARTS}
        values = {name: value for name, value in values.items() if name not in PARTS}
        parts = choose_parts(names, values)
        given = suggested_values(parts, values) | values
        known = {f.name for part in parts.values() for f in part.fields()}
        unused = unused_fields(parts)
        for name in values:
            if name not in known:
                raise unknown_name("hyperparameter", name, known - unused | PARTS.keys())
            if name in unused:
                raise TrainyardError(
                    "Model {model!r} has no use for {name!r}. Leave it out, or choose another model.",
                    model=parts["model"].name,
                    name=name,
                )
        made: dict[str, Any] = {
            section: part.parse({f.name: given[f.name] for f in part.fields() if f.name in given})
            for section, part in parts.items()
        }
        made["dataset"] = made["dataset"].for_task(made["task"].name)
        return cls(**({"augmentation": None} | made))

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """The inverse of `to_dict`. A part that is no longer registered raises `TrainyardError`."""
        registries = {**PARTS, "augmentation": augmentations}
        made: dict[str, Any] = {"training": Training.parse(data["training"])}
        for section, registry in registries.items():
            part = data.get(section)
            made[section] = registry[part["name"]].restore(part) if part else None
        return cls(**made)

    def to_dict(self) -> dict[str, Any]:
        """Return nested plain values, each part with its name."""
        return {section: part.to_dict() for section, part in self.parts().items()}

    def sections(self) -> dict[str, Spec]:
        """Return the parts that the model uses by section name, in the order of a form."""
        return {section: part for section, part in self.parts().items() if section not in self.model.unused}

    def fields(self) -> dict[str, list[Field]]:
        """Return the fields that the model uses, by section."""
        return {section: self.model.used(part) for section, part in self.sections().items()}

    def parts(self) -> dict[str, Spec]:
        """Return all parts by section name, also those that the model has no use for."""
        everything: dict[str, Spec | None] = {name: getattr(self, name) for name in SECTIONS}
        return {name: part for name, part in everything.items() if part is not None}

    def flat(self) -> dict[str, Any]:
        """Return names of the parts and every field that differs from what `build` would choose: a short URL."""
        names = {section: getattr(self, section).name for section in PARTS if section not in self.model.unused}
        default = usual_values(names, self.dataset.model_dump(mode="json"))
        return names | {name: value for name, value in self.values().items() if default.get(name) != value}

    def changed(self, changes: Mapping[str, Any]) -> Self:
        """Return this spec with flat `changes`, as `build` takes them; a part that is replaced takes its fields with it."""
        values = self.flat()
        for section in PARTS.keys() & changes.keys():
            part: Spec = getattr(self, section)
            if changes[section] != part.name:
                values = {name: value for name, value in values.items() if name not in type(part).model_fields}
        if changes.get("model", self.model.name) != self.model.name:
            values = without_unused(models[changes["model"]], values)
        return self.build(values | dict(changes))

    @property
    def moves_targets(self) -> bool:
        """Whether the augmentation is on and the task's targets must move with the inputs."""
        return self.task.moved_targets and self.augmentation is not None and self.augmentation.active()

    @property
    def answering(self) -> list[Field]:
        """The settings of an answer that make a difference to this network."""
        heeded = self.model.heeded
        return [field for field in self.task.answering.fields() if not heeded or field.name in heeded]

    def folded(self) -> list[Self]:
        """Return one spec for each fold of a cross-validation; only this one where there are no folds."""
        folds = self.dataset.folds
        if folds < 2:
            return [self]
        return [replace(self, dataset=self.dataset.model_copy(update={"fold": fold})) for fold in range(folds)]

    def reseeded(self, count: int, taken: Iterable[int] = ()) -> list[Self]:
        """Return `count` specs that differ from this one only in the seed: the following seeds, except those `taken`."""
        used = {self.training.seed, *taken}
        free = (seed % 2**31 for seed in itertools.count(self.training.seed + 1))
        seeds = itertools.islice((seed for seed in free if seed not in used), count)
        return [replace(self, training=self.training.model_copy(update={"seed": seed})) for seed in seeds]

    def with_model(self, name: str, values: Mapping[str, Any]) -> Self:
        """Return the same with another model and these values. The model takes over what it has, too; all other parts stay."""
        chosen = models[name]
        kept = {
            field: value
            for section, part in self.sections().items()
            for field, value in part.model_dump(mode="json").items()
            if section != "model" or _takes(chosen, field, value)
        }
        names = {section: getattr(self, section).name for section in PARTS}
        kept = without_unused(chosen, kept)
        return self.build(names | {"model": name} | kept | dict(values))

    def values(self) -> dict[str, Any]:
        """Return every field that the model uses by its flat name."""
        return without_unused(type(self.model), self.everything())

    def everything(self) -> dict[str, Any]:
        """Return every field of every part by its flat name, also those that the model has no use for."""
        return {k: v for part in self.parts().values() for k, v in part.model_dump(mode="json").items()}


PARTS: dict[str, Any] = {
    "task": tasks,
    "dataset": datasets,
    "model": models,
    "optimizer": optimizers,
    "schedule": schedules,
}
"""Sections that are chosen by name, each with its registry."""
SECTIONS = ("task", "dataset", "model", "optimizer", "schedule", "augmentation", "training")
"""All sections, in the order of a form."""
_DEFAULTS = {"dataset": "mnist", "optimizer": "adam", "schedule": "constant"}


def _takes(model: type[Model], name: str, value: Any) -> bool:
    """Whether a model has a field with this name that takes this value."""
    if name not in model.model_fields:
        return False
    try:
        model.parse({name: value})
    except TrainyardError:
        return False
    return True


def usual_values(names: dict[str, str], data: Mapping[str, Any]) -> dict[str, Any]:
    """Return every field's default value, given the names of all parts and the fields of the dataset that say which
    data it is."""
    plain = RunSpec.build(names).values()
    chosen = {name: value for name, value in data.items() if name in plain and plain[name] != value}
    usual = RunSpec.build(names | chosen).values()
    for name in chosen:  # the value without it
        usual[name] = RunSpec.build(names | {k: v for k, v in chosen.items() if k != name}).values()[name]
    return usual


def choose_parts(names: dict[str, str], values: Mapping[str, Any] | None = None) -> dict[str, type[Spec]]:
    """Return the Spec class of each section, given the names that are known; the rest are the defaults.

    The dataset's fields among `values` say which data it is: the model is advised for that data.
    Raise `TrainyardError` for unknown names and for a dataset or model that does not fit the task.
    """
    names = dict(names)
    if "dataset" not in names:
        names["dataset"] = next(
            (name for name in datasets if names.get("task", datasets[name].tasks[0]) in datasets[name].tasks),
            _DEFAULTS["dataset"],
        )
    dataset = datasets[names["dataset"]]
    task = tasks[names.get("task") or _task_of(dataset, names.get("model", ""), values or {})]
    if task.name not in dataset.tasks:
        raise TrainyardError(
            "Dataset {dataset!r} is for {tasks}, not for {task!r}. Choose another dataset or task.",
            dataset=dataset.name,
            tasks=joined(dataset.tasks, AND),
            task=task.name,
        )
    model = models[names.get("model") or _first_model(dataset, task, values or {})]
    if not task.accepts(model):
        raise TrainyardError(
            "Model {model!r} cannot be trained for task {task!r}. Choose one of: {models_for}.",
            model=model.name,
            task=task.name,
            models_for=joined((m.name for m in models_for(task)), COMMA),
        )
    names = {section: name for section, name in names.items() if section not in model.unused}
    parts: dict[str, type[Spec]] = {
        "task": task,
        "dataset": dataset,
        "model": model,
        "optimizer": optimizers[names.get("optimizer", model.suggested.get("optimizer", _DEFAULTS["optimizer"]))],
        "schedule": schedules[names.get("schedule", model.suggested.get("schedule", _DEFAULTS["schedule"]))],
    }
    if task.modality in augmentations:
        parts["augmentation"] = augmentations[task.modality]
    return parts | {"training": Training}


def _task_of(dataset: type[Dataset], model: str, values: Mapping[str, Any]) -> str:
    """Return the usual task of a dataset, or, where a model is named that is not for it, the first one that it is for."""
    usual = dataset.usual_task(values)
    if model not in models or tasks[usual].accepts(models[model]):
        return usual
    return next((name for name in dataset.tasks if tasks[name].accepts(models[model])), usual)


def _first_model(dataset: type[Dataset], task: type[Task], values: Mapping[str, Any]) -> str:
    """Return the model that is advised, or that the dataset suggests, or the first that takes the task's inputs."""
    fitting = [model.name for model in models_for(task)]
    advice = advice_for(dataset, task, values)
    wanted = (advice.model if advice else "", dataset.suggested.get("model", ""))
    return next((name for name in wanted if name in fitting), fitting[0])


def advice_for(dataset: type[Dataset], task: type[Task], values: Mapping[str, Any]) -> Advice | None:
    """Return the advice for the data that `values` name; None where nothing is known of it without reading."""
    try:
        chosen = dataset.parse({f.name: values[f.name] for f in dataset.fields() if f.name in values})
        facts = chosen.facts(task.modality, task.name)
    except TrainyardError:  # reported when the dataset is built
        return None
    return modalities[task.modality].advise(facts) if facts else None


def with_advice(values: dict[str, Any]) -> dict[str, Any]:
    """Return `values` with the model, the reading of the data and the training that are advised now: for records that outlive
    the data may be known."""
    spec = RunSpec.build(values)
    advice = advice_for(type(spec.dataset), type(spec.task), values)
    if advice is None:
        return dict(values)
    lasting = {f.name for part in (spec.dataset, spec.training) for f in part.fields()}
    advised = _advised(advice, type(spec.model))
    return {"model": spec.model.name} | {k: v for k, v in advised.items() if k in lasting} | values


def models_for(task: type[Task]) -> list[type[Model]]:
    """Return the models that take the task's inputs, the default first."""
    return [model for model in models.values() if task.accepts(model)]


def suggested_values(parts: dict[str, type[Spec]], values: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return field values that the parts recommend, later ones first: optimizer, task, dataset, model, and the advice for the
    data that `values` name; existing fields only."""
    known = {f.name for part in parts.values() for f in part.fields()}
    merged: dict[str, Any] = {}
    for section in ("optimizer", "task", "dataset"):
        merged |= getattr(parts[section], "suggested", {})
    dataset: Any = parts["dataset"]
    task: Any = parts["task"]
    model: Any = parts["model"]
    merged = without_unused(model, merged) | model.suggested
    if advice := advice_for(dataset, task, values or {}):
        merged |= _advised(advice, model)
    return {name: value for name, value in merged.items() if name in known}


def _advised(advice: Advice, model: type[Model]) -> dict[str, Any]:
    """Return the values that are advised for a model: how long to train holds for networks."""
    return advice.values_for(model.name) if model.fits == DESCENT else {}


def unused_fields(parts: Mapping[str, type[Spec]]) -> set[str]:
    """Return the names of the fields of all parts that the chosen model has no use for."""
    model: Any = parts["model"]
    of_sections = {f.name for section, part in parts.items() if section in model.unused for f in part.fields()}
    return {name for name in of_sections | model.unused if name not in parts["model"].model_fields}


def without_unused(model: type[Model], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return flat values without those that a model has no use for, whatever part was chosen."""
    if not model.unused:
        return dict(values)
    of_sections = {
        name
        for section in model.unused & PARTS.keys()
        for part in PARTS[section].values()
        for name in part.model_fields
    }
    unused = (of_sections | model.unused) - model.model_fields.keys()
    return {name: value for name, value in values.items() if name not in unused}


@dataclass(frozen=True)
class Run:
    """One training from request to result, as the store has it at one moment."""

    id: int
    state: RunState
    spec: dict[str, Any]
    owner: str = ""
    visibility: Visibility = Visibility.PRIVATE
    """Who else may look at it; a trial has that of its study."""
    name: str = ""
    """What people call it; empty while nobody has named it."""
    note: str = ""
    """Plain text of several lines."""
    tags: list[str] = field(default_factory=list)
    message: str = ""
    """One sentence that says why it ended or what to do, or what it does before it trains; empty while it trains."""
    request: str = ""
    """The state in which it was asked to end but has not ended yet: "stopped", "paused" ...; or empty."""
    phase: str = ""
    """`EVALUATING` while a run whose training was stopped waits for its evaluation or is evaluated; otherwise empty."""
    attempt: int = 0
    """Number of times it was started or resumed; metrics read with `after` are valid within one attempt."""
    restarts: int = 0
    """Number of times it was queued again automatically since the last request to start it."""
    epoch: int = 0
    step: int = 0
    total_epochs: int = 0
    total_steps: int = 0
    best: dict[str, float] = field(default_factory=dict)
    """Metrics of the best epoch so far (`epoch`, `val_accuracy`, ...)."""
    curve: list[float] = field(default_factory=list)
    """The objective after each epoch, thinned: a sparkline."""
    result: dict[str, Any] = field(default_factory=dict)
    """Filled at the end: test metrics, examples_per_second, weights_sha256, num_train_examples ..."""
    environment: dict[str, Any] = field(default_factory=dict)
    """Package versions, git commit, device, dataset hash."""
    slot: str = ""
    """Slot in which it trains, or trained last; empty while it waits."""
    group_id: int | None = None
    """Id of the first of the runs that were started together, such as the folds of a cross-validation."""
    study_id: int | None = None
    """The study of which it is a trial."""
    trial: int | None = None
    """The number of the trial in its study; the folds of a cross-validation share it."""
    parent_id: int | None = None
    """The run from whose weights it continues, which may have been deleted."""
    parent_epoch: int | None = None
    """The epoch of the parent (from 1) at whose end it begins; its own first epoch is the next one."""
    steering: list[dict[str, Any]] = field(default_factory=list)
    """Learning-rate changes in order: `{"step": updates done before, "learning_rate": from then on}`.
    The step is None until the worker has taken it."""
    created_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    heartbeat_at: datetime | None = None

    @property
    def live(self) -> bool:
        """Whether it is queued or running."""
        return self.state.live

    @property
    def fits(self) -> str:
        """How its model is fitted; as networks are where the model is no longer registered."""
        name = (self.spec.get("model") or {}).get("name", "")
        return models[name].fits if name in models else DESCENT

    @property
    def naming(self) -> Naming:
        """Its name and tags, for a run that repeats it; a note is about one run."""
        return Naming(self.name, None, tuple(self.tags))

    @property
    def taken_steering(self) -> list[dict[str, Any]]:
        """The learning-rate changes that the worker has applied: they are repeated with the run."""
        return [change for change in self.steering if change["step"] is not None]

    @property
    def steered(self) -> bool:
        """Whether its learning rate was changed while it trained."""
        return bool(self.taken_steering)

    def parsed(self) -> RunSpec:
        """Return the spec as typed parts."""
        return RunSpec.from_dict(self.spec)


def is_run_id(text: str) -> bool:
    """Return whether `text`, from an address or a command line, can be the number of a run, a study or an epoch."""
    return text.isascii() and text.isdecimal() and len(text) < 10
