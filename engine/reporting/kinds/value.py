"""A number: predicted against true values, and how the errors are spread."""

from collections.abc import Iterator

from engine.reporting.kinds import Kind, Values, kinds
from engine.reporting.parts import Part
from engine.reporting.plots import Line, Plot
from engine.sentences import Sentence


@kinds.register("value")
class Value(Kind):
    """A number in the unit of the target."""

    def parts(self, evaluated: Values) -> Iterator[Part]:
        """Yield predicted against true values, and the distribution of the errors."""
        if found := evaluated.get("residuals"):
            ends = [min(*found["true"], *found["predicted"]), max(*found["true"], *found["predicted"])]
            yield Plot(
                title=Sentence("Predicted and true values"),
                spoken=Sentence(
                    "Predicted against true values of {count:,} examples; the closer to the line, the better.",
                    count=len(found["true"]),
                ),
                x_title=Sentence("True value"),
                y_title=Sentence("Predicted value"),
                lines=[Line(Sentence("Exactly right"), "level", ends, ends)],
                cloud=(found["true"], found["predicted"]),
            )
        if found := evaluated.get("histogram"):
            yield Plot(
                title=Sentence("Distribution of the errors"),
                spoken=Sentence(
                    "Histogram of predicted minus true values, from {low:.4g} to {high:.4g}",
                    low=found["edges"][0],
                    high=found["edges"][-1],
                ),
                x_title=Sentence("Predicted minus true"),
                y_title=Sentence("Examples"),
                bars=(found["edges"], found["counts"]),
            )

    def answer(self, values: Values) -> str:
        """Return the number with five digits, which could otherwise be taken for the true one."""
        return Sentence("Predicted: {value}", value=f"{values['value']:,.5g}")
