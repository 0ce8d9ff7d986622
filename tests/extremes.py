"""The values of a hyperparameter that are most likely to break a network."""

from engine.spec import Choices, Field, Range


def extremes(field: Field) -> tuple[object, ...]:
    """Its least and its greatest value, or its first and its last choice; nothing for a setting."""
    if isinstance(field.domain, Choices):
        return (field.domain.options[0], field.domain.options[-1])
    return (field.type(field.domain.low), field.type(field.domain.high)) if isinstance(field.domain, Range) else ()


def all_at_one_end(fields: list[Field], end: int) -> dict[str, object]:
    """Every hyperparameter at its least (0) or at its greatest (-1)."""
    return {field.name: values[end] for field in fields if (values := extremes(field))}
