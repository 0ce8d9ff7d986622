"""Draw the covers of the datasets that ship with the program, for the gallery of the Train form."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from engine.datasets.base import datasets  # noqa: E402
from engine.datasets.stored.base import OwnDataset  # noqa: E402
from engine.preparation.prepare import prepare  # noqa: E402
from ui.data.covers import PICTURES, draw_cover  # noqa: E402


def main() -> int:
    """Draw all covers."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name in datasets:
        dataset = datasets[name]
        if dataset.embedded and not issubclass(dataset, OwnDataset):
            drawn = draw_cover(prepare(dataset()))
            ending, data = (".svg", drawn.encode()) if isinstance(drawn, str) else (".webp", drawn)
            (PICTURES / f"{name}{ending}").write_bytes(data)
            print(f"{name}: {len(data):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
