"""The suggested dimensions of a new search, for the page and the command line."""

from engine.models.base import Model, models
from engine.runs import RunSpec, without_unused
from engine.spec import Choices, Field, Range
from engine.studies import MODEL, Domain, dimensions, model_fields, narrow

_GROUPS = (("learning_rate",), ("units", "filters", "width", "embedding"), ("dropout",))
"""The first hyperparameter available from each group."""
_AROUND = {float: 10.0, int: 4.0}  # a suggested range on a log scale reaches this many times below and above the value
_STANDS_FOR_ANOTHER = "auto"  # a choice that stands for one of the others, depending on the data


def suggested_space(base: RunSpec, *, compare_models: bool) -> dict[str, Domain]:
    """Return what to vary first: learning rate, width and dropout, and what each model declares important.

    With `compare_models` also the model, where there are others that are good at such data: nobody has chosen one.
    """
    names = suggested_models(base) if compare_models else (base.model.name,)
    parts = dimensions(base, names)
    fields = {field.name: field for section in parts.values() for field in section}
    others = {field.name for section, part in parts.items() if section != "model" for field in part}
    first = {name for model in names for name in _first(models[model], others)}
    space: dict[str, Domain] = {MODEL: Choices(names)} if len(names) > 1 else {}
    return space | {name: suggested_domain(field, base) for name, field in fields.items() if name in first}


def suggested_models(base: RunSpec) -> tuple[str, ...]:
    """Return the model of the base run, and those that are compared with it first."""
    compared = (m for m in models.values() if m.name == base.model.name or base.task.modality in m.compared)
    return tuple(model.name for model in compared if base.task.accepts(model))


def _first(model: type[Model], others: set[str]) -> set[str]:
    """Return what to vary first in trials with this model; `others` are the hyperparameters of all other parts."""
    known = model_fields(model.name) | without_unused(model, dict.fromkeys(others)).keys()
    return {*model.searched, *(next((name for name in group if name in known), "") for group in _GROUPS)}


def suggested_domain(field: Field, base: RunSpec) -> Domain:
    """Return a range to begin with: on a log scale near the current value, otherwise the field's full range."""
    if field.name == MODEL:
        return Choices(suggested_models(base))
    own, value = narrow(field, None), base.values().get(field.name, field.default)
    match own:
        case Range(log=True) if value:
            times = _AROUND[field.type]
            low, high = max(own.low, value / times), min(own.high, value * times)
            return narrow(field, Range(_rounded(field, low), _rounded(field, high)))
        case Choices(options):
            return Choices(tuple(option for option in options if option != _STANDS_FOR_ANOTHER))
        case _:
            return own


def _rounded(field: Field, value: float) -> float:
    return float(f"{value:.3g}") if field.type is float else round(value)
