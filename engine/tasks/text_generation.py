"""Text generation: the next token of a text, again and again."""

import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal

import numpy as np

from engine.data_info import DataInfo
from engine.language.decoding import allowed
from engine.language.fitted import writer
from engine.language.ngrams import ORDER, Ngrams
from engine.language.reader import Reads
from engine.language.sampling import choose
from engine.language.tokenizer import BEGIN, END, PADDING, Tokenizer, clean
from engine.language.vocabulary import split_for
from engine.language.written import OTHERS, token_values, told
from engine.metrics import BITS_PER_CHARACTER, COPIED, PERPLEXITY, Metric
from engine.spec import ADVANCED, FIXED, Range
from engine.targets import Nothing, Ragged, Stored, Targets
from engine.tasks.base import Answering, Call, Prediction, Simple, Task, tasks
from engine.tasks.contents import Contents, Generated
from engine.tasks.graph import STORED, Tensors

SAMPLES = 64
"""Texts that are written for the share of copied lines."""
_SHOWN, _PROMPT = 12, 24
_ROWS, _MOST_NUMBERS = 64, 25_000_000
_LEAST = 1e-30
_LINE_ENDS = re.compile(r"[\n，。！？；.!?;]+")
_LEAST_LINE, _LEAST_SPACELESS = 16, 4  # characters of a line that may count as copied: shorter ones repeat by chance


class Sampling(Answering):
    """How the text is written."""

    temperature: Annotated[float, Range(0.0, 2.0, step=0.05)] = 0.8
    """0 always takes the likeliest token; 1 draws as the network says; higher is bolder."""
    top_k: Annotated[int, Range(0, 200)] = 40
    """Draw only from so many of the likeliest tokens; 0: from all."""
    top_p: Annotated[float, Range(0.05, 1.0, step=0.05)] = 1.0
    """Draw only from the fewest tokens that together have this probability (nucleus sampling)."""
    max_tokens: Annotated[int, Range(1, 1000, log=True)] = 200
    """End after so many tokens, if the text has not ended by itself."""
    seed: Annotated[int, Range(0, 1_000_000), ADVANCED] = 0
    """The same number writes the same text again; 0 writes another one each time."""


