"""Training speed: measured in the first epoch, or known from the previous trial in the same process.

A trial that knows its speed needs no epoch of single steps, and so no graph for one: for a small trial that is a third.
"""

from typing import Any, ClassVar

import keras

from engine.training.reporting import Report

_WRONG = 2.0  # times faster or slower than assumed: worth another graph


class Pace(keras.callbacks.Callback):
    """Steps a second, to choose how many of them one call of the training graph does.

    An assumed speed is checked after one epoch, and ends that call of `fit` if it was wrong.
    """

    _known: ClassVar[dict[int, tuple[float, float]]] = {}
    """For each study, the steps a second of its last trial here, and the operations of a step."""

    def __init__(self, report: Report, operations: float, study_id: int | None) -> None:
        """`operations` of one forward step; a run without a study is alone in its process, and has no previous trial."""
        super().__init__()
        self._report, self._operations, self._study_id = report, max(1.0, operations), study_id
        self._supposed = self._measured = 0.0
        self._begins = True
        if study_id in self._known:
            speed, before = self._known[study_id]
            self._supposed = speed * min(1.0, before / self._operations)  # a small one is not faster than its overhead

    @property
    def steps_per_second(self) -> float:
        """The measured speed, else the assumed one; 0 while nothing is known."""
        return self._measured or self._supposed

    def on_train_begin(self, logs: Any = None) -> None:
        """Note whether a graph may have to be traced; `fit` is called in portions."""
        self._begins = True

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Measure the speed, and leave `fit` where it is far from the assumed one.

        Where an epoch is one execution, the first one includes the time for tracing its graph.
        """
        report, begins, self._begins = self._report, self._begins, False
        whole = self.model.steps_per_execution >= report.batches.steps_per_epoch
        if not report.steps_per_second or (self._supposed and begins and whole):
            return
        self._measured, supposed, self._supposed = report.steps_per_second, self._supposed, 0.0
        if supposed and not 1 / _WRONG <= self._measured / supposed <= _WRONG:
            self.model.stop_training = True

    def remember(self) -> None:
        """Remember the speed for the next trial of the same study in this process."""
        if self._study_id is not None and self._measured:
            self._known[self._study_id] = (self._measured, self._operations)
