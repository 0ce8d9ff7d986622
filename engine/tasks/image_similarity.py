"""Image similarity: do two pictures show the same person or thing?"""

import base64
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal

import numpy as np

from engine.data_info import CALIBRATED, DataInfo
from engine.evaluation.finite import finite
from engine.language.reader import Writes
from engine.metrics import IN_ORDER, PAIR_AUC, RETRIEVAL_1, RETRIEVAL_5, TAR, Metric
from engine.similarity.distances import FALSE_ACCEPTS, Calibration, Compared, of_pairs, ranks
from engine.similarity.evaluation import evaluate_pairs
from engine.similarity.losses import arcface, farther_share, nt_xent, triplet
from engine.similarity.pairs import IDENTITY, SECOND
from engine.spec import ADVANCED, FORKABLE, Range
from engine.targets import Pairs, Stored, Targets
from engine.tasks.base import Answering, Call, Prediction, Simple, Task, tasks
from engine.tasks.contents import Contents
from engine.tasks.contents import Similarity as SimilarityContents
from engine.tasks.graph import Tensors

_SEEN_AS = "image"  # the modality of one picture of a pair
_PIXELS = 32  # sides to which pictures are shrunk before their pixels are compared


class Matching(Answering):
    """When two pictures are taken for the same."""

    false_accepts: Annotated[float, Range(0.001, 0.3, log=True)] = FALSE_ACCEPTS
    """Share of different pairs that may be taken for the same. Lower: surer, but more pairs of the same are rejected. The threshold
    follows from the pairs of the validation split."""


