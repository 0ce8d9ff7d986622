"""Speech recognition: the words of a recording, and when they are said."""

from collections.abc import Sequence
from functools import cache
from typing import Annotated, Any, ClassVar, Literal

import numpy as np

from engine.data_info import SAMPLE_RATE_HZ, DataInfo
from engine.metrics import CHARACTER_ERRORS, EXACT_MATCH, TOKEN_ERRORS, UNIT_ERRORS, Metric
from engine.modalities.speech.clips import sounding
from engine.modalities.speech.templates import Templates
from engine.spec import FIXED, Range
from engine.speech.decoding import Said, beam, greedy
from engine.speech.errors import confused, errors, overall
from engine.speech.units import BLANK, Kind, Units
from engine.speech.written import read, spoken, written
from engine.targets import Ragged, RaggedArrays, Stored, Targets
from engine.tasks.base import Answering, Call, Prediction, Simple, Task, tasks
from engine.tasks.contents import Contents, Transcript
from engine.tasks.graph import Tensors

_ROWS = 32
_WHOLE = 8_000  # samples: lengths are rounded up to multiples, so that few shapes are traced
_NOWHERE = -1e4  # score of all units behind the end of a recording, where only the blank has another
_TEMPLATES = 200
_LENGTHS, _CONFUSED = 30, 12


class Decoding(Answering):
    """How a transcript is found in what the network hears."""

    decoder: Literal["greedy", "beam"] = "greedy"
    """Greedy takes the likeliest unit at each step. Beam search follows several transcripts and adds up all ways to say each."""
    beam_width: Annotated[int, Range(2, 64, log=True)] = 8
    """Transcripts that beam search follows at each step. More take longer."""


