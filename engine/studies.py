"""The nouns of a search: what is searched (StudySpec), how far it is (StudyState), what is known of it (Study).

A study asks a sampler for values, trains a run with them (a trial), tells the sampler what came of it, and asks again.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import Field as Setting

from engine.errors import TrainyardError, unknown_name
from engine.runs import RunSpec
from engine.sentences import COMMA, joined
from engine.spec import ADVANCED, Choices, Field, Range, Spec
from engine.tasks.base import Task

Domain = Range | Choices
Direction = Literal["maximize", "minimize"]
DIRECTIONS: tuple[Direction, ...] = ("maximize", "minimize")


class StudyState(StrEnum):
    """Where a study stands. The last three are final; a stopped one may be resumed."""

    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    STOPPED = "stopped"
    FAILED = "failed"

    @property
    def live(self) -> bool:
        """Whether it may still begin trials."""
        return self in (StudyState.RUNNING, StudyState.PAUSED)


class Search(Spec):
    """How values are chosen, how many are tried, and when a hopeless trial is given up."""

    trials: Annotated[int, Range(1, 10_000, log=True)] = 20
    """How many trials there will be, those that are given up included."""
    sampler: Literal["tpe", "random", "grid", "qmc", "cma-es", "gp", "nsga-ii"] = "tpe"
    """Who chooses values. TPE learns from what was good so far, and suits nearly everything. Random and QMC (evenly spread) learn
    nothing. Grid tries every combination. GP (a Gaussian process) learns more from few trials, CMA-ES from many of numbers
    that belong together. NSGA-II is for several objectives."""
    pruner: Literal["median", "none", "hyperband", "patient", "wilcoxon"] = "median"
    """Who gives up trials early. Median: worse than half of the others at the same epoch. Hyperband: a tournament, in which
    short trials compete for longer ones. Patient: as median, but not before some epochs without progress. Wilcoxon: by a
    test over the folds of a cross-validation. Only with one objective."""
    parallel: Annotated[int, Range(1, 64, log=True)] = 1
    """How many trials train at the same time, where there are as many slots."""
    budget_minutes: Annotated[float, Range(0.0, 100_000.0), ADVANCED] = 0.0
    """No trial begins once the study has taken this long. 0: no limit."""
    patience_trials: Annotated[int, Range(1, 1_000), ADVANCED] = 5
    """The study ends with a sentence when this many trials have failed one after the other."""
    search_seed: Annotated[int, Setting(ge=0, le=2**31 - 1), ADVANCED] = 0
    """Seed of the sampler: with one trial at a time the same seed chooses the same values."""


@dataclass(frozen=True)
class Objective:
    """What a trial is judged by."""

    name: str
    title: str
    maximize: bool
    help: str
    key: str = ""
    """What it is called in the result of a run."""


_LEAST_NUMBERS = {"cma-es": 2}
QUALITY = "quality"
"""The objective of the task itself, on the validation split, in the best epoch."""
OBJECTIVES: dict[str, Objective] = {
    made.name: made
    for made in (
        Objective(
            QUALITY, "Quality", True, "What decides which epoch is best, such as the accuracy, on the validation split."
        ),
        Objective(
            "parameters", "Parameters", False, "How many numbers the network has learned: its size.", "num_parameters"
        ),
        Objective(
            "latency",
            "Latency",
            False,
            "Milliseconds that the network takes for one example on this processor.",
            "latency_ms",
        ),
        Objective(
            "seconds", "Training time", False, "Seconds spent in training, until the trial ended by itself.", "seconds"
        ),
    )
}
"""By name. The direction of the quality is the task's."""


