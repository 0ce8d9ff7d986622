"""Whether a machine fails soon: what alarms are worth, beside all that is said of classes."""

from collections.abc import Iterator

from engine.reporting.kinds import Values, kinds
from engine.reporting.kinds.classes import Classes
from engine.reporting.parts import Facts, Part
from engine.sentences import Sentence


@kinds.register("alarm")
class Alarm(Classes):
    """A probability, and the threshold of alarms."""

    def parts(self, evaluated: Values) -> Iterator[Part]:
        """Yield how many alarms there are and how many are right, then what is known of both classes."""
        if found := evaluated.get("alarms"):
            yield Facts(
                [
                    (Sentence("Threshold"), f"{found['threshold']:.1%}"),
                    (Sentence("Alarms"), f"{found['count']:,}"),
                    (Sentence("Alarms before a failure"), f"{found['right']:,}"),
                    (Sentence("Failures with an alarm"), f"{found['announced']:,} / {found['failures']:,}"),
                ]
            )
        yield from super().parts(evaluated)

    def answer(self, values: Values) -> str:
        """Return the probability of a failure."""
        return Sentence("{share:.1%} for a failure", share=values["failing"])