@tasks.register("automatic-speech-recognition", "Speech recognition")
class SpeechRecognition(Task):
    """Writes down what is said in a recording, and when."""

    modality: ClassVar[str] = "speech"
    targets: ClassVar[Targets] = RaggedArrays()
    prediction: ClassVar[str] = "transcript"
    contents: ClassVar[type[Contents]] = Transcript
    metrics: ClassVar[tuple[Metric, ...]] = (UNIT_ERRORS, TOKEN_ERRORS, CHARACTER_ERRORS, EXACT_MATCH)
    objective: ClassVar[str] = "val_unit_error_rate"
    baselines: ClassVar[bool] = True
    answering: ClassVar[type[Answering]] = Decoding
    padding: ClassVar[float] = BLANK
    learns_inputs: ClassVar[bool] = False
    fuses: ClassVar[bool] = False
    simple_examples: ClassVar[int] = 2_000

    tokenization: Annotated[Kind, FIXED] = "auto"
    """What the network writes at a step: characters, which spell any word, or whole words, which must be in the training
    split. Auto takes words where there are at most 200 and each is said several times."""
    plain: Annotated[bool, FIXED] = True
    """Learn and compare transcripts in lower case and without punctuation, which cannot be heard."""

    # -- transcripts as ids ------------------------------------------------------------------------------------------

    def learn(self, inputs: np.ndarray, targets: Any, info: DataInfo) -> dict[str, Any]:
        """Return the units of the training transcripts."""
        return {"units": Units.learn(self._texts(targets), self.tokenization).to_dict()}

    def known(self, info: DataInfo) -> Units:
        """Return the units that were learned; a stand-in where only shapes count."""
        found = info.learned.get("targets", {}).get("units")
        return Units.from_dict(found) if found else Units("characters", ("a",))

    def encode_stored(self, targets: Stored, info: DataInfo) -> Stored:
        """Characters -> ids of units; what the training split does not have is left out."""
        units = self.known(info)
        return Ragged.of([np.array(units.ids(text), np.int32) for text in self._texts(targets)], np.int32)

    def truth(self, inputs: np.ndarray, targets: Stored) -> Stored:
        """Return transcripts as they are compared."""
        return written(self._texts(targets))

    def _texts(self, targets: Any) -> list[str]:
        texts = [read(row) for row in targets]
        return [spoken(text) for text in texts] if self.plain else texts

    def describe(self, target: Any, info: DataInfo) -> str:
        """The transcript."""
        return read(target)

    # -- training ----------------------------------------------------------------------------------------------------

    def assemble(self, model: Any, info: DataInfo) -> Tensors:
        """Recordings -> scores of units (batch, steps, units); behind the end of a recording the blank is certain."""
        from keras import layers, ops

        raw, inputs = self.inputs(info)
        frozen = model.features(model.preprocess(inputs, info))
        hidden, inside = model.listen(frozen)
        size = self.known(info).size
        scores = layers.Dense(size, dtype="float32", name="scores")(hidden)
        nothing = np.full(size, _NOWHERE, np.float32)
        nothing[BLANK] = 0.0
        scores = ops.where(inside[:, :, None], scores, nothing)
        return Tensors(raw, inputs, frozen, scores, layers.Softmax(dtype="float32", name="probabilities")(scores))

    def network(self, inputs: Any, outputs: Any, name: str) -> Any:
        """A model with the CTC loss, that counts its errors."""
        return _listener()(inputs, outputs, name=name)

    def compile_options(self, info: DataInfo) -> dict[str, Any]:
        """The model has its loss."""
        return {}

    # -- answering ---------------------------------------------------------------------------------------------------

    def answer(self, call: Call, inputs: np.ndarray, info: DataInfo, options: Answering) -> Stored:
        """Return for each recording its characters (characters, 4): code point, start and end in seconds, probability."""
        assert isinstance(options, Decoding)
        units, found = self.known(info), list[np.ndarray]()
        for probabilities, step in _heard(call, inputs):
            said = greedy(probabilities) if options.decoder == "greedy" else beam(probabilities, options.beam_width)
            found.append(_characters(said, units, step))
        return Ragged.of(found, np.float32, (4,))

    def predictions(self, outputs: Any, info: DataInfo) -> list[Prediction]:
        """The transcript of each, and its words with their times."""
        return [
            Prediction(self.prediction, {"text": read(row[:, 0]), "words": _words(np.asarray(row))}) for row in outputs
        ]

    # -- evaluating --------------------------------------------------------------------------------------------------

    @classmethod
    def example_scores(cls, outputs: Any, targets: Any) -> dict[str, np.ndarray]:
        """Error rates of each transcript, and whether it is right."""
        pairs = [(read(said), read(row[:, 0])) for said, row in zip(targets, outputs, strict=True)]
        return {
            "token_errors": np.array([errors(said.split(), heard.split()).rate for said, heard in pairs]),
            "character_errors": np.array([errors(said, heard).rate for said, heard in pairs]),
            "exact_match": np.array([float(said == heard) for said, heard in pairs]),
        }

    def evaluate(self, outputs: Any, targets: Any, info: DataInfo) -> dict[str, Any]:
        """Edits over all words and characters together, and what was taken for what."""
        pairs = [(read(said), read(row[:, 0])) for said, row in zip(targets, outputs, strict=True)]
        wer = overall([errors(said.split(), heard.split()) for said, heard in pairs])
        cer = overall([errors(said, heard) for said, heard in pairs])
        exact = float(np.mean([said == heard for said, heard in pairs])) if pairs else float("nan")
        unit = wer if self.known(info).kind == "words" else cer
        return {
            "metrics": {"unit_error_rate": unit, "token_errors": wer, "character_errors": cer, "exact_match": exact},
            "by_length": _by_length(pairs),
            "confused": confused(pairs, _CONFUSED),
        }

    def simple(self, inputs: np.ndarray, targets: Any, info: DataInfo) -> dict[str, Simple]:
        """The nearest of recordings that are known, when time is stretched so that they fit (dynamic time warping)."""
        templates = Templates.of(inputs, self._texts(targets), _TEMPLATES)

        def outputs(inputs: np.ndarray, targets: Any) -> Ragged:
            texts = [templates.text(clip) for clip in inputs]
            return Ragged.of([_plain(text) for text in texts], np.float32, (4,))

        return {templates.name: outputs}


def _by_length(pairs: Sequence[tuple[str, str]]) -> list[tuple[int, int, float, float]]:
    """Return by the number of words how many transcripts there are, their word error rate, and the share that is exact."""
    lengths = np.array([len(said.split()) for said, _heard in pairs])
    found = []
    for length in np.unique(lengths)[:_LENGTHS].tolist():
        some = [pairs[place] for place in np.flatnonzero(lengths == length).tolist()]
        rate = overall([errors(said.split(), heard.split()) for said, heard in some])
        found.append((length, len(some), rate, sum(said == heard for said, heard in some) / len(some)))
    return found


