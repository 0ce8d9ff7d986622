"""MNIST, all of it: 70,000 handwritten digits."""

from typing import Any, ClassVar

from engine.datasets.base import Examples, datasets
from engine.datasets.mnist import LABELS, Mnist
from engine.datasets.sources.fetched import Download
from engine.datasets.sources.idx import IdxDataset
from engine.datasets.sources.pictures import PictureDataset

_URL = "https://storage.googleapis.com/cvdf-datasets/mnist"


@datasets.register("mnist-full", "MNIST (70,000)")
class MnistFull(PictureDataset, IdxDataset):
    """The whole of MNIST, with its own test split of other writers: for comparing with published results."""

    source: ClassVar[str] = (
        "Y. LeCun, C. Cortes, C. Burges, MNIST, http://yann.lecun.com/exdb/mnist/; mirrored by the CVDF"
    )
    licence: ClassVar[str] = "CC BY-SA 3.0"
    limits: ClassVar[str] = Mnist.limits
    num_examples: ClassVar[int] = 70_000
    num_classes: ClassVar[int] = 10
    suggested: ClassVar[dict[str, Any]] = {"epochs": 8, "batch_size": 128}
    ink: ClassVar[str] = "white-on-black"
    drawings: ClassVar[bool] = True
    downloads: ClassVar[tuple[Download, ...]] = (
        Download(
            f"{_URL}/train-images-idx3-ubyte.gz",
            9_912_422,
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            47_040_016,
        ),
        Download(
            f"{_URL}/train-labels-idx1-ubyte.gz",
            28_881,
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            60_008,
        ),
        Download(
            f"{_URL}/t10k-images-idx3-ubyte.gz",
            1_648_877,
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            7_840_016,
        ),
        Download(
            f"{_URL}/t10k-labels-idx1-ubyte.gz",
            4_542,
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            10_008,
        ),
    )

    def load(self) -> Examples:
        """60,000 examples to train on and 10,000 for the test, (28, 28, 1) uint8."""
        return self.load_idx(LABELS)
