"""Fashion-MNIST, all of it: 70,000 small grey pictures of clothes."""

from typing import Any, ClassVar

from engine.datasets.base import Examples, datasets
from engine.datasets.fashion import LABELS, Fashion
from engine.datasets.sources.fetched import Download
from engine.datasets.sources.idx import IdxDataset
from engine.datasets.sources.pictures import PictureDataset

_URL = "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion"


@datasets.register("fashion-mnist", "Fashion-MNIST (70,000)")
class FashionMnist(PictureDataset, IdxDataset):
    """The whole of Fashion-MNIST, with its own test split: for comparing with published results."""

    source: ClassVar[str] = Fashion.source
    licence: ClassVar[str] = "MIT"
    limits: ClassVar[str] = Fashion.limits
    num_examples: ClassVar[int] = 70_000
    num_classes: ClassVar[int] = 10
    suggested: ClassVar[dict[str, Any]] = {"epochs": 10, "batch_size": 128}
    ink: ClassVar[str] = "white-on-black"
    # the content hashes are of Debian's package dataset-fashion-mnist, compressed again without name and time
    downloads: ClassVar[tuple[Download, ...]] = (
        Download(
            f"{_URL}/train-images-idx3-ubyte.gz",
            26_421_880,
            "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            47_040_016,
        ),
        Download(
            f"{_URL}/train-labels-idx1-ubyte.gz",
            29_515,
            "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            60_008,
        ),
        Download(
            f"{_URL}/t10k-images-idx3-ubyte.gz",
            4_422_102,
            "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            7_840_016,
        ),
        Download(
            f"{_URL}/t10k-labels-idx1-ubyte.gz",
            5_148,
            "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
            10_008,
        ),
    )

    def load(self) -> Examples:
        """60,000 examples to train on and 10,000 for the test, (28, 28, 1) uint8."""
        return self.load_idx(LABELS)