@dataclass(frozen=True)
class StudySpec:
    """The frozen record of a search. `values` are those of `RunSpec.build`; `space` says which of them vary, and how far."""

    values: dict[str, Any]
    space: dict[str, Domain]
    objectives: tuple[str, ...] = (QUALITY,)
    search: Search = field(default_factory=Search)
    directions: Mapping[str, Direction] = field(default_factory=dict)
    """Those that are not the objective's own."""

    @classmethod
    def build(
        cls,
        values: dict[str, Any],
        space: Mapping[str, Domain | None],
        objectives: tuple[str, ...] = (QUALITY,),
        search: Search | None = None,
        directions: Mapping[str, str] | None = None,
    ) -> Self:
        """Check everything that can be checked before a trial. Raises `TrainyardError` with a sentence for what is wrong."""
        base = RunSpec.build(values)
        known = tunable(base)
        if not space:
            raise TrainyardError(
                "A study needs at least one hyperparameter to vary. Choose some, such as learning_rate."
            )
        narrowed = {name: narrow(_known(name, known), domain) for name, domain in space.items()}
        if not objectives:
            raise TrainyardError(
                "A study needs an objective. There are: {objectives}.", objectives=joined(OBJECTIVES, COMMA)
            )
        for name in objectives:
            _objective(name)
        found = {name: _direction(name, words, objectives) for name, words in (directions or {}).items()}
        chosen = {name: words for name, words in found.items() if words != own_direction(name, base.task)}
        made = cls(dict(values), narrowed, tuple(dict.fromkeys(objectives)), search or Search(), chosen)
        made._check_sampler()
        made._check_pruner(base)
        return made

    def _check_sampler(self) -> None:
        sampler = self.search.sampler
        numbers = sum(isinstance(domain, Range) for domain in self.space.values())
        if numbers < _LEAST_NUMBERS.get(sampler, 0):
            raise TrainyardError(
                "The sampler {sampler!r} needs {least_numbers} or more numbers to vary, not {numbers}. Choose "
                "another, such as 'tpe'.",
                sampler=sampler,
                least_numbers=_LEAST_NUMBERS[sampler],
                numbers=numbers,
            )
        if len(self.objectives) > 1 and sampler == "cma-es":
            raise TrainyardError("The sampler 'cma-es' takes one objective. Choose 'nsga-ii' or 'tpe' for several.")

    def _check_pruner(self, base: RunSpec) -> None:
        pruner = self.search.pruner
        if pruner == "wilcoxon" and base.dataset.folds < 2:
            raise TrainyardError("The pruner 'wilcoxon' compares folds. Set folds to 3 or more, or choose 'median'.")
        if pruner != "none" and (len(self.objectives) > 1 or self.objectives[0] != QUALITY):
            raise TrainyardError(
                "The pruner {pruner!r} compares the quality of trials while they train; with the objectives "
                "{objectives} choose 'none'.",
                pruner=pruner,
                objectives=joined(self.objectives, COMMA),
            )

    def maximize(self) -> tuple[bool, ...]:
        """For each objective whether more is better."""
        task = RunSpec.build(self.values).task
        directions = (self.directions.get(name) or own_direction(name, task) for name in self.objectives)
        return tuple(direction == "maximize" for direction in directions)

    def fields(self) -> dict[str, Field]:
        """What varies, by name. Raises `TrainyardError` for what is no hyperparameter any more."""
        known = tunable(RunSpec.build(self.values))
        return {name: _known(name, known) for name in self.space}

    def run_spec(self, params: dict[str, Any]) -> RunSpec:
        """What a trial with these values of the space trains."""
        return RunSpec.build(self.values | params)

    def check_params(self, params: dict[str, Any]) -> dict[str, Any]:
        """A guess of somebody's, typed and inside of the space; what it leaves open is the sampler's to choose."""
        found = {}
        fields = self.fields()
        for name, value in params.items():
            if name not in self.space:
                raise unknown_name("hyperparameter of this study", name, self.space)
            made = _typed(fields[name], value)
            match self.space[name]:
                case Range(low, high) if not low <= made <= high:
                    raise TrainyardError(
                        "{name} = {made:g} lies outside of {low:g} to {high:g}, where this study searches.",
                        name=name,
                        made=made,
                        low=low,
                        high=high,
                    )
                case Choices(options) if made not in options:
                    raise TrainyardError(
                        "{name} = {made!r} is none of {options}.",
                        name=name,
                        made=made,
                        options=joined(map(str, options), COMMA),
                    )
            found[name] = made
        self.run_spec(found)
        return found

    def narrowed(self, name: str, domain: Domain) -> Self:
        """The same with a narrower range of one hyperparameter. Choices must stay: a sampler cannot forget some."""
        if name not in self.space:
            raise unknown_name("hyperparameter of this study", name, self.space)
        if isinstance(self.space[name], Choices):
            raise TrainyardError(
                "The choices of {name} cannot be changed once the study has begun. Start another study.", name=name
            )
        if self.search.sampler == "grid":
            raise TrainyardError("A grid cannot be changed once the study has begun. Start another study.")
        field_ = replace(self.fields()[name], domain=self.space[name])
        return replace(self, space=self.space | {name: narrow(field_, domain)})

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "values": self.values,
            "space": {name: domain_to_dict(domain) for name, domain in self.space.items()},
            "objectives": list(self.objectives),
            "directions": dict(self.directions),
            "search": self.search.model_dump(mode="json"),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """The inverse of `to_dict`. Raises `TrainyardError` for a record that another version has written."""
        try:
            search = Search.parse(data["search"])
            space = {name: domain_from_dict(domain) for name, domain in data["space"].items()}
            objectives = tuple(_objective(name) for name in data["objectives"])
            directions = {name: known_direction(words) for name, words in data.get("directions", {}).items()}
            return cls(dict(data["values"]), space, objectives, search, directions)
        except (TrainyardError, KeyError, TypeError, AttributeError, ValueError) as error:
            raise TrainyardError(
                "The record of this study cannot be read: {error}. Another version of Trainyard may have written "
                "it; delete the study, or install that version.",
                error=error,
            ) from error

    @classmethod
    def remnant(cls, data: Any) -> Self:
        """What little is certain of a record that cannot be read: enough to list it."""
        values = data.get("values") if isinstance(data, dict) else None
        return cls(values if isinstance(values, dict) else {}, {})


