"""Base of the tasks that make a text from a text: tokens of both sides, one network, writing, and scores of whole texts."""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, ClassVar, Literal

import numpy as np

from engine.data_info import DataInfo
from engine.language.decoding import Draft, Way, write
from engine.language.edits import character_edits, unit_edits, units
from engine.language.fitted import writer
from engine.language.rewriter import Rewrites, Step
from engine.language.tokenizer import BEGIN, END, PADDING, Tokenizer
from engine.language.written import Written, named, token_values
from engine.spec import ADVANCED, FIXED, FORKABLE, Range
from engine.targets import Ragged, Stored, Targets, Texts, text_of
from engine.tasks.base import Answering, Call, Prediction, Task
from engine.tasks.contents import Contents, Rewritten
from engine.tasks.graph import STORED, Tensors

_TOGETHER = 128  # sources that are answered at once
_MOST_NUMBERS = 25_000_000
_LEAST = 1e-30
_PARTS = 5  # of an evaluation, by the length of the true text


class Drafting(Answering):
    """How the text is written."""

    beams: Annotated[int, Range(1, 8)] = 1
    """Texts that grow side by side, of which the likeliest is taken. More takes as many times as long. 1: no others."""
    length_penalty: Annotated[float, Range(0.0, 2.0, step=0.1), ADVANCED] = 1.0
    """With several beams: 0 prefers short texts, as each token makes a text less likely; more prefers longer ones."""
    temperature: Annotated[float, Range(0.0, 2.0, step=0.05)] = 0.0
    """0 always takes the likeliest token; 1 draws as the network says; higher is bolder. Only with one beam."""
    top_k: Annotated[int, Range(0, 200), ADVANCED] = 40
    """Draw only from so many of the likeliest tokens; 0: from all."""
    top_p: Annotated[float, Range(0.05, 1.0, step=0.05), ADVANCED] = 1.0
    """Draw only from the fewest tokens that together have this probability (nucleus sampling)."""
    max_tokens: Annotated[int, Range(1, 1000, log=True), ADVANCED] = 1000
    """End after so many tokens, if the text has not ended by itself; the context of the network ends it in any case."""
    seed: Annotated[int, Range(0, 1_000_000), ADVANCED] = 1
    """The same number draws the same text again; 0 draws another one each time."""


