"""The suggested dimensions of a new search, for the page and the command line."""

from typing import Any

from engine.runs import RunSpec
from engine.spec import Choices, Field, Range
from engine.studies import Domain, narrow, tunable

_GROUPS = (("learning_rate",), ("units", "filters", "width", "embedding"), ("dropout",))
"""The first hyperparameter available from each group."""
_AROUND = {float: 10.0, int: 4.0}  # a suggested range on a log scale reaches this many times below and above the value
_STANDS_FOR_ANOTHER = "auto"  # a choice that stands for one of the others, depending on the data


def suggested_space(base: RunSpec) -> dict[str, Domain]:
    """Return what to vary first: learning rate, width and dropout, and what the model declares important."""
    fields, values = tunable(base), base.values()
    groups = [next((name for name in group if name in fields), "") for group in _GROUPS]
    first = {*groups, *base.model.searched}
    return {name: suggested_domain(field, values[name]) for name, field in fields.items() if name in first}


def suggested_domain(field: Field, value: Any) -> Domain:
    """Return a range to begin with: on a log scale near the current value, otherwise the field's full range."""
    own = narrow(field, None)
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