def own_direction(name: str, task: Task) -> Direction:
    """In which direction an objective is better where nobody says otherwise."""
    return "maximize" if (task.maximize if name == QUALITY else OBJECTIVES[name].maximize) else "minimize"


def _objective(name: str) -> str:
    if name not in OBJECTIVES:
        raise unknown_name("objective", name, OBJECTIVES)
    return name


def known_direction(words: str) -> Direction:
    """One of `DIRECTIONS`. Raises `TrainyardError`."""
    for direction in DIRECTIONS:
        if words == direction:
            return direction
    raise unknown_name("direction", words, DIRECTIONS)


def parse_objective(text: str) -> tuple[str, Direction | None]:
    """`latency`, or `latency:maximize` for a direction other than its own."""
    name, colon, words = text.partition(":")
    return name.strip(), known_direction(words.strip()) if colon else None


def _direction(name: str, words: str, objectives: tuple[str, ...]) -> Direction:
    if name not in objectives:
        raise TrainyardError(
            "{name!r} has a direction, but is no objective of this study. Add it, or leave that out.", name=name
        )
    return known_direction(words)


def _typed(field: Field, value: Any) -> Any:
    """What a form or a command line has given, as the field's own type."""
    if isinstance(field.domain, Choices):
        return next((option for option in field.domain.options if str(option) == str(value)), value)
    try:
        return field.type(value)
    except (TypeError, ValueError) as error:
        raise TrainyardError(
            "{value!r} is no value of {field}. Give a number.", value=value, field=field.name
        ) from error


def _known(name: str, known: dict[str, Field]) -> Field:
    if name not in known:
        raise unknown_name("hyperparameter that a study can vary", name, known)
    return known[name]


def tunable(spec: RunSpec) -> dict[str, Field]:
    """The fields that a study may vary, by name: the hyperparameters of all parts."""
    return {field.name: field for part in spec.sections().values() for field in part.hyperparameters()}