@tasks.register("image-similarity", "Image similarity")
class ImageSimilarity(Task):
    """Learns an embedding in which pictures of one person or thing are near each other, also of those that it never saw."""

    modality: ClassVar[str] = "image-pair"
    targets: ClassVar[Targets] = Pairs()
    prediction: ClassVar[str] = "similarity"
    contents: ClassVar[type[Contents]] = SimilarityContents
    metrics: ClassVar[tuple[Metric, ...]] = (RETRIEVAL_1, RETRIEVAL_5, PAIR_AUC, TAR, IN_ORDER)
    answering: ClassVar[type[Answering]] = Matching
    baselines: ClassVar[bool] = True
    moved_targets: ClassVar[bool] = True
    learns_inputs: ClassVar[bool] = False
    companions: ClassVar[int] = 100

    loss: Annotated[Literal["nt-xent", "triplet", "arcface"], FORKABLE] = "nt-xent"
    r"""Quantity that training minimises. NT-Xent: cross-entropy of finding the partner among all pictures of a batch; larger batches
    are harder and better. Triplet: each other picture should be farther than the partner by a margin. ArcFace: classify the identities
    of the training split, with a margin between them; suits few identities with many pictures each."""
    temperature: Annotated[float, Range(0.02, 0.5, log=True), ADVANCED, FORKABLE] = 0.07
    r"""NT-Xent: cosines are divided by it. Lower: the nearest wrong pictures count for more."""
    margin: Annotated[float, Range(0.05, 1.0, step=0.05), ADVANCED, FORKABLE] = 0.2
    r"""Triplet: distance by which others should be farther. ArcFace: radians that are added to the angle to the true centre."""
    scale: Annotated[float, Range(4.0, 64.0, log=True), ADVANCED, FORKABLE] = 16.0
    r"""ArcFace: cosines are multiplied by it before the softmax."""
    embedding_size: Annotated[int, Range(8, 512, log=True)] = 128
    """Length of the vector that describes a picture. A longer one can hold more."""

    @classmethod
    def accepts(cls, model: type[Any]) -> bool:
        """Return whether a network gives one vector for each picture."""
        return not {cls.modality, _SEEN_AS}.isdisjoint(model.modalities) and not issubclass(model, Writes)

    # -- training ----------------------------------------------------------------------------------------------------

    def learn(self, inputs: np.ndarray, targets: Any, info: DataInfo) -> dict[str, Any]:
        """Return for ArcFace the identities of the training split."""
        if self.loss != "arcface":
            return {}
        return {"identities": np.unique(np.asarray(targets)[:, IDENTITY]).tolist()}

    def _identities(self, info: DataInfo) -> list[int]:
        """Identities of the training split; all there are, where only shapes matter."""
        found: list[int] = info.learned.get("targets", {}).get("identities", list(range(info.num_classes)))
        return found

    def assemble(self, model: Any, info: DataInfo) -> Tensors:
        """Pairs (batch, 2, height, width, channels) -> embeddings (batch, 2, width) of length 1, and for ArcFace cosines of classes."""
        from keras import constraints, layers, ops

        raw, inputs = self.inputs(info)
        one = replace(info, shape=info.shape[1:], modality=_SEEN_AS)
        features = model.features(model.preprocess(ops.reshape(inputs, (-1, *one.shape)), one))
        frozen = ops.reshape(features, (-1, 2, *features.shape[1:]))
        vectors = model.body(ops.reshape(frozen, (-1, *features.shape[1:])))
        embedding = layers.Dense(self.embedding_size, dtype="float32", name="projection")(vectors)
        embedding = layers.UnitNormalization(dtype="float32", name="embedding")(embedding)
        final = ops.reshape(embedding, (-1, 2, self.embedding_size))
        if self.loss != "arcface":
            return Tensors(raw, inputs, frozen, final, final)
        count = len(self._identities(info))
        centres = layers.Dense(
            count, use_bias=False, kernel_constraint=constraints.UnitNorm(axis=0), dtype="float32", name="centres"
        )
        cosines = ops.reshape(centres(embedding), (-1, 2, count))
        scores = layers.Concatenate(dtype="float32", name="scores")([final, cosines])
        return Tensors(raw, inputs, frozen, scores, final)

    def compile_options(self, info: DataInfo) -> dict[str, Any]:
        """The chosen loss, and how often the partner is nearer than others."""
        width, temperature, margin, scale = self.embedding_size, self.temperature, self.margin, self.scale

        def nt_xent_loss(targets: Any, scores: Any) -> Any:
            return nt_xent(targets, scores, temperature)

        def triplet_loss(targets: Any, scores: Any) -> Any:
            return triplet(targets, scores, margin)

        def arcface_loss(targets: Any, scores: Any) -> Any:
            return arcface(targets, scores, width, margin, scale)

        def in_order_of(targets: Any, scores: Any) -> Any:
            return farther_share(targets, scores[..., :width])

        in_order_of.__name__ = IN_ORDER.name
        losses: Any = {"nt-xent": nt_xent_loss, "triplet": triplet_loss, "arcface": arcface_loss}
        return {"loss": losses[self.loss], "metrics": [in_order_of]}

    def encode_stored(self, targets: Stored, info: DataInfo) -> Stored:
        """(examples, 3) -> (examples, 2) float32: identity, and its index among those of the training split, -1 where it is not of them."""
        identity = np.asarray(targets)[:, IDENTITY]
        known = np.asarray(self._identities(info), np.int64)
        place = np.minimum(np.searchsorted(known, identity), max(len(known) - 1, 0))
        index = np.where(known[place] == identity, place, -1) if self.loss == "arcface" else np.full_like(identity, -1)
        return np.stack([identity, index], axis=1).astype(np.float32)

    def encode_targets(self, targets: Any, info: DataInfo) -> Any:
        """As they are."""
        return targets

    def move(self, targets: Any, transforms: Any, info: DataInfo) -> Any:
        """What a picture shows stays the same."""
        return targets

    # -- answering ---------------------------------------------------------------------------------------------------

    def answer(self, call: Call, inputs: np.ndarray, info: DataInfo, options: Answering) -> Stored:
        """(examples, 2 width + 1) float32: both embeddings, and the share of false accepts that is asked for."""
        assert isinstance(options, Matching)
        return _rows(np.asarray(call(inputs)), options.false_accepts)

    def predictions(self, outputs: Any, info: DataInfo) -> list[Prediction]:
        """Distance, and with a calibration whether both are the same and how likely."""
        outputs = np.asarray(outputs)
        known = _calibration(info)
        return [
            Prediction(self.prediction, _contents(distance, share, known))
            for distance, share in zip(of_pairs(*_halves(outputs)).tolist(), outputs[:, -1].tolist(), strict=True)
        ]

    def calibrate(self, outputs: Any, targets: Any, info: DataInfo) -> dict[str, Any]:
        """Return thresholds and probabilities by the pairs of the validation split."""
        found = Calibration.learn(Compared.of(*_halves(finite(outputs)), np.asarray(targets)))
        return found.to_dict() if found else {}

    def watched(self, outputs: Any, inputs: np.ndarray, targets: Any, count: int, info: DataInfo) -> list[Prediction]:
        """For the first picture of each probe the nearest second one of all, and whether it shows the same."""
        from engine.modalities.image.looks import png
        from engine.similarity.distances import apart
        from engine.similarity.pairs import FIRST

        first, second = _halves(np.asarray(outputs))
        targets = np.asarray(targets)
        far = apart(first[:count], second)
        far[targets[:count, FIRST][:, None] == targets[:, SECOND]] = np.inf
        found = []
        for row, prediction in enumerate(self.predictions(outputs[:count], info)):
            nearest = int(far[row].argmin())
            values = prediction.values | {
                "nearest": info.labels[int(targets[nearest, IDENTITY])],
                "right": bool(targets[nearest, IDENTITY] == targets[row, IDENTITY]),
                "picture": base64.b64encode(png(np.asarray(inputs[nearest])[1])).decode(),
            }
            found.append(Prediction(self.prediction, values))
        return found

    # -- evaluating --------------------------------------------------------------------------------------------------

    def simple(self, inputs: np.ndarray, targets: Stored, info: DataInfo) -> dict[str, Simple]:
        """The distance of pixels, which nothing is learned for."""

        def pixels(inputs: np.ndarray, targets: Stored) -> Stored:
            return _rows(_shrunk(np.asarray(inputs)), FALSE_ACCEPTS)

        return {"pixels": pixels}

    @classmethod
    def example_scores(cls, outputs: Any, targets: Any) -> dict[str, np.ndarray]:
        """Whether the nearest second picture, of all that are given, shows the same as the first one; whether one of five does."""
        places = ranks(*_halves(np.asarray(outputs)), np.asarray(targets))
        return {"retrieval1": (places == 0).astype(np.float64), "retrieval5": (places < 5).astype(np.float64)}

    def evaluate(self, outputs: Any, targets: Any, info: DataInfo) -> dict[str, Any]:
        """Retrieval, how well distances tell pairs apart, the worst pairs, a map: see `evaluate_pairs`."""
        return evaluate_pairs(*_halves(np.asarray(outputs)), np.asarray(targets), _calibration(info))

    def describe(self, target: Any, info: DataInfo) -> str:
        """What both pictures show."""
        return info.labels[int(np.asarray(target)[IDENTITY])]