class Rewriting(Task):
    """Makes a text from a text."""

    modality: ClassVar[str] = "text"
    targets: ClassVar[Targets] = Texts()
    prediction: ClassVar[str] = "rewritten"
    contents: ClassVar[type[Contents]] = Rewritten
    baselines: ClassVar[bool] = True
    answering: ClassVar[type[Answering]] = Drafting
    streams: ClassVar[bool] = True
    encodes: ClassVar[bool] = True
    shared: ClassVar[bool] = False
    """Whether both sides have the same tokens, those of the source."""

    source_tokenization: Annotated[Literal["auto", "characters", "words", "byte-pairs"], FIXED] = "auto"
    """Tokens of the text that is read: characters, words, or byte pairs (frequent groups of letters, learned from the training
    split). Auto takes characters for scripts without spaces, such as Chinese, and byte pairs for all others."""
    target_tokenization: Annotated[Literal["auto", "characters", "words", "byte-pairs"], FIXED] = "auto"
    """Tokens of the text that is written, as above."""
    vocabulary_size: Annotated[int, Range(300, 30_000, log=True), FIXED, ADVANCED] = 4_000
    """Number of different tokens known on each side, the most frequent ones. All others count as one unknown token."""
    context_length: Annotated[int, Range(8, 1_024, log=True), FIXED] = 128
    """Number of tokens that the network can read, and that it can write. Longer texts are cut; time grows with it for texts
    that long."""
    label_smoothing: Annotated[float, Range(0.0, 0.3, step=0.05), FORKABLE, ADVANCED] = 0.1
    """Share of each target that is spread evenly over all tokens, in training: the network is kept from being too sure."""

    @classmethod
    def accepts(cls, model: type[Any]) -> bool:
        """Networks that make a text from a text."""
        return issubclass(model, Rewrites) and (cls.shared or not model.copies)

    # -- texts as ids ------------------------------------------------------------------------------------------------

    def learn(self, inputs: np.ndarray, targets: Any, info: DataInfo) -> dict[str, Any]:
        """Return the tokenizers of both sides of the training pairs."""
        if self.shared:
            texts = [*inputs, *map(text_of, targets)]
            both = Tokenizer.learn(texts, self.source_tokenization, self.vocabulary_size).to_dict()
            return {"source": both, "target": both}
        source = Tokenizer.learn(inputs, self.source_tokenization, self.vocabulary_size)
        target = Tokenizer.learn(map(text_of, targets), self.target_tokenization, self.vocabulary_size)
        return {"source": source.to_dict(), "target": target.to_dict()}

    def tokenizer(self, side: Literal["source", "target"], info: DataInfo) -> Tokenizer:
        """Return the tokenizer that was learned for a side; a stand-in where only shapes count."""
        found = info.learned.get("targets", {}).get(side)
        return Tokenizer.from_dict(found) if found else Tokenizer("characters", ("a",))

    def encode(self, inputs: np.ndarray, targets: Any, info: DataInfo) -> tuple[np.ndarray, Any]:
        """Pairs of texts -> ids of the sources (pairs, longest), filled up, and of the targets with begin and end, ragged."""
        sources = self._sources(inputs, info)[0]
        tokenizer = self.tokenizer("target", info)
        rows = [self._target(text_of(target), tokenizer) for target in targets]
        return sources, Ragged.of([np.array(row, np.int32) for row in rows], np.int32)

    def _target(self, text: str, tokenizer: Tokenizer) -> list[int]:
        """The ids of a true text between begin and end; of one that is too long the first, without an end."""
        return [BEGIN, *tokenizer.ids(text), END][: self.context_length + 1]

    def _sources(self, inputs: np.ndarray, info: DataInfo) -> tuple[np.ndarray, list[int]]:
        """Return the ids of texts with their end (texts, longest), and how many tokens of each are left out."""
        tokenizer, most = self.tokenizer("source", info), self.context_length - 1
        rows = [tokenizer.ids(text) for text in inputs]
        kept = [np.array([*row[:most], END], np.int32) for row in rows]
        return Ragged.of(kept, np.int32).dense(PADDING), [max(0, len(row) - most) for row in rows]

    def raw_lengths(self, model: Any, inputs: np.ndarray) -> np.ndarray:
        """Characters, up to the context: about as many where tokens are characters, and an upper bound elsewhere."""
        return np.minimum([len(text) + 1 for text in inputs], self.context_length)

    # -- training ----------------------------------------------------------------------------------------------------

    def assemble(self, model: Rewrites, info: DataInfo) -> Tensors:
        """Ids of the source (batch, source) and of what was written (batch, steps) -> scores of what comes next (batch, steps,
        tokens). The saved network also takes and returns what it keeps of the source and of the steps before."""
        import keras
        from keras import ops

        sizes = self.tokenizer("source", info).size, self.tokenizer("target", info).size
        source = keras.Input((None,), dtype="int32", name=STORED)
        written = keras.Input((None,), dtype="int32", name="written")
        state = {
            "memory": keras.Input(model.memory_shape(), dtype="float32", name="memory"),
            "known": keras.Input((None,), dtype="int32", name="known"),
            "past": keras.Input(model.past_shape(), dtype="float32", name="past"),
        }
        made = model.rewriter(*sizes, self.context_length)
        head = keras.layers.Dense(sizes[1], dtype="float32", name="scores")
        kept = made.read(source)
        mix = model.mix(sizes[1])

        def scored(step: Step, ids: Any) -> Any:
            return head(step.hidden) if mix is None else mix(head(step.hidden), step, ids)

        scores = scored(made.write(written, kept, ops.not_equal(source, PADDING)), source)
        memory = ops.concatenate([state["memory"], kept], axis=1 + model.memory_shape().index(None))
        known = ops.concatenate([state["known"], source], axis=1)
        step = made.write(written, memory, ops.not_equal(known, PADDING), state["past"])
        shares = keras.layers.Softmax(dtype="float32", name="probabilities")(scored(step, known))
        final = {"probabilities": shares, "attention": step.attention, "memory": memory, "known": known}
        return Tensors(source, source, source, scores, final | {"past": step.past}, {"written": written}, state)

    def batch(self, inputs: Any, targets: Any, info: DataInfo) -> tuple[Any, Any]:
        """The source and every true id but the last are read, every true id but the first is to be predicted."""
        return {STORED: inputs, "written": targets[:, :-1]}, targets[:, 1:]

    def network(self, inputs: Any, outputs: Any, name: str) -> Any:
        """A model whose loss is the mean over all tokens of a batch, without padding, and whose perplexity is exact."""
        return writer(self.label_smoothing)(inputs, outputs, name=name)

    def compile_options(self, info: DataInfo) -> dict[str, Any]:
        """The model has its loss."""
        return {}

    # -- answering ---------------------------------------------------------------------------------------------------

    def answer(self, call: Call, inputs: np.ndarray, info: DataInfo, options: Answering) -> Stored:
        """The whole text for each source: those of similar length go through the network together."""
        assert isinstance(options, Drafting)
        sources, left_out = self._sources(inputs, info)
        order = np.argsort(np.count_nonzero(sources, axis=1), kind="stable")
        step = max(1, _TOGETHER // options.beams)
        found: dict[int, np.ndarray] = {}
        for start in range(0, len(order), step):
            where = order[start : start + step]
            some = _shortened(sources[where])
            [drafts] = deque(write(call, some, self._way(options)), maxlen=1)
            for place, draft, source in zip(where.tolist(), drafts, some, strict=True):
                found[place] = self._written(draft, source, left_out[place], info).packed()
        return Ragged.of([found[place] for place in range(len(inputs))], np.float32)

    def stream(self, call: Call, inputs: np.ndarray, info: DataInfo, options: Answering) -> Iterator[Stored]:
        """Yield after each token what was written."""
        assert isinstance(options, Drafting)
        sources, left_out = self._sources(inputs, info)
        for drafts in write(call, sources, self._way(options)):
            rows = [
                self._written(draft, source, out, info).packed()
                for draft, source, out in zip(drafts, sources, left_out, strict=True)
            ]
            yield Ragged.of(rows, np.float32)

    def _way(self, options: Drafting) -> Way:
        return Way(
            most=min(options.max_tokens, self.context_length),
            temperature=options.temperature,
            top_k=options.top_k,
            top_p=options.top_p,
            beams=options.beams,
            length_penalty=options.length_penalty,
            seed=options.seed,
        )

    def _written(self, draft: Draft, source: np.ndarray, left_out: int, info: DataInfo) -> Written:
        text = self.tokenizer("target", info).text(draft.ids).strip()
        source = source[: np.count_nonzero(source)]
        if not draft.ids:
            return Written("", source, left_out=left_out)
        attention = np.array([row[: len(source)] for row in draft.attention], np.float32)
        return Written(text, source, np.array(draft.told, np.float32), attention, left_out)

    def predictions(self, outputs: Any, info: DataInfo) -> list[Prediction]:
        """The text of each; its tokens with their probabilities and alternatives; and where each looked in the source."""
        source, target = self.tokenizer("source", info), self.tokenizer("target", info)
        return [Prediction(self.prediction, _values(Written.unpacked(row), source, target)) for row in outputs]

    # -- evaluating --------------------------------------------------------------------------------------------------

    def describe(self, target: Any, info: DataInfo) -> str:
        """The true text."""
        return text_of(target)

    def score(self, call: Call, inputs: np.ndarray, targets: Any, info: DataInfo) -> Ragged:
        """The likeliest text for each source, and how likely the true one is."""
        rows = [Written.unpacked(row) for row in self.answer(call, inputs, info, self.repeatable())]
        surprises = self._surprises(call, inputs, targets, info)
        packed = [
            Written(row.text, left_out=row.left_out, surprise=float(surprise), true_tokens=int(count)).packed()
            for row, (surprise, count) in zip(rows, surprises, strict=True)
        ]
        return Ragged.of(packed, np.float32)

    def _surprises(self, call: Call, inputs: np.ndarray, targets: Any, info: DataInfo) -> np.ndarray:
        """(pairs, 2): the negative logarithm of the true text's probability, and its number of tokens with the end."""
        sources, ids = self.encode(inputs, targets, info)
        size, found = self.tokenizer("target", info).size, np.zeros((len(inputs), 2))
        order = np.argsort(ids.lengths, kind="stable")
        step = max(1, min(_TOGETHER, _MOST_NUMBERS // (self.context_length * size)))
        for start in range(0, len(order), step):
            where = order[start : start + step]
            true = ids[where].dense(PADDING)
            shares = call(_shortened(sources[where]), {"written": true[:, :-1]})["probabilities"]
            given = np.take_along_axis(shares, true[:, 1:, None].astype(np.int64), axis=2)[..., 0]
            counted = true[:, 1:] != PADDING
            found[where, 0] = np.where(counted, -np.log(np.maximum(given, _LEAST)), 0).sum(axis=1)
            found[where, 1] = counted.sum(axis=1)
        return found

    def evaluate(self, outputs: Any, targets: Any, info: DataInfo) -> dict[str, Any]:
        """What counts edits is counted over all texts together, as is usual; the perplexity over all tokens."""
        written = [Written.unpacked(row) for row in outputs]
        texts, true = [one.text for one in written], [text_of(target) for target in targets]
        metrics = self.measure(texts, true)
        if count := sum(one.true_tokens for one in written):
            metrics["perplexity"] = float(np.exp(sum(one.surprise for one in written) / count))
        left_out = sum(one.left_out > 0 for one in written)
        return {"metrics": metrics, "left_out": left_out, "by_length": self._by_length(outputs, targets, true)}

    def _by_length(self, outputs: Any, targets: Any, true: Sequence[str]) -> dict[str, Any]:
        """Return the last of the example scores for texts of different length: about as many texts in each part."""
        name, scores = list(self.example_scores(outputs, targets).items())[-1]
        lengths = np.array([len(units(text)) for text in true])
        edges = np.unique(np.quantile(lengths, np.linspace(0, 1, _PARTS + 1))) if len(lengths) else np.zeros(1)
        part = np.searchsorted(edges[1:-1], lengths, side="right")
        rows = [
            {
                "least": int(lengths[part == number].min()),
                "most": int(lengths[part == number].max()),
                "texts": int((part == number).sum()),
                "score": float(scores[part == number].mean()),
            }
            for number in np.unique(part)
        ]
        return {"metric": name, "rows": rows}

    def measure(self, written: Sequence[str], true: Sequence[str]) -> dict[str, float]:
        """Return the metrics of whole texts, all together."""
        raise NotImplementedError(f"{type(self).__name__} must define measure.")


def rates(written: Sequence[str], true: Sequence[str]) -> dict[str, float]:
    """Return the share of texts that are right, and the errors for each unit and each character of the true ones."""
    words = [unit_edits(one, other) for one, other in zip(written, true, strict=True)]
    letters = [character_edits(one, other) for one, other in zip(written, true, strict=True)]
    return {
        "exact_match": float(np.mean([edits.changed == 0 for edits in letters])),
        "token_errors": sum(edits.changed for edits in words) / max(1, sum(edits.of for edits in words)),
        "character_errors": sum(edits.changed for edits in letters) / max(1, sum(edits.of for edits in letters)),
    }


def _shortened(sources: np.ndarray) -> np.ndarray:
    """Return ids without the padding that all rows share."""
    return sources[:, : max(1, int(np.count_nonzero(sources, axis=1).max(initial=0)))]


def _values(written: Written, source: Tokenizer, target: Tokenizer) -> dict[str, Any]:
    return {
        "text": written.text,
        "tokens": [token_values(told, target) for told in written.told.tolist()],
        "source": [named(int(number), source) for number in written.source],
        "attention": np.round(written.attention.astype(float), 3).tolist(),
        "left_out": written.left_out,
    }
