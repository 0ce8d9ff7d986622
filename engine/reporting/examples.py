"""Some examples with their answers: the worst ones, and beside them right or typical ones."""

import base64
import io
from collections.abc import Iterator

import numpy as np

from engine.artifacts import Outcomes
from engine.metrics import metric_named
from engine.modalities.base import Face
from engine.preparation.prepare import PreparedDataset
from engine.reporting.kinds import kind_of
from engine.reporting.parts import Gallery, Part, Section, Shown, Words
from engine.reporting.subject import Subject
from engine.sentences import Sentence
from engine.settings import settings
from engine.tasks.base import Task

_FEW_PIXELS = 64
_Chosen = list[tuple[Sentence, np.ndarray, bool | None]]
"""A title, (examples,) places in the outcomes, and whether their answers are right."""


def examples(subject: Subject) -> Iterator[Section]:
    """Yield the examples, or why there are none."""
    title = Sentence("Examples")
    if subject.withheld:
        yield Section(title, [Words(subject.withheld)])
        return
    if subject.outcomes is None or subject.prepared is None or subject.task is None:
        return
    parts: list[Part] = [
        Gallery(words, [_shown(subject.prepared, subject.task, subject.outcomes, int(i), right=right) for i in where])
        for words, where, right in choose(subject)
        if len(where)
    ]
    if parts:
        yield Section(title, parts)


def choose(subject: Subject) -> _Chosen:
    """Return the examples to show, by the first metric of the task that tells single examples apart."""
    assert subject.outcomes is not None
    most, count = settings().report_examples, len(subject.outcomes.positions)
    scores = subject.scores()
    name = next((name for name in (*subject.metrics, *scores) if name in scores), None)
    if name is None:
        return [(Sentence("Some examples"), np.arange(min(most, count)), None)]
    if np.isin(scores[name], (0.0, 1.0)).all() and metric_named(name).maximize:
        return _right_and_wrong(scores, name, most)
    order = np.argsort(_badness(scores, name), kind="stable")
    middle = max(0, (count - most) // 2)
    typical = order[middle : middle + most]
    worst = order[::-1][: min(most, count - len(typical))]
    return [(Sentence("Worst answers"), worst, None), (Sentence("Typical answers"), typical, None)]


def _right_and_wrong(scores: dict[str, np.ndarray], name: str, most: int) -> _Chosen:
    """The wrong ones, the worst first by another score; of the right ones some at random, the same each time."""
    second = next((other for other in scores if other != name), name)
    worst = np.argsort(-_badness(scores, second), kind="stable")
    right = np.random.default_rng(0).permutation(np.flatnonzero(scores[name] == 1.0))
    return [
        (Sentence("Wrong answers, the worst first"), worst[scores[name][worst] == 0.0][:most], False),
        (Sentence("Right answers, drawn at random"), right[:most], True),
    ]


def _badness(scores: dict[str, np.ndarray], name: str) -> np.ndarray:
    """Return (examples,) numbers that are the larger the worse."""
    return -scores[name] if metric_named(name).maximize else scores[name]


def _shown(prepared: PreparedDataset, task: Task, found: Outcomes, place: int, *, right: bool | None) -> Shown:
    position = int(found.positions[place])
    face = prepared.face(position)
    answer = ""
    if len(found.outputs):  # too large ones are not kept
        [prediction] = task.predictions(found.outputs[place : place + 1], prepared.info)
        answer = kind_of(prediction.kind).answer(prediction.values)
    few = face.picture is not None and max(face.picture.size) < _FEW_PIXELS
    return Shown(_url(face, few=few), few, face.text, prepared.describe(position), answer, right)


def _url(face: Face, *, few: bool) -> str:
    """Return the picture as a data URL: few pixels without loss."""
    if face.picture is None:
        return ""
    buffer = io.BytesIO()
    face.picture.save(buffer, format="WEBP", lossless=few)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"
