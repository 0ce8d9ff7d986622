"""The dimensions of a study: hyperparameters of all parts, the model itself, and the hyperparameters of each model to choose from."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from engine.models.base import models
from engine.runs import RunSpec, models_for, without_unused
from engine.sentences import Sentence
from engine.spec import Choices, Field, Range
from engine.studies.domains import Domain

MODEL = "model"
"""The dimension whose values are names of models."""


def models_of(base: RunSpec, space: Mapping[str, Domain | None]) -> tuple[str, ...]:
    """Return the names of the models that trials may have: the base run's, unless the model varies."""
    if MODEL not in space:
        return (base.model.name,)
    domain, known = space[MODEL], tuple(model.name for model in models_for(type(base.task)))
    chosen = domain.options if isinstance(domain, Choices) else known
    return tuple(name for name in known if name in chosen)


def dimensions(base: RunSpec, names: Sequence[str]) -> dict[str, list[Field]]:
    """Return what a study may vary, by section, where its trials have one of these models."""
    used = {name: without_unused(models[name], base.everything()) for name in names}
    found = {
        section: [field for field in part.hyperparameters() if any(field.name in values for values in used.values())]
        for section, part in base.parts().items()
    }
    return found | {"model": [*_model_field(base), *_shared_fields(names)]}


def model_fields(name: str) -> set[str]:
    """Return the names of the hyperparameters of a model."""
    return {field.name for field in models[name].hyperparameters()}


def _model_field(base: RunSpec) -> list[Field]:
    known = tuple(model.name for model in models_for(type(base.task)))
    if len(known) < 2:
        return []
    words = Sentence(
        "The models that are compared. Hyperparameters that only some of them have vary in trials with these."
    )
    return [Field(MODEL, str, base.model.name, Choices(known), words, "Model", advanced=False)]


def _shared_fields(names: Sequence[str]) -> list[Field]:
    """Return the hyperparameters of all of these models. A domain is what all models with that hyperparameter take."""
    found: dict[str, Field | None] = {}
    for field in (field for name in names for field in models[name].hyperparameters()):
        known = found.get(field.name, field)
        found[field.name] = known and _shared(known, field)
    return [field for field in found.values() if field is not None]


def _shared(one: Field, other: Field) -> Field | None:
    """Return a hyperparameter with the values that two models take; None where the name means something else in each."""
    match one.domain, other.domain:
        case Range(low, high, step, log), Range() as second if one.type is other.type:
            low, high = max(low, second.low), min(high, second.high)
            step, log = (step if step == second.step else None), low > 0 and (log or second.log)
            return replace(one, domain=Range(low, high, step, log)) if low <= high else None
        case Choices(options), Choices(others):
            common = tuple(option for option in options if option in others)
            return replace(one, domain=Choices(common)) if common else None
    return None
