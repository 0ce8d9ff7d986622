"""Draw the pictures of the start page's cards from the embedded datasets."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from engine.preparation.prepare import PreparedDataset, prepare  # noqa: E402
from engine.preparation.varied import varied  # noqa: E402
from engine.runs import RunSpec  # noqa: E402

PICTURES = ROOT / "ui" / "start" / "pictures"
WIDTH, HEIGHT = 720, 270
GROUND, INK, QUIET = "#10293D", "#F2F6FA", "#7FA3BF"
COLOURS = ("#56B4E9", "#E69F00", "#2BC79A", "#E08FC0")
"""Those of Okabe and Ito, which people with any common colour blindness can tell apart."""


def main() -> int:
    """Draw all pictures."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name, draw in DRAWN.items():
        image = Image.new("RGB", (WIDTH, HEIGHT), GROUND)
        draw(image)
        image.save(PICTURES / f"{name}.webp", quality=82, method=6)
        print(name, (PICTURES / f"{name}.webp").stat().st_size)
    return 0


def prepared(name: str) -> PreparedDataset:
    """Return an embedded dataset."""
    return prepare(RunSpec.build({"dataset": name}).dataset)


def digits(image: Image.Image) -> None:
    """Handwritten digits, as they lie in the dataset."""
    data = prepared("mnist")
    columns, rows, side = 8, 3, 90
    for place, position in enumerate(varied(data, "train", columns * rows)):
        cell = Image.fromarray(data.inputs[np.asarray([position])][0][..., 0]).resize(
            (side, side), Image.Resampling.LANCZOS
        )
        where = (place % columns * side, place // columns * side)
        image.paste(Image.new("RGB", cell.size, COLOURS[0] if place % 7 == 3 else INK), where, cell)


def films(image: Image.Image) -> None:
    """Sentences from reviews, with the sign of their class."""
    data = prepared("movie-snippets")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(26)
    where = [p for p in varied(data, "train", 400) if 24 <= len(str(data.inputs[np.asarray([p])][0])) <= 44][:5]
    for place, position in enumerate(where):
        y = 26 + 46 * place
        good = data.describe(int(position)) == "positive"
        tip, base = (y + 4, y + 24) if good else (y + 24, y + 4)
        draw.polygon([(28, base), (52, base), (40, tip)], fill=COLOURS[2] if good else COLOURS[1])
        draw.text((72, y), str(data.inputs[np.asarray([position])][0]), fill=INK, font=font)


def words(image: Image.Image) -> None:
    """Waveforms of spoken digits."""
    data = prepared("spoken-digits")
    draw = ImageDraw.Draw(image)
    for row, position in enumerate(varied(data, "train", 3)):
        clip = np.abs(data.inputs[np.asarray([position])][0].astype(float))
        loud = (
            clip.reshape(120, -1).max(axis=1)
            if clip.size % 120 == 0
            else np.array([p.max() for p in np.array_split(clip, 120)])
        )
        loud = loud / max(loud.max(), 1)
        middle = 50 + 85 * row
        for column, height in enumerate(loud):
            x, half = 12 + 5.8 * column, max(2, 36 * height)
            draw.rounded_rectangle((x, middle - half, x + 3.4, middle + half), 2, fill=COLOURS[row])


def penguins(image: Image.Image) -> None:
    """Bill and flipper of each penguin, coloured by species."""
    data = prepared("penguins")
    where = data.indices("train")
    numbers = data.inputs[where]["numbers"]
    x, y = numbers[:, 0], numbers[:, 2]
    draw = ImageDraw.Draw(image)
    for across, up, species in zip(
        _scaled(x, 40, WIDTH - 40), _scaled(-y, 24, HEIGHT - 24), data.targets[where], strict=True
    ):
        if np.isfinite(across) and np.isfinite(up):
            draw.ellipse((across - 7, up - 7, across + 7, up + 7), fill=COLOURS[int(species)], outline=GROUND)


def photos(image: Image.Image) -> None:
    """Photos of things."""
    data = prepared("stamps")
    columns, rows = 8, 3
    for place, position in enumerate(varied(data, "train", columns * rows)):
        cell = Image.fromarray(data.inputs[np.asarray([position])][0]).resize((90, 90), Image.Resampling.LANCZOS)
        image.paste(cell, (place % columns * 90, place // columns * 90))


def _scaled(values: np.ndarray, low: float, high: float) -> np.ndarray:
    least, most = np.nanmin(values), np.nanmax(values)
    return low + (values - least) / (most - least) * (high - low)


DRAWN: dict[str, Callable[[Image.Image], None]] = {
    "digits": digits,
    "films": films,
    "words": words,
    "penguins": penguins,
    "photos": photos,
}

if __name__ == "__main__":
    sys.exit(main())
