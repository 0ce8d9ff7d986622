"""What a report shows of each kind of prediction: one class a kind. A kind without one is shown as text."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from engine.registry import Objects
from engine.reporting.parts import Part
from engine.tasks.base import Prediction

Values = Mapping[str, Any]
"""Contents of a prediction or of an evaluation, as plain JSON."""


class Kind:
    """One kind of prediction in a report. The defaults do for any kind."""

    name: ClassVar[str] = ""
    title: ClassVar[str] = ""

    def parts(self, evaluated: Values) -> Iterator[Part]:
        """Yield what an evaluation has beyond its metrics: nothing by default."""
        yield from ()

    def answer(self, values: Values) -> str:
        """Return one prediction in one line, a text or a sentence."""
        return Prediction(self.name, dict(values)).describe()


kinds: Objects[Kind] = Objects("kind of prediction", package="engine.reporting.kinds")
"""By the kind of prediction; those of plug-ins register themselves."""


def kind_of(name: str) -> Kind:
    """Return the kind of this name, or the defaults."""
    return kinds[name] if name in kinds else Kind()