def narrow(field: Field, domain: Domain | None) -> Domain:
    """`domain` if it lies within the field's own, which stands for None. Raises `TrainyardError` for a wider one."""
    own = field.domain
    assert isinstance(own, Range | Choices)
    if domain is None:
        return own
    match own, domain:
        case Range(), Range():
            if not (math.isfinite(domain.low) and math.isfinite(domain.high)):
                raise TrainyardError(
                    "{low:g} to {high:g} is no range of {field}: give numbers.",
                    low=domain.low,
                    high=domain.high,
                    field=field.name,
                )
            if domain.low > domain.high:
                raise TrainyardError(
                    "The range of {field} ends at {high:g} before it begins at {low:g}.",
                    field=field.name,
                    high=domain.high,
                    low=domain.low,
                )
            if domain.low < own.low or domain.high > own.high:
                raise TrainyardError(
                    "{field} takes {low:g} to {high:g}; a study may narrow that, not widen it to {wide_low:g} to "
                    "{wide_high:g}.",
                    field=field.name,
                    low=own.low,
                    high=own.high,
                    wide_low=domain.low,
                    wide_high=domain.high,
                )
            return replace(own, low=domain.low, high=domain.high)
        case Choices(), Choices():
            if unknown := [option for option in domain.options if option not in own.options]:
                raise TrainyardError(
                    "{field} takes {options}, not {unknown!r}.",
                    field=field.name,
                    options=joined(map(str, own.options), COMMA),
                    unknown=unknown[0],
                )
            if not domain.options:
                raise TrainyardError("No choice of {field} is left. Choose at least one.", field=field.name)
            return Choices(tuple(option for option in own.options if option in domain.options))
        case _:
            kinds = "a range such as 1:10" if isinstance(own, Range) else f"choices such as {own.options[0]}"
            raise TrainyardError("{field} takes {kinds}.", field=field.name, kinds=kinds)


def parse_domain(field: Field, text: str) -> Domain:
    """`32:128` for numbers, `relu,tanh` for choices; empty for all of the field's own. Raises `TrainyardError`."""
    if not text:
        return narrow(field, None)
    try:
        if isinstance(field.domain, Range):
            low, _, high = text.partition(":")
            return narrow(field, Range(field.type(low), field.type(high or low)))
        options = {str(option).lower(): option for option in getattr(field.domain, "options", ())}
        return narrow(field, Choices(tuple(options.get(word.lower(), word) for word in text.split(","))))
    except TrainyardError:
        raise
    except ValueError as error:
        raise TrainyardError(
            "{text!r} is no range of {field}. Write it as LOW:HIGH.", text=text, field=field.name
        ) from error


def domain_to_dict(domain: Domain) -> dict[str, Any]:
    """Plain JSON."""
    if isinstance(domain, Choices):
        return {"options": list(domain.options)}
    return {"low": domain.low, "high": domain.high, "step": domain.step, "log": domain.log}


def domain_from_dict(data: dict[str, Any]) -> Domain:
    """The inverse of `domain_to_dict`."""
    return Choices(tuple(data["options"])) if "options" in data else Range(**data)


@dataclass(frozen=True)
class Study:
    """One search from request to result, as the store knows it at one moment."""

    id: int
    name: str
    state: StudyState
    spec: StudySpec
    owner: str = ""
    message: str = ""
    """One sentence that says why it ended or what to do; empty while all is well."""
    guesses: tuple[dict[str, Any], ...] = ()
    """Values that somebody wants to be tried next, and that no trial has yet."""
    boosted: tuple[int, ...] = ()
    """Numbers of the trials that train to their end whatever the pruner says."""
    spent_seconds: float = 0.0
    """How long it has been searching: pauses do not count."""
    created_at: datetime | None = None
    ended_at: datetime | None = None
    unreadable: str = ""
    """Why what it searches is not known; empty for all studies but those that another version has written."""

    @property
    def live(self) -> bool:
        """Whether it may still begin trials."""
        return self.state.live
