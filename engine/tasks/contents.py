"""What `Prediction.values` holds, as a type for each kind: the API describes answers by it."""

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
    """What the value is of, with its unit where it is known."""