def _rows(embeddings: np.ndarray, share: float) -> np.ndarray:
    """(examples, 2, width) -> (examples, 2 width + 1)."""
    flat = embeddings.reshape(len(embeddings), -1)
    return np.concatenate([flat, np.full((len(flat), 1), share)], axis=1).astype(np.float32)


def _halves(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(examples, 2 width + 1) -> embeddings of the first and of the second pictures (examples, width)."""
    width = rows.shape[1] // 2
    return rows[:, :width], rows[:, width : 2 * width]


def _calibration(info: DataInfo) -> Calibration | None:
    found = info.learned.get(CALIBRATED)
    return Calibration.from_dict(found) if found else None


def _contents(distance: float, share: float, known: Calibration | None) -> dict[str, Any]:
    """The contents of a prediction."""
    if known is None:
        return {"distance": round(distance, 4)}
    threshold = known.threshold(share)
    return {
        "distance": round(distance, 4),
        "same": distance < threshold,
        "threshold": round(threshold, 4),
        "probability": round(known.probability(distance), 4),
        "false_accepts": round(share, 4),
        "same_pairs": known.same,
        "different_pairs": known.different,
    }


def _shrunk(pairs: np.ndarray) -> np.ndarray:
    """(pairs, 2, height, width, channels) uint8 -> (pairs, 2, numbers): means of fields, as shares of the root of their number."""
    height, width = pairs.shape[2:4]
    rows, columns = -(-height // _PIXELS), -(-width // _PIXELS)
    cut = pairs[:, :, : height // rows * rows, : width // columns * columns]
    fields = cut.reshape(*pairs.shape[:2], height // rows, rows, width // columns, columns, pairs.shape[-1])
    means = fields.mean(axis=(3, 5), dtype=np.float32).reshape(*pairs.shape[:2], -1) / 255
    found: np.ndarray = means / means.shape[-1] ** 0.5
    return found
