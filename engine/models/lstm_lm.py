"""A recurrent network that writes."""

from typing import Annotated, Any, ClassVar

from engine.language.reader import Read, Reader
from engine.models.base import models
from engine.models.language import LanguageModel
from engine.spec import ESSENTIAL, FORKABLE, Range


@models.register("lstm-lm", "LSTM language model")
class LstmLm(LanguageModel):
    """Reads token by token and predicts the next from its state: what wrote texts before Transformers."""

    source: ClassVar[str] = (
        "Graves 2013, Generating sequences with recurrent neural networks, https://arxiv.org/abs/1308.0850"
    )
    compared: ClassVar[tuple[str, ...]] = ("text",)
    suggested: ClassVar[dict[str, Any]] = {"learning_rate": 0.002, "batch_size": 64, "epochs": 12, "patience": 3}

    units: Annotated[int, Range(8, 512, log=True), ESSENTIAL] = 256
    """Size of the state, and of the vector of a token."""
    layers: Annotated[int, Range(1, 4)] = 1
    """Number of recurrent layers, one above the other."""
    dropout: Annotated[float, Range(0.0, 0.7, step=0.05), FORKABLE] = 0.2
    """Fraction of the inputs and outputs of each layer zeroed, in training only."""

    def past_shape(self) -> tuple[int | None, ...]:
        """Output and memory of every layer: (layers, 2, units)."""
        return self.layers, 2, self.units

    def reader(self, size: int, longest: int) -> Reader:
        """An embedding and LSTMs."""
        from keras import layers, ops

        tokens = layers.Embedding(size, self.units, name="tokens")
        stack = [
            layers.LSTM(self.units, return_sequences=True, return_state=True, name=f"lstm{n}")
            for n in range(1, self.layers + 1)
        ]
        drops = [layers.Dropout(self.dropout, name=f"dropout{n}") for n in range(self.layers + 1)]

        def read(ids: Any, past: Any = None) -> Read:
            x, kept = drops[0](tokens(ids)), []
            for number, (layer, drop) in enumerate(zip(stack, drops[1:], strict=True)):
                state = None if past is None else [past[:, number, 0], past[:, number, 1]]
                x, output, memory = layer(x, initial_state=state)
                kept.append(ops.stack([output, memory], axis=1))
                x = drop(x)
            return Read(x, None if past is None else ops.stack(kept, axis=1))

        return read
