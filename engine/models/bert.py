"""BERT with pretrained weights: a good classifier of texts from few examples."""

import re
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np

from engine.data_info import DataInfo
from engine.language.wordpiece import read_vocabulary
from engine.modalities.seen import Seen
from engine.models import encoder
from engine.models.base import Model, models
from engine.models.encoder import Encoder
from engine.models.presets import PRESETS, VOCABULARY, Preset
from engine.models.word_pieces import word_pieces
from engine.spec import ADVANCED, FORKABLE, Range

if TYPE_CHECKING:
    import keras

_STAND_IN = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "##a"]
_MARKS = 2  # [CLS] and [SEP]
_WORDS = re.compile(r"\w+|[^\w\s]")
_PIECES_A_WORD = 1.2  # of English texts, about


@models.register("bert", "BERT encoder (pretrained)")
class Bert(Model):
    """Pretrained on a billion English sentences, so it learns only what is new: for English texts, especially when there are few.

    The encoder is frozen, or its last blocks are trained. What is frozen is computed once for each text, so that training
    takes seconds.
    """

    modalities: ClassVar[tuple[str, ...]] = ("text",)
    source: ClassVar[str] = (
        f"Devlin et al. 2018, https://arxiv.org/abs/1810.04805; MiniLM: {PRESETS['minilm'].source} "
        f"({PRESETS['minilm'].licence})"
    )
    pretrained: ClassVar[bool] = True
    searched: ClassVar[tuple[str, ...]] = ("units",)
    suggested: ClassVar[dict[str, Any]] = {"batch_size": 32, "patience": 3}

    encoder: Literal["minilm"] = "minilm"
    """Pretrained network. It is fetched once: python -m engine fetch minilm."""
    sequence_length: Annotated[int, Range(8, 254, log=True)] = 128
    """Number of word pieces read from a text; the rest is cut off. A long word is several pieces."""
    tuning: Literal["frozen", "lora", "full"] = "frozen"
    """What is trained besides the output: nothing, small matrices added to queries and values (LoRA), or all weights of the
    last blocks. Training the encoder needs a learning rate near 0.0001, and takes minutes instead of seconds on a CPU."""
    tuned_blocks: Annotated[int, Range(1, 12)] = 2
    """Number of blocks that are trained, from the last one back. Not used where the encoder is frozen."""
    lora_rank: Annotated[int, Range(1, 64, log=True), ADVANCED] = 8
    r"""Rank of the matrices $A B$ that LoRA adds to a frozen $W$: $(W + A B)\,x$."""
    units: Annotated[int, Range(0, 1024)] = 0
    """Width of a dense layer before the output. 0: no such layer, the output uses the encoder's numbers directly."""
    dropout: Annotated[float, Range(0.0, 0.7, step=0.05), FORKABLE] = 0.1
    """Fraction of the encoder's numbers zeroed before each dense layer, in training only."""

    @property
    def preset(self) -> Preset:
        """The pretrained network."""
        return PRESETS[self.encoder]

    def learns(self, info: DataInfo) -> bool:
        """Return True: the vocabulary is kept with the run."""
        return True

    def learn(self, inputs: np.ndarray, info: DataInfo) -> dict[str, Any]:
        """Return the vocabulary of the encoder; nothing depends on the texts (examples,)."""
        return {"vocabulary": read_vocabulary(self.preset.path(VOCABULARY).read_text(encoding="utf-8"))}

    def preprocess(self, x: Any, info: DataInfo) -> "keras.KerasTensor":
        """Strings (batch,) -> ids of word pieces (batch, longest) int32."""
        return word_pieces(x, info.learned.get("vocabulary") or _STAND_IN, self._longest - _MARKS)

    @property
    def _longest(self) -> int:
        return min(self.sequence_length + _MARKS, self.preset.sizes().positions)

    def seen(self, features: np.ndarray, info: DataInfo) -> list[Seen]:
        """Ids (examples, longest) -> the pieces that they stand for."""
        known = info.learned["vocabulary"]
        marks = {known.index(name) for name in ("[PAD]", "[CLS]", "[SEP]")}
        return [Seen(words=tuple(known[number] for number in row if number not in marks)) for row in features.tolist()]

    def freezes(self, info: DataInfo) -> bool:
        """Return True: word pieces are cut once for each text, and the encoder is run once if it is frozen."""
        return True

    def lengths(self, features: np.ndarray) -> np.ndarray | None:
        """Return how many ids of each row (examples, longest) are no padding; None where texts are vectors."""
        return None if self.tuning == "frozen" else np.asarray(np.count_nonzero(features, axis=1))

    def raw_lengths(self, inputs: np.ndarray) -> np.ndarray:
        """Return about how many word pieces the strings (examples,) become."""
        counts = [round(_PIECES_A_WORD * len(_WORDS.findall(text))) + _MARKS for text in inputs]
        return np.clip(counts, _MARKS, self._longest)

    def features(self, x: "keras.KerasTensor") -> "keras.KerasTensor":
        """Ids (batch, longest) -> (batch, width) where the encoder is frozen; else the same ids."""
        return self._encode(x, tuned=0) if self.tuning == "frozen" else x

    def body(self, x: "keras.KerasTensor") -> "keras.KerasTensor":
        """Features -> (batch, units), or (batch, width) where there is no dense layer."""
        from keras import layers

        if self.tuning != "frozen":
            x = self._encode(x, tuned=self.tuned_blocks)
        x = layers.Dropout(self.dropout, name="dropout")(x)
        if self.units:
            x = layers.Dense(self.units, activation="relu", name="hidden")(x)
            x = layers.Dropout(self.dropout, name="hidden_dropout")(x)
        return x

    def _encode(self, ids: Any, tuned: int) -> Any:
        """Ids (batch, longest) -> (batch, width), of which the last `tuned` blocks are trained."""
        shape = self.preset.sizes()
        layers = Encoder(shape)
        x = layers.embed(ids)
        for number in range(1, shape.depth + 1):
            rank = self.lora_rank if self.tuning == "lora" else 0
            x = layers.block(x, ids, number, trainable=number > shape.depth - tuned, lora_rank=rank)
        return layers.pool(x, ids)

    def warm_start(self, network: "keras.Model", info: DataInfo) -> None:
        """Set the pretrained weights."""
        encoder.load(network, self.preset)
