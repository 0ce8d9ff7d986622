"""Features of a frozen backbone, computed once for a dataset and kept: training then costs only the top."""

import hashlib
import json
import logging

import numpy as np

from engine.datasets.prepare import PreparedDataset, Split
from engine.runs import RunSpec
from engine.training.checkpoint import write_arrays
from engine.training.network import Network

logger = logging.getLogger(__name__)

_BATCH = 64


def frozen_features(
    network: Network, spec: RunSpec, data: PreparedDataset, split: Split
) -> tuple[np.ndarray, np.ndarray]:
    """What the trained network takes for one split: raw inputs, or the frozen backbone's features of them.

    Features are cached beside the prepared dataset, under a name that changes with the model's preprocessing.
    """
    inputs, targets = data.arrays(split)
    if network.features is None:
        return inputs, targets
    key = hashlib.sha256(json.dumps([spec.model.to_dict(), network.features.count_params()]).encode()).hexdigest()[:16]
    path = data.path / f"features-{key}-{split}.npz"
    if path.is_file():
        with np.load(path) as file:
            return file["features"], targets
    logger.info("Computing the frozen features of %s %s examples once.", len(inputs), split)
    features = np.concatenate(
        [np.asarray(network.features(inputs[i : i + _BATCH])) for i in range(0, len(inputs), _BATCH)]
    )
    write_arrays(path, {"features": features})
    return features, targets
