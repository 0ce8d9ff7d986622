"""Schedules of the learning rate over a run. `factor` is pure numpy, so a page can draw it before launch."""

from typing import Annotated, Any, ClassVar

import numpy as np

from engine.registry import Registry
from engine.spec import ADVANCED, Range, Spec


class Schedule(Spec):
    """The learning rate as a function of progress, times the optimizer's own."""

    reacts: ClassVar[bool] = False
    """Whether it waits for validation results, so that no curve can be drawn in advance."""

    def factor(self, progress: np.ndarray) -> np.ndarray:
        """Return the multiplier of the learning rate at `progress` (steps,) in 0..1 of all steps."""
        return np.ones_like(progress)

    def build(self, learning_rate: float, total_steps: int) -> Any:
        """Return what a Keras optimizer takes: a number or a `keras.optimizers.schedules` object, equal to `factor`."""
        return learning_rate


schedules: Registry[Schedule] = Registry(
    "schedule", package="engine.schedules", order=("constant", "cosine", "exponential", "plateau")
)


@schedules.register("constant", "Constant")
class Constant(Schedule):
    r"""The same learning rate from the first step to the last."""


@schedules.register("cosine", "Cosine with warm-up")
class Cosine(Schedule):
    r"""Rise from zero, then fall along half a cosine: $\eta_t = \eta\,\frac{1}{2}(1 + \cos \pi t)$. A safe choice."""

    warmup_fraction: Annotated[float, Range(0.0, 0.5, step=0.01)] = 0.05
    """Share of all steps during which the learning rate rises linearly from zero."""
    final_fraction: Annotated[float, Range(0.0, 1.0, step=0.01), ADVANCED] = 0.01
    """Learning rate at the last step, as a share of the highest."""

    def factor(self, progress: np.ndarray) -> np.ndarray:
        """Return a linear rise, then half a cosine down to `final_fraction`."""
        warmup = max(self.warmup_fraction, 1e-9)
        after = np.clip((progress - warmup) / (1 - warmup), 0, 1)
        cosine = self.final_fraction + (1 - self.final_fraction) * 0.5 * (1 + np.cos(np.pi * after))
        return np.where(progress < self.warmup_fraction, progress / warmup, cosine)

    def build(self, learning_rate: float, total_steps: int) -> Any:
        """Return Keras' cosine decay, https://arxiv.org/abs/1608.03983."""
        import keras

        warmup = round(self.warmup_fraction * total_steps)
        if not warmup:
            return keras.optimizers.schedules.CosineDecay(learning_rate, total_steps, alpha=self.final_fraction)
        return keras.optimizers.schedules.CosineDecay(
            0.0,
            max(1, total_steps - warmup),
            alpha=self.final_fraction,
            warmup_target=learning_rate,
            warmup_steps=warmup,
        )


@schedules.register("exponential", "Exponential decay")
class Exponential(Schedule):
    r"""Fall by a constant ratio: $\eta_t = \eta\,r^{\,t}$ with $t$ from 0 to 1 over the whole run."""

    final_ratio: Annotated[float, Range(1e-4, 1.0, log=True)] = 0.05
    """Learning rate at the last step, as a share $r$ of the first."""

    def factor(self, progress: np.ndarray) -> np.ndarray:
        """Return `final_ratio ** progress`."""
        return np.asarray(self.final_ratio**progress)

    def build(self, learning_rate: float, total_steps: int) -> Any:
        """Return Keras' exponential decay."""
        import keras

        return keras.optimizers.schedules.ExponentialDecay(learning_rate, total_steps, self.final_ratio)


@schedules.register("plateau", "Reduce on plateau")
class Plateau(Schedule):
    """Cut the learning rate when the validation loss has not improved for some epochs."""

    reacts: ClassVar[bool] = True

    plateau_factor: Annotated[float, Range(0.05, 0.9, step=0.05)] = 0.5
    """Factor by which the learning rate is multiplied at each cut."""
    plateau_patience: Annotated[int, Range(1, 20)] = 2
    """Epochs without a better validation loss before a cut."""


def curve(schedule: Schedule, learning_rate: float, points: int = 200) -> tuple[np.ndarray, Any]:
    """Return progress (points,) and learning rate (points,) of a whole run, for drawing."""
    progress = np.linspace(0, 1, points)
    return progress, learning_rate * schedule.factor(progress)
