"""Text to speech: a text in a voice becomes a spectrogram, and this a sound."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, ClassVar

import numpy as np

from engine.data_info import DataInfo
from engine.metrics import MEL_L1, UNDERSTOOD, Metric
from engine.spec import ADVANCED, Range
from engine.speech.judge import Judge
from engine.speech.vocoder import BANDS, SILENCE, encoded, mel_of, sound_of, stretched, voiced
from engine.speech.written import spoken
from engine.targets import Arrays, Ragged, Stored, Targets
from engine.tasks.base import Answering, Call, Prediction, Simple, Task, tasks
from engine.tasks.contents import Contents, Spoken
from engine.tasks.graph import STORED, Tensors

_PAUSE = 6  # frames between two words
_MOST_WORDS = 20
_UNKNOWN = 1  # the id of a character or voice that was not learned; 0 stands for none
_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_SECONDS_OF_FRAME = 200 / 16_000
_SHOWN_BANDS = 32


class Speaking(Answering):
    """How the text is said."""

    speed: Annotated[float, Range(0.5, 2.0, step=0.05)] = 1.0
    """1: as in the data; higher is faster. The pitch stays."""
    rounds: Annotated[int, Range(1, 200, log=True), ADVANCED] = 40
    """Rounds of Griffin and Lim, which find the phases that a spectrogram lacks. More sound less metallic, and take longer."""


@tasks.register("text-to-speech", "Text to speech")
class TextToSpeech(Task):
    """Says a word, or several one after the other, in one of the voices of the dataset."""

    modality: ClassVar[str] = "voiced-text"
    targets: ClassVar[Targets] = Arrays()
    prediction: ClassVar[str] = "spoken"
    contents: ClassVar[type[Contents]] = Spoken
    metrics: ClassVar[tuple[Metric, ...]] = (MEL_L1, UNDERSTOOD)
    objective: ClassVar[str] = "val_mel_l1"
    baselines: ClassVar[bool] = True
    answering: ClassVar[type[Answering]] = Speaking
    encodes: ClassVar[bool] = True

    # -- texts and voices as ids -------------------------------------------------------------------------------------

    def learn(self, inputs: np.ndarray, targets: Any, info: DataInfo) -> dict[str, Any]:
        """Return characters, voices and the longest word of the training split, and who judges whether a word is understood."""
        texts, voices = _columns(inputs)
        mel = mel_of(np.asarray(targets))
        return {
            "characters": sorted({character for text in texts for character in text}),
            "voices": sorted(set(voices)),
            "longest": max(map(len, texts), default=1),
            "frames": mel.shape[1],
            "judge": Judge.learn(mel, texts).to_dict(),
        }

    def _learned(self, info: DataInfo) -> dict[str, Any]:
        """Return what was learned; a stand-in where only shapes count."""
        found: dict[str, Any] = info.learned.get("targets", {})
        return found or {"characters": ["a"], "voices": ["a"], "longest": 5, "frames": 80, "judge": {}}

    def encode(self, inputs: np.ndarray, targets: Any, info: DataInfo) -> tuple[np.ndarray, Any]:
        """Rows and sounds (examples, samples) -> ids (examples, 1 + longest), the voice first, and spectrograms."""
        texts, voices = _columns(inputs)
        return self._ids(texts, voices, info), mel_of(np.asarray(targets))

    def _ids(self, texts: Sequence[str], voices: Sequence[str], info: DataInfo) -> np.ndarray:
        known = self._learned(info)
        letters = {character: number for number, character in enumerate(known["characters"], _UNKNOWN + 1)}
        names = {voice: number for number, voice in enumerate(known["voices"], _UNKNOWN + 1)}
        found = np.zeros((len(texts), 1 + known["longest"]), np.int32)
        for row, text, voice in zip(found, texts, voices, strict=True):
            row[0] = names.get(voice, _UNKNOWN)
            ids = [letters.get(character, _UNKNOWN) for character in text[: known["longest"]]]
            row[1 : 1 + len(ids)] = ids
        return found

    def raw_lengths(self, model: Any, inputs: np.ndarray) -> "np.ndarray | None":
        """All the same."""
        return None

    # -- training ----------------------------------------------------------------------------------------------------

    def assemble(self, model: Any, info: DataInfo) -> Tensors:
        """Ids (batch, 1 + longest) -> spectrograms (batch, frames, bands)."""
        import keras

        known = self._learned(info)
        ids = keras.Input((1 + known["longest"],), dtype="int32", name=STORED)
        sizes = len(known["characters"]) + _UNKNOWN + 1, len(known["voices"]) + _UNKNOWN + 1
        mel = model.speak(ids[:, 1:], ids[:, 0], sizes, known["frames"], BANDS)
        return Tensors(ids, ids, ids, mel, mel)

    def batch(self, inputs: Any, targets: Any, info: DataInfo) -> tuple[Any, Any]:
        """As they are."""
        return inputs, targets

    def compile_options(self, info: DataInfo) -> dict[str, Any]:
        """The mean absolute error of all numbers of a spectrogram."""
        import keras

        return {"loss": "mean_absolute_error", "metrics": [keras.metrics.MeanAbsoluteError(name="mel_l1")]}

    # -- answering ---------------------------------------------------------------------------------------------------

    def answer(self, call: Call, inputs: np.ndarray, info: DataInfo, options: Answering) -> Stored:
        """Return the spectrogram of each text (frames, bands): its words one after the other; none for no text."""
        assert isinstance(options, Speaking)
        texts, voices = _columns(inputs)
        said = [words_of(text) for text in texts]
        parts = [(word, voice) for words, voice in zip(said, voices, strict=True) for word in words]
        mels = iter(self._spoken(call, parts, info))
        found = []
        for words in said:
            pieces = [voiced(next(mels)) for _word in words]
            whole = _joined([stretched(piece, options.speed) for piece in pieces])
            found.append(np.concatenate([whole, np.full((1, BANDS), options.rounds, np.float32)]))
        return Ragged.of(found, np.float32, (BANDS,))

    def _spoken(self, call: Call, parts: Sequence[tuple[str, str]], info: DataInfo) -> np.ndarray:
        """Words and voices -> (words, frames, bands)."""
        if not parts:
            return np.zeros((0, 1, BANDS), np.float32)
        words, voices = zip(*parts, strict=True)
        return np.asarray(call(self._ids(words, voices, info)))

    def predictions(self, outputs: Any, info: DataInfo) -> list[Prediction]:
        """Each as a sound to play, and how loud its bands are over time. The last row of an output has the rounds."""
        return [self._prediction(np.asarray(row[:-1]), int(row[-1, 0])) for row in outputs]

    def _prediction(self, mel: np.ndarray, rounds: int) -> Prediction:
        sound = sound_of(mel, rounds) if len(mel) else np.zeros(0, np.int16)
        bands = mel.reshape(len(mel), _SHOWN_BANDS, BANDS // _SHOWN_BANDS).mean(axis=2)
        levels = np.clip(np.rint(bands - SILENCE), 0, 9).astype(int)
        values = {
            "seconds": round(len(mel) * _SECONDS_OF_FRAME, 3),
            "mp3": encoded(sound),
            "bands": ["".join(map(str, frame)) for frame in levels.tolist()],
        }
        return Prediction(self.prediction, values)

    # -- evaluating --------------------------------------------------------------------------------------------------

    def score(self, call: Call, inputs: np.ndarray, targets: Any, info: DataInfo) -> np.ndarray:
        """(examples, 3): distance of the spectrograms, whether the sound is understood, and whether the true one is."""
        texts, voices = _columns(inputs)
        return self._scored(self._spoken(call, list(zip(texts, voices, strict=True)), info), texts, targets, info)

    def _scored(self, mel: np.ndarray, texts: Sequence[str], targets: Any, info: DataInfo) -> np.ndarray:
        true, judge = mel_of(np.asarray(targets)), Judge.from_dict(self._learned(info)["judge"])
        heard = mel_of(np.stack([sound_of(one) for one in mel]))
        return np.stack(
            [
                np.abs(mel - true).mean(axis=(1, 2)),
                [said == text for said, text in zip(judge.words(heard), texts, strict=True)],
                [said == text for said, text in zip(judge.words(true), texts, strict=True)],
            ],
            axis=1,
        ).astype(np.float64)

    def truth(self, inputs: np.ndarray, targets: Stored) -> Stored:
        """Return nothing: the scores know it."""
        return np.zeros((len(inputs), 0), np.float32)

    @classmethod
    def example_scores(cls, outputs: Any, targets: Any) -> dict[str, np.ndarray]:
        """Distance, and whether it is understood, of each."""
        found = np.asarray(outputs, np.float64)
        return {"mel_l1": found[:, 0], "understood": found[:, 1]}

    def evaluate(self, outputs: Any, targets: Any, info: DataInfo) -> dict[str, Any]:
        """Means, and how many of the true recordings the judge understands."""
        return super().evaluate(outputs, targets, info) | {"understood_true": float(np.asarray(outputs)[:, 2].mean())}

    def simple(self, inputs: np.ndarray, targets: Any, info: DataInfo) -> dict[str, Simple]:
        """The mean spectrogram of the word, over all voices."""
        learned = replace(info, learned={"targets": self.learn(inputs, targets, info)})
        texts, _voices = _columns(inputs)
        mel = mel_of(np.asarray(targets))
        means = {text: mel[[other == text for other in texts]].mean(axis=0) for text in set(texts)}
        whole = mel.mean(axis=0)

        def score(inputs: np.ndarray, targets: Stored) -> np.ndarray:
            words, _voices = _columns(inputs)
            return self._scored(np.stack([means.get(word, whole) for word in words]), words, targets, learned)

        return {"mean-of-the-word": score}


def words_of(text: str) -> list[str]:
    """Return the words of a text that are said: digits stand for their names."""
    parts = re.findall(r"\d|[^\s\d]+", spoken(text))
    return [_DIGITS[int(part)] if part in "0123456789" else part for part in parts][:_MOST_WORDS]


def _joined(pieces: Sequence[np.ndarray]) -> np.ndarray:
    """Words with pauses between them, and around."""
    pause = np.full((_PAUSE, BANDS), SILENCE, np.float32)
    parts = [pause]
    for piece in pieces:
        parts += [piece, pause]
    return np.concatenate(parts) if pieces else np.zeros((0, BANDS), np.float32)


def _columns(rows: np.ndarray) -> tuple[list[str], list[str]]:
    """Texts and voices."""
    cells = rows["categories"].tolist()
    return [str(text) for text, _voice in cells], [str(voice) for _text, voice in cells]