@tasks.register("text-generation", "Text generation")
class TextGeneration(Task):
    """Writes texts like those of the dataset, token by token, from a beginning that you give."""

    modality: ClassVar[str] = "text"
    targets: ClassVar[Targets] = Nothing()
    prediction: ClassVar[str] = "generated"
    contents: ClassVar[type[Contents]] = Generated
    metrics: ClassVar[tuple[Metric, ...]] = (PERPLEXITY, BITS_PER_CHARACTER, COPIED)
    objective: ClassVar[str] = "val_perplexity"
    baselines: ClassVar[bool] = True
    answering: ClassVar[type[Answering]] = Sampling
    streams: ClassVar[bool] = True
    encodes: ClassVar[bool] = True

    tokenization: Annotated[Literal["auto", "characters", "words", "byte-pairs"], FIXED] = "auto"
    """Tokens of a text: characters, words, or byte pairs (frequent groups of letters, learned from the training split). Auto takes
    characters for scripts without spaces, such as Chinese, and byte pairs for all others."""
    vocabulary_size: Annotated[int, Range(300, 30_000, log=True), FIXED, ADVANCED] = 4_000
    """Number of different tokens known, the most frequent ones. All others count as one unknown token."""
    context_length: Annotated[int, Range(8, 1_024, log=True), FIXED] = 128
    """Number of tokens that the network can see. Longer texts are cut into several; time grows with it for texts that long."""

    @classmethod
    def accepts(cls, model: type[Any]) -> bool:
        """Networks that write."""
        return issubclass(model, Reads)

    # -- texts as ids ------------------------------------------------------------------------------------------------

    def learn(self, inputs: np.ndarray, targets: Any, info: DataInfo) -> dict[str, Any]:
        """Return the tokenizer of the training texts."""
        return {"tokenizer": Tokenizer.learn(inputs, self.tokenization, self.vocabulary_size).to_dict()}

    def tokenizer(self, info: DataInfo) -> Tokenizer:
        """Return the tokenizer that was learned; a stand-in where only shapes count."""
        found = info.learned.get("targets", {}).get("tokenizer")
        return Tokenizer.from_dict(found) if found else Tokenizer("characters", ("a",))

    def encode(self, inputs: np.ndarray, targets: Any, info: DataInfo) -> tuple[np.ndarray, Any]:
        """Strings (texts,) -> ids (rows, context_length + 1): a long text is several rows, each begins with the last id of the
        one before, so that every token is predicted once."""
        tokenizer = self.tokenizer(info)
        rows = [row for text in inputs for row in self._rows(tokenizer.ids(text))]
        ids = Ragged.of([np.array(row, np.int32) for row in rows], np.int32).dense(PADDING)
        return ids, np.zeros((len(ids), 0), np.float32)

    def _rows(self, ids: list[int]) -> list[list[int]]:
        whole = [BEGIN, *ids, END]
        return [
            whole[start : start + self.context_length + 1] for start in range(0, len(whole) - 1, self.context_length)
        ]

    def raw_lengths(self, model: Any, inputs: np.ndarray) -> np.ndarray:
        """Characters, up to the context: about as many where tokens are characters, and an upper bound elsewhere."""
        return np.minimum([len(text) + 1 for text in inputs], self.context_length)

    # -- training ----------------------------------------------------------------------------------------------------

    def assemble(self, model: Reads, info: DataInfo) -> Tensors:
        """Ids (batch, steps) -> scores of what comes next (batch, steps, tokens); the saved network takes and returns `past`."""
        import keras

        size = self.tokenizer(info).size
        ids = keras.Input((None,), dtype="int32", name=STORED)
        past = keras.Input(model.past_shape(), dtype="float32", name="past")
        read, head = model.reader(size, self.context_length), keras.layers.Dense(size, dtype="float32", name="scores")
        scores, known = head(read(ids).hidden), read(ids, past)
        final = {"probabilities": keras.layers.Softmax(dtype="float32", name="probabilities")(head(known.hidden))}
        return Tensors(ids, ids, ids, scores, final | {"past": known.past}, state={"past": past})

    def batch(self, inputs: Any, targets: Any, info: DataInfo) -> tuple[Any, Any]:
        """Every id but the last is read, every id but the first is to be predicted."""
        return inputs[:, :-1], inputs[:, 1:]

    def network(self, inputs: Any, outputs: Any, name: str) -> Any:
        """A model whose loss is the mean over all tokens of a batch, without padding, and whose perplexity is exact."""
        return writer()(inputs, outputs, name=name)

    def compile_options(self, info: DataInfo) -> dict[str, Any]:
        """The model has its loss."""
        return {}

    # -- answering ---------------------------------------------------------------------------------------------------

    @classmethod
    def repeatable(cls) -> Answering:
        """The same text each time."""
        return Sampling(seed=1)

    def answer(self, call: Call, inputs: np.ndarray, info: DataInfo, options: Answering) -> Stored:
        """The whole text of each prompt."""
        [last] = deque(self._write(call, inputs, info, options), maxlen=1)
        return _outputs(last)

    def stream(self, call: Call, inputs: np.ndarray, info: DataInfo, options: Answering) -> Iterator[Stored]:
        """Yield after each token what was written of each text: (tokens, 1 + OTHERS, 2), ids with their probabilities, the
        chosen one first."""
        yield from map(_outputs, self._write(call, inputs, info, options))

    def _write(
        self, call: Call, inputs: np.ndarray, info: DataInfo, options: Answering
    ) -> Iterator[list[list[np.ndarray]]]:
        """Yield after each token the tokens of each text, which grow. Texts whose prompts differ in length go through the network
        together."""
        assert isinstance(options, Sampling)
        prompts = [self._prompt(text, info) for text in inputs]
        most = np.array([len(prompt) + options.max_tokens for prompt in prompts])
        rng = np.random.default_rng(options.seed or None)
        written: list[list[np.ndarray]] = [[] for _ in prompts]
        ended = np.zeros(len(prompts), bool)
        known = np.array([prompt[: min(map(len, prompts))] for prompt in prompts], np.int32)
        found, seen = call(known), known.shape[1]
        while True:
            after, place = found["probabilities"][:, -1], known.shape[1]
            drawn = choose(
                allowed(after), rng, temperature=options.temperature, top_k=options.top_k, top_p=options.top_p
            )
            for row, prompt in enumerate(prompts):
                if place < len(prompt):
                    drawn[row] = prompt[place]
                elif not ended[row]:
                    ended[row] = drawn[row] == END or place >= most[row]
                    if not ended[row]:
                        written[row].append(told(after[row], int(drawn[row])))
            yield written
            if ended.all():
                return
            known = np.concatenate([known, drawn[:, None].astype(np.int32)], axis=1)
            if seen < self.context_length:
                found, seen = call(known[:, -1:], {"past": found["past"]}), seen + 1
            else:  # it cannot see farther, and begins again with what it has seen last
                seen = max(1, self.context_length // 2)
                found = call(known[:, -seen:])

    def _prompt(self, text: str, info: DataInfo) -> list[int]:
        """The ids that a text begins with; of a long one the last, with room for what follows."""
        ids = [BEGIN, *self.tokenizer(info).ids(text)]
        return ids if len(ids) < self.context_length else ids[-max(1, self.context_length // 2) :]

    def predictions(self, outputs: Any, info: DataInfo) -> list[Prediction]:
        """The text of each, and its tokens with their probabilities and alternatives."""
        tokenizer = self.tokenizer(info)
        return [
            Prediction(
                "generated",
                {
                    "text": tokenizer.text(row[:, 0, 0].astype(int).tolist()),
                    "tokens": [token_values(parts, tokenizer) for parts in row.tolist()],
                },
            )
            for row in outputs
        ]

    def prompts(self, inputs: np.ndarray) -> np.ndarray:
        """The first words of each text, up to `_PROMPT` characters."""
        found = np.empty(len(inputs), object)
        found[:] = [_beginning(text) for text in inputs]
        return found

    # -- evaluating --------------------------------------------------------------------------------------------------

    def score(self, call: Call, inputs: np.ndarray, targets: Any, info: DataInfo) -> np.ndarray:
        """(texts, 3): the negative logarithm of a text's probability, its tokens with its end, and its characters."""
        tokenizer = self.tokenizer(info)
        rows = [(number, row) for number, text in enumerate(inputs) for row in self._rows(tokenizer.ids(text))]
        found = np.zeros((len(inputs), 3))
        found[:, 2] = [len(text) for text in inputs]
        rows.sort(key=lambda numbered: len(numbered[1]))
        step = max(1, min(_ROWS, _MOST_NUMBERS // (self.context_length * tokenizer.size)))
        for start in range(0, len(rows), step):
            some = rows[start : start + step]
            ids = Ragged.of([np.array(row, np.int32) for _, row in some], np.int32).dense(PADDING)
            probabilities = call(ids[:, :-1])["probabilities"]
            given = np.take_along_axis(probabilities, ids[:, 1:, None].astype(np.int64), axis=2)[..., 0]
            counted = ids[:, 1:] != PADDING
            losses = np.where(counted, -np.log(np.maximum(given, _LEAST)), 0).sum(axis=1)
            np.add.at(found, ([number for number, _ in some], 0), losses)
            np.add.at(found, ([number for number, _ in some], 1), counted.sum(axis=1))
        return found

    def evaluate(self, outputs: Any, targets: Any, info: DataInfo) -> dict[str, Any]:
        """Perplexity over all tokens, and bits a character as the mean over texts."""
        loss, count, _ = np.asarray(outputs, np.float64).sum(axis=0)
        bits = self.example_scores(outputs, targets)["bits_per_character"]
        return {"metrics": {"perplexity": float(np.exp(loss / count)), "bits_per_character": float(bits.mean())}}

    @classmethod
    def example_scores(cls, outputs: Any, targets: Any) -> dict[str, np.ndarray]:
        """Bits a character of each text."""
        outputs = np.asarray(outputs, np.float64)
        return {"bits_per_character": outputs[:, 0] / np.log(2) / np.maximum(outputs[:, 2], 1)}

    @classmethod
    def example_ratios(cls, outputs: Any, targets: Any) -> dict[str, np.ndarray]:
        """Of the perplexity: the loss of each text, and its tokens."""
        return {"perplexity": np.asarray(outputs, np.float64)[:, :2]}

    def sample(self, call: Call, known: np.ndarray, targets: Any, info: DataInfo) -> dict[str, Any]:
        """Write some texts from nothing; the share of their lines that stand in the training texts `known` as they are."""
        written = self.predictions(self.answer(call, np.array([""] * SAMPLES, object), info, self.repeatable()), info)
        texts = [prediction.values["text"] for prediction in written]
        learned = _known_lines(known)
        lines = [line for text in texts for line in _lines(text)]
        copied = sum(line in learned for line in lines)
        metrics = {"copied": copied / len(lines)} if lines else {}
        return {"metrics": metrics, "samples": texts[:_SHOWN], "lines": len(lines)}

    def copies(self, known: np.ndarray) -> Callable[[Mapping[str, Any]], str] | None:
        """By lines, as in `sample`."""
        learned = _known_lines(known)
        return lambda values: next((line for line in _lines(values["text"]) if line in learned), "")

    def simple(self, inputs: np.ndarray, targets: Any, info: DataInfo) -> dict[str, Simple]:
        """Counts of up to `ORDER` tokens in a row, on the same tokens."""
        learned = {"targets": self.learn(inputs, targets, info)}
        tokenizer = self.tokenizer(replace(info, learned=learned))
        model = Ngrams(([BEGIN, *tokenizer.ids(text), END] for text in inputs), tokenizer.size)

        def score(inputs: np.ndarray, targets: Any) -> np.ndarray:
            rows = [model.log_probabilities([BEGIN, *tokenizer.ids(text), END]) for text in inputs]
            return np.array([[-row.sum(), len(row), len(text)] for row, text in zip(rows, inputs, strict=True)])

        return {f"{ORDER}-gram": score}


def _outputs(written: list[list[np.ndarray]]) -> Stored:
    return Ragged.of([np.array(parts) for parts in written], np.float32, (1 + OTHERS, 2))


def _beginning(text: str) -> str:
    line = next(iter(_LINE_ENDS.split(text.strip())), "")
    return line if len(line) <= _PROMPT else line[:_PROMPT].rsplit(" ", 1)[0]


def _known_lines(known: np.ndarray) -> set[str]:
    return {line for text in known for line in _lines(clean(text))}


def _lines(text: str) -> list[str]:
    """The lines of a text that are long enough not to repeat by chance."""
    found = [line.strip() for line in _LINE_ENDS.split(text)]
    return [line for line in found if len(line) >= (_LEAST_LINE if split_for([line]) == "words" else _LEAST_SPACELESS)]
