"""Types of `Prediction.values`, one for each kind; the API describes its responses by them."""

from pydantic import BaseModel, ConfigDict


class Contents(BaseModel):
    """A prediction. A kind that says more about itself has a subclass; here whatever it holds."""

    model_config = ConfigDict(extra="allow", use_attribute_docstrings=True)

    unknown: dict[str, str] = {}
    """Of a table: categories of the input, by column, that were not in the training data; left out where there is none."""


class Classes(Contents):
    """The prediction of a classifier."""

    model_config = ConfigDict(extra="forbid")

    label: str
    """The most likely class."""
    probability: float
    """Probability of this class."""
    probabilities: dict[str, float]
    """Of all classes, by label."""


class Value(Contents):
    """The prediction of a regression."""

    model_config = ConfigDict(extra="forbid")

    value: float
    target: str
    """Name of the predicted quantity, with its unit where it is known."""
    outside: list[float] = []
    """The smallest and the largest training target, where the value lies well outside of them: it cannot be relied on. Left out
    otherwise."""
