"""The frozen record of a study: the search space and the method."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import Field as Setting

from engine.errors import TrainyardError, unknown_name
from engine.models.base import models
from engine.runs import RunSpec, with_advice, without_unused
from engine.sentences import COMMA, joined
from engine.spec import ADVANCED, Choices, Field, Range, Spec
from engine.studies.dimensions import MODEL, dimensions, model_fields, models_of
from engine.studies.domains import Domain, domain_from_dict, domain_to_dict, known_field, narrow, typed
from engine.studies.objectives import (
    OBJECTIVES,
    QUALITY,
    Direction,
    asked_direction,
    known_direction,
    known_objective,
    own_direction,
)


class Search(Spec):
    """Sampler, number of trials, pruner and budget of a study."""

    trials: Annotated[int, Range(1, 10_000, log=True)] = 20
    """Number of trials, pruned ones included; fewer if there are not enough different combinations of values."""
    sampler: Literal["tpe", "random", "grid", "qmc", "cma-es", "gp", "nsga-ii"] = "tpe"
    """Method that chooses the values. TPE learns from the best trials so far and suits nearly everything. Random and QMC (evenly
    spread) do not learn. Grid tries every combination. GP (a Gaussian process) learns more from few trials, CMA-ES from many
    trials of related numbers. NSGA-II is for several objectives."""
    pruner: Literal["median", "none", "hyperband", "patient", "wilcoxon"] = "median"
    """Method that ends unpromising trials early. Median: worse than half of the others at the same epoch. Hyperband: a tournament
    in which short trials compete for more epochs. Patient: as median, but only after some epochs without progress. Wilcoxon: by
    a test over the folds of a cross-validation. Only with one objective."""
    parallel: Annotated[int, Range(1, 64, log=True)] = 1
    """Number of trials that train at the same time, if there are enough slots."""
    budget_minutes: Annotated[float, Range(0.0, 100_000.0), ADVANCED] = 0.0
    """Time after which no further trial begins. 0: no limit."""
    patience_trials: Annotated[int, Range(1, 1_000), ADVANCED] = 5
    """Number of trials that may fail in a row before the study ends."""
    search_seed: Annotated[int, Setting(ge=0, le=2**31 - 1), ADVANCED] = 0
    """Seed of the sampler: with one trial at a time the same seed chooses the same values."""


_LEAST_NUMBERS = {"cma-es": 2}


@dataclass(frozen=True)
class StudySpec:
    """The frozen record of a search. `values` are those of `RunSpec.build`; `space` says which of them vary, and how far."""

    values: dict[str, Any]
    space: dict[str, Domain]
    objectives: tuple[str, ...] = (QUALITY,)
    search: Search = field(default_factory=Search)
    directions: Mapping[str, Direction] = field(default_factory=dict)
    """Directions other than the objective's own."""

    @classmethod
    def build(
        cls,
        values: dict[str, Any],
        space: Mapping[str, Domain | None],
        objectives: tuple[str, ...] = (QUALITY,),
        search: Search | None = None,
        directions: Mapping[str, str] | None = None,
    ) -> Self:
        """Check everything that can be checked before a trial. Raise `TrainyardError` with a sentence for what is wrong."""
        base = RunSpec.build(values)
        known = _fields(base, space)
        if not space:
            raise TrainyardError(
                "A study needs at least one hyperparameter to vary. Choose some, such as learning_rate."
            )
        ordered = sorted(space, key=lambda name: name != MODEL)  # the others depend on it
        narrowed = {name: narrow(known_field(name, known), space[name]) for name in ordered}
        if not objectives:
            raise TrainyardError(
                "A study needs an objective. Available: {objectives}.", objectives=joined(OBJECTIVES, COMMA)
            )
        for name in objectives:
            known_objective(name)
        found = {name: asked_direction(name, words, objectives) for name, words in (directions or {}).items()}
        chosen = {name: words for name, words in found.items() if words != own_direction(name, base.task)}
        made = cls(with_advice(values), narrowed, tuple(dict.fromkeys(objectives)), search or Search(), chosen)
        made._check_sampler()
        made._check_pruner(base)
        return made

    def _check_sampler(self) -> None:
        sampler = self.search.sampler
        numbers = sum(isinstance(self.space[name], Range) for name in self.used({}))
        if numbers < _LEAST_NUMBERS.get(sampler, 0):
            raise TrainyardError(
                "The sampler {sampler!r} needs {least_numbers} or more numeric hyperparameters to "
                "vary, not {numbers}. Choose another, such as 'tpe'.",
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
        """Whether each objective is maximized."""
        task = RunSpec.build(self.values).task
        directions = (self.directions.get(name) or own_direction(name, task) for name in self.objectives)
        return tuple(direction == "maximize" for direction in directions)

    @property
    def models(self) -> tuple[str, ...]:
        """The names of the models that trials may have."""
        return models_of(RunSpec.build(self.values), self.space)

    def fields(self) -> dict[str, Field]:
        """Return what varies, by name. Raise `TrainyardError` for a name that is no longer a hyperparameter."""
        known = _fields(RunSpec.build(self.values), self.space)
        return {name: known_field(name, known) for name in self.space}

    def used(self, params: Mapping[str, Any]) -> tuple[str, ...]:
        """Return what varies in a trial with these values: only what its model has. While it has none: what all models have."""
        if MODEL not in self.space:
            return tuple(self.space)
        return self._used.get(params.get(MODEL, ""), self._used[""])

    @cached_property
    def _used(self) -> dict[str, tuple[str, ...]]:
        """Return the varied fields by name of the model; under the empty name those that vary with every model."""
        by_model = {name: model_fields(name) for name in self.models}
        some = set().union(*by_model.values())
        found = {
            name: tuple(n for n in without_unused(models[name], self.space) if n in fields or n not in some)
            for name, fields in by_model.items()
        }
        return found | {"": tuple(n for n in self.space if all(n in names for names in found.values()))}

    def spaces(self) -> list[dict[str, Domain]]:
        """Return the space of each model that trials may have; the one space unless the model varies."""
        if MODEL not in self.space:
            return [self.space]
        chosen = ({MODEL: name} for name in self.models)
        return [{name: self.space[name] for name in self.used(one)} | {MODEL: Choices((one[MODEL],))} for one in chosen]

    def run_spec(self, params: dict[str, Any]) -> RunSpec:
        """Return the spec of the run that a trial with these values trains.

        Where the model varies, all other parts stay as they are, and so do values of the model where the chosen one takes them.
        """
        if MODEL not in params:
            return RunSpec.build(self.values | params)
        others = {name: value for name, value in params.items() if name != MODEL}
        return RunSpec.build(self.values).with_model(params[MODEL], others)

    def largest(self, model: str = "") -> RunSpec:
        """Return the trial that takes the most memory, as far as values tell, with this model where several are compared;
        the base where those do not fit together."""
        chosen = {MODEL: model} if MODEL in self.space and model else {}
        fields = self.fields()
        ends = {name: _largest(self.space[name]) for name in self.used(chosen)}
        try:
            return self.run_spec(chosen | {n: fields[n].type(end) for n, end in ends.items() if end is not None})
        except TrainyardError:
            return self.run_spec({})

    def check_params(self, params: dict[str, Any]) -> dict[str, Any]:
        """Return values to enqueue, typed and within the space; the sampler chooses those that are left out."""
        found = {}
        fields = self.fields()
        for name, value in params.items():
            if name not in self.space:
                raise unknown_name("hyperparameter of this study", name, self.space)
            made = typed(fields[name], value)
            match self.space[name]:
                case Range(low, high) if not low <= made <= high:
                    raise TrainyardError(
                        "{name} = {made:g} is outside the searched range of {low:g} to {high:g}.",
                        name=name,
                        made=made,
                        low=low,
                        high=high,
                    )
                case Choices(options) if made not in options:
                    raise TrainyardError(
                        "{name} = {made!r} is not one of {options}.",
                        name=name,
                        made=made,
                        options=joined(map(str, options), COMMA),
                    )
            found[name] = made
        self._check_model(found)
        self.run_spec(found)
        return found

    def _check_model(self, params: dict[str, Any]) -> None:
        """Raise `TrainyardError` for a value of a hyperparameter that the model of a trial does not have."""
        unused = next((name for name in params if name not in self.used(params)), None)
        if unused is None:
            return
        if MODEL not in params:
            raise TrainyardError("Not every model of this study has {name}. Give the model too.", name=unused)
        raise TrainyardError(
            "Model {model!r} has no {name}. Leave it out, or choose another model.", model=params[MODEL], name=unused
        )

    def narrowed(self, name: str, domain: Domain) -> Self:
        """Return the same with a narrower range of one hyperparameter. Choices must stay: a sampler cannot drop some."""
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
        """Return plain JSON."""
        return {
            "values": self.values,
            "space": {name: domain_to_dict(domain) for name, domain in self.space.items()},
            "objectives": list(self.objectives),
            "directions": dict(self.directions),
            "search": self.search.model_dump(mode="json"),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """The inverse of `to_dict`. Raise `TrainyardError` for a record that another version has written."""
        try:
            search = Search.parse(data["search"])
            space = {name: domain_from_dict(domain) for name, domain in data["space"].items()}
            objectives = tuple(known_objective(name) for name in data["objectives"])
            directions = {name: known_direction(words) for name, words in data.get("directions", {}).items()}
            return cls(dict(data["values"]), space, objectives, search, directions)
        except (TrainyardError, KeyError, TypeError, AttributeError, ValueError) as error:
            raise TrainyardError(
                "The record of this study cannot be read: {error}. It may have been written by "
                "another version of Trainyard; delete the study, or install that version.",
                error=error,
            ) from error

    @classmethod
    def remnant(cls, data: Any) -> Self:
        """Return the parts of an unreadable record that are certain: enough to list it."""
        values = data.get("values") if isinstance(data, dict) else None
        return cls(values if isinstance(values, dict) else {}, {})


def _fields(base: RunSpec, space: Mapping[str, Domain | None]) -> dict[str, Field]:
    """Return what a study over this space may vary, by name."""
    return {field.name: field for fields in dimensions(base, models_of(base, space)).values() for field in fields}


def _largest(domain: Domain) -> float | None:
    """Return the largest number of a range or of choices; None for choices that are words."""
    match domain:
        case Range(high=high):
            return high
        case Choices(options) if all(isinstance(option, int | float) for option in options):
            return max(map(float, options))
        case _:
            return None
