"""Optimizers: those of Keras as Specs."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from engine.fused import fused
from engine.registry import Registry
from engine.spec import ADVANCED, ESSENTIAL, Range, Spec

if TYPE_CHECKING:
    import keras


class Optimizer(Spec):
    """The rule that turns gradients into weight updates."""

    suggested: ClassVar[dict[str, Any]] = {}

    learning_rate: Annotated[float, Range(1e-6, 1.0, log=True), ESSENTIAL] = 1e-3
    r"""Size of each step, $\eta$. Too high: the loss jumps or becomes NaN. Too low: hardly any progress. The first to tune."""
    clip_norm: Annotated[float, Range(0.0, 100.0), ADVANCED] = 0.0
    r"""Gradient clipping: scale each weight's gradient down to this norm, $g \leftarrow g\,\min(1, c / \lVert g \rVert)$. 0: off."""

    def build(self, learning_rate: Any) -> "keras.optimizers.Optimizer":
        """Return the Keras optimizer. `learning_rate`: a number or a Keras schedule."""
        raise NotImplementedError(f"{type(self).__name__} must define build.")

    def clipping(self) -> dict[str, float]:
        """Return Keras' argument for gradient clipping, where it is on."""
        return {"clipnorm": self.clip_norm} if self.clip_norm else {}


optimizers: Registry[Optimizer] = Registry(
    "optimizer", package="engine.optimizers", order=("adam", "adamw", "sgd", "rmsprop")
)


@optimizers.register("adam", "Adam")
class Adam(Optimizer):
    r"""Steps scaled by running means of the gradient and of its square: $w \leftarrow w - \eta\,\hat m / (\sqrt{\hat v} + \epsilon)$."""

    beta_1: Annotated[float, Range(0.0, 0.999), ADVANCED] = 0.9
    r"""Decay of the running mean of the gradient: $m \leftarrow \beta_1 m + (1 - \beta_1) g$."""
    beta_2: Annotated[float, Range(0.0, 0.9999), ADVANCED] = 0.999
    r"""Decay of the running mean of the squared gradient: $v \leftarrow \beta_2 v + (1 - \beta_2) g^2$."""

    def build(self, learning_rate: Any) -> "keras.optimizers.Optimizer":
        """Kingma and Ba 2015, https://arxiv.org/abs/1412.6980."""
        import keras

        return fused(keras.optimizers.Adam)(learning_rate, self.beta_1, self.beta_2, **self.clipping())


@optimizers.register("adamw", "AdamW")
class AdamW(Adam):
    r"""Adam with weight decay decoupled from the gradient: additionally $w \leftarrow w - \eta\,\lambda\,w$."""

    weight_decay: Annotated[float, Range(0.0, 0.3)] = 0.004
    r"""Decay $\lambda$ of every weight towards zero at each step."""

    def build(self, learning_rate: Any) -> "keras.optimizers.Optimizer":
        """Loshchilov and Hutter 2019, https://arxiv.org/abs/1711.05101."""
        import keras

        return fused(keras.optimizers.AdamW)(
            learning_rate,
            weight_decay=self.weight_decay,
            beta_1=self.beta_1,
            beta_2=self.beta_2,
            **self.clipping(),
        )


@optimizers.register("sgd", "SGD")
class Sgd(Optimizer):
    r"""Stochastic gradient descent: $v \leftarrow \mu v - \eta g$, then $w \leftarrow w + v$."""

    suggested: ClassVar[dict[str, Any]] = {"learning_rate": 0.05}

    momentum: Annotated[float, Range(0.0, 0.99)] = 0.9
    r"""Share $\mu$ of the last step that is added to this one. 0: plain gradient descent."""
    nesterov: Annotated[bool, ADVANCED] = False
    r"""Nesterov momentum: look ahead before stepping, $w \leftarrow w + \mu v - \eta g$."""

    def build(self, learning_rate: Any) -> "keras.optimizers.Optimizer":
        """Sutskever et al. 2013, https://proceedings.mlr.press/v28/sutskever13.html."""
        import keras

        return keras.optimizers.SGD(
            learning_rate,
            momentum=self.momentum,
            nesterov=self.nesterov and self.momentum > 0,
            **self.clipping(),
        )


@optimizers.register("rmsprop", "RMSprop")
class RmsProp(Optimizer):
    r"""Steps scaled by a running mean of the squared gradient: $w \leftarrow w - \eta\,g / \sqrt{v + \epsilon}$."""

    rho: Annotated[float, Range(0.0, 0.999), ADVANCED] = 0.9
    r"""Decay of the running mean of the squared gradient: $v \leftarrow \rho v + (1 - \rho) g^2$."""

    def build(self, learning_rate: Any) -> "keras.optimizers.Optimizer":
        """Tieleman and Hinton 2012, https://www.cs.toronto.edu/~hinton/coursera/lecture6/lec6.pdf."""
        import keras

        return keras.optimizers.RMSprop(learning_rate, rho=self.rho, **self.clipping())
