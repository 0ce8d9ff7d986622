"""Decoder of spectrograms: the characters of a word and a voice are made one picture of sound at once."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from engine.models.base import models
from engine.models.voice import VoiceModel
from engine.spec import ADVANCED, FORKABLE, Range

if TYPE_CHECKING:
    import keras

_TIMES = 3  # that time is doubled


@models.register("mel-decoder", "Mel decoder")
class MelDecoder(VoiceModel):
    """Characters and voice become a few steps of time, which convolutions double to a spectrogram: for single words."""

    source: ClassVar[str] = "Dosovitskiy et al. 2015 (generating with up-convolutions), https://arxiv.org/abs/1411.5928"
    suggested: ClassVar[dict[str, Any]] = {
        "optimizer": "adamw", "learning_rate": 0.002, "schedule": "cosine", "batch_size": 16, "epochs": 25, "patience": 0,
    }  # fmt: skip

    embedding: Annotated[int, Range(8, 128, log=True)] = 32
    """Length of the vector of a character, and of that of a voice."""
    filters: Annotated[int, Range(8, 512, log=True)] = 192
    """Filters of the convolutions that make the spectrogram."""
    kernel: Annotated[int, Range(3, 9), ADVANCED] = 5
    """Steps of time that a convolution sees at once."""
    dropout: Annotated[float, Range(0.0, 0.7, step=0.05), FORKABLE] = 0.1
    """Fraction of the numbers zeroed before time is unfolded, in training only."""

    def speak(
        self,
        characters: "keras.KerasTensor",
        voice: "keras.KerasTensor",
        sizes: tuple[int, int],
        frames: int,
        bands: int,
    ) -> "keras.KerasTensor":
        """(batch, longest), (batch,) -> (batch, frames, bands)."""
        from keras import layers

        steps = -(-frames // 2**_TIMES)
        x = layers.Embedding(sizes[0], self.embedding, name="characters")(characters)
        x = layers.Conv1D(2 * self.embedding, 3, padding="same", activation="relu", name="letters_conv")(x)
        x = layers.Flatten(name="word")(x)
        who = layers.Embedding(sizes[1], self.embedding, name="voices")(voice)
        x = layers.Concatenate(name="word_and_voice")([x, who])
        x = layers.Dense(steps * self.filters, activation="relu", name="unfold")(x)
        x = layers.Dropout(self.dropout, name="unfold_dropout")(x)
        x = layers.Reshape((steps, self.filters), name="steps")(x)
        for number in range(1, _TIMES + 1):
            x = layers.UpSampling1D(2, name=f"double{number}")(x)
            x = layers.Conv1D(
                self.filters, self.kernel, padding="same", activation="relu", name=f"double{number}_conv"
            )(x)
        x = layers.Conv1D(bands, self.kernel, padding="same", dtype="float32", name="bands")(x)
        return x[:, :frames]
