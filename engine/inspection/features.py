"""What a simple classifier is given of any example, and the classifier: what that finds hard is worth a look."""

from typing import Any

import numpy as np

from engine.preparation.prepare import TEXT, PreparedDataset

_SIDE = 16  # pixels: a large dataset is inspected in a minute, which all its pixels would take many times over
_ITERATIONS = 300
_AT_ONCE = 256


def classifier_for(prepared: PreparedDataset, where: np.ndarray) -> tuple[Any, Any]:
    """Inputs (examples, ...) of the examples at `where`, and an unfitted logistic regression that takes such.

    Texts, sounds and rows are seen as baselines see them; of texts the characters, which are there in any script.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from engine.baselines import audio, table, text  # which bring all of scikit-learn: not into the dashboard

    if len(prepared.info.shape) == 3:
        return _in_parts(prepared, where, image_features), make_pipeline(
            StandardScaler(), LogisticRegression(C=0.1, max_iter=_ITERATIONS)
        )
    source = table if prepared.info.columns else text if prepared.meta["kind"] == TEXT else audio
    recipe = source.recipe(np.asarray(prepared.inputs[where[:1]]), prepared.info.num_classes)
    family = recipe.families[-1 if source is text else 0]
    estimator = family.estimators[0].set_params(max_iter=_ITERATIONS)
    return _in_parts(prepared, where, recipe.extract), make_pipeline(family.features, estimator)


def _in_parts(prepared: PreparedDataset, where: np.ndarray, extract: Any) -> np.ndarray:
    """So that memory holds the features, and not all inputs beside them."""
    parts = [where[start : start + _AT_ONCE] for start in range(0, len(where), _AT_ONCE)]
    return np.concatenate([extract(np.asarray(prepared.inputs[part])) for part in parts])


def image_features(images: np.ndarray) -> np.ndarray:
    """(examples, height, width, channels) uint8 -> means of at most 16 x 16 fields, from 0 to 1."""
    return thumbnails(images, _SIDE).reshape(len(images), -1) / 255


def thumbnails(images: np.ndarray, side: int) -> np.ndarray:
    """(examples, height, width, channels) uint8 -> (examples, side, side, channels) float32 means of fields."""
    rows, columns = (
        np.linspace(0, length, min(side, length), endpoint=False).astype(int) for length in images.shape[1:3]
    )
    made = np.empty((len(images), len(rows), len(columns), images.shape[3]), np.float32)
    areas = np.diff([*rows, images.shape[1]])[:, None, None] * np.diff([*columns, images.shape[2]])[None, :, None]
    for index, image in enumerate(images):
        sums = np.add.reduceat(np.add.reduceat(image.astype(np.int64), rows, axis=0), columns, axis=1)
        made[index] = sums / areas
    return made