def _heard(call: Call, inputs: np.ndarray) -> list[tuple[np.ndarray, float]]:
    """Return for each recording (samples,) the probabilities (steps, units) up to its end, and the seconds of a step.

    Those of similar length are heard together.
    """
    ends = np.array([sounding(clip) for clip in inputs])
    order, found = np.argsort(ends, kind="stable"), dict[int, tuple[np.ndarray, float]]()
    for start in range(0, len(order), _ROWS):
        some = order[start : start + _ROWS]
        length = max(_WHOLE, int(-(-ends[some].max() // _WHOLE) * _WHOLE))
        kept = inputs[some][:, :length]
        whole = np.pad(kept, ((0, 0), (0, length - kept.shape[1])))
        for place, probabilities in zip(some.tolist(), np.asarray(call(whole)), strict=True):
            steps = int(np.count_nonzero(probabilities[:, BLANK + 1 :].max(axis=1)))  # exactly 0 behind the end
            found[place] = probabilities[:steps], int(ends[place]) / SAMPLE_RATE_HZ / max(1, steps)
    return [found[place] for place in range(len(inputs))]


def _characters(said: Sequence[Said], units: Units, step: float) -> np.ndarray:
    """(characters, 4): code point, start and end in seconds, probability."""
    rows = [
        (ord(character), said[place].start * step, said[place].end * step, said[place].probability)
        for character, place in units.characters([one.unit for one in said])
    ]
    return np.array(rows, np.float32).reshape(-1, 4)


def _plain(text: str) -> np.ndarray:
    """The same of a text whose times are not known."""
    return np.array([(ord(character), 0, 0, 0) for character in text], np.float32).reshape(-1, 4)


def _words(row: np.ndarray) -> list[dict[str, Any]]:
    """(characters, 4) -> words with their times in seconds."""
    found: list[dict[str, Any]] = []
    fresh = True
    for point, start, end, probability in row.tolist():
        if chr(int(point)).isspace():
            fresh = True
            continue
        if fresh:
            found.append({"text": "", "start": round(start, 3), "end": 0.0, "probability": 1.0})
        word, fresh = found[-1], False
        word["text"] += chr(int(point))
        word["end"] = round(end, 3)
        word["probability"] = round(min(word["probability"], probability), 4)
    return found


@cache
def _listener() -> Any:
    """Return the class of the trained network; made late, as it needs Keras."""
    import keras
    import tensorflow as tf

    def sparse(labels: Any) -> Any:
        units = tf.sparse.from_dense(labels)
        return tf.SparseTensor(units.indices, units.values - 1, units.dense_shape)

    class Listener(keras.Model):  # type: ignore[misc]  # Keras has no types
        """Its loss is that of connectionist temporal classification, with the true length of each recording.

        A transcript that cannot be said in the steps of its recording counts nothing; that of silence is all blanks.
        """

        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self.unit_errors = keras.metrics.Mean(name="unit_error_rate")

        def compute_loss(self, x: Any = None, y: Any = None, y_pred: Any = None, *_more: Any, **_named: Any) -> Any:
            labels = tf.pad(tf.cast(y, tf.int32), [[0, 0], [0, 1]])
            there = labels != BLANK
            twice = tf.logical_and(labels[:, 1:] == labels[:, :-1], there[:, 1:])  # these need a blank in between
            count = tf.reduce_sum(tf.cast(there, tf.int32), axis=1)
            steps = tf.reduce_sum(tf.cast(tf.reduce_max(y_pred[:, :, 1:], axis=2) > _NOWHERE, tf.int32), axis=1)
            fits = tf.logical_and(count > 0, count + tf.reduce_sum(tf.cast(twice, tf.int32), axis=1) <= steps)
            told = tf.where(
                fits[:, None], labels, tf.one_hot(tf.zeros_like(count), tf.shape(labels)[1], dtype=tf.int32)
            )
            scores = tf.where(fits[:, None, None], y_pred, 0.0)  # the operation takes only what fits
            losses = tf.compat.v1.nn.ctc_loss(
                sparse(told), _blank_last(scores), tf.where(fits, steps, tf.shape(scores)[1]), time_major=True
            )
            silent = -tf.reduce_sum(tf.nn.log_softmax(y_pred)[:, :, BLANK], axis=1)
            losses = tf.where(fits, losses, tf.where(count > 0, 0.0, silent))
            [heard], _ = tf.nn.ctc_greedy_decoder(_blank_last(y_pred), tf.maximum(steps, 1))
            edits = tf.edit_distance(heard, tf.cast(sparse(labels), tf.int64), normalize=False)
            counts = tf.cast(tf.reduce_sum(count), tf.float32)
            self.unit_errors.update_state(tf.reduce_sum(edits) / tf.maximum(counts, 1.0), sample_weight=counts)
            return tf.reduce_mean(losses)

    return Listener


def _blank_last(scores: Any) -> Any:
    """(batch, steps, units) -> (steps, batch, units), the blank at the end, as TensorFlow's operations have it."""
    import tensorflow as tf

    return tf.transpose(tf.concat([scores[:, :, BLANK + 1 :], scores[:, :, : BLANK + 1]], axis=2), [1, 0, 2])
