"""A series as a small picture."""

import numpy as np
from PIL import Image, ImageDraw

_WIDTH, _HEIGHT, _MARGIN, _FINER = 160, 64, 6, 2
_INK, _GROUND = (0, 114, 178), (255, 255, 255)


def sparkline(values: np.ndarray) -> Image.Image:
    """Draw values (steps,) as a line that fills the picture."""
    width, height, margin = (_FINER * size for size in (_WIDTH, _HEIGHT, _MARGIN))
    low, high = float(values.min(initial=np.inf)), float(values.max(initial=-np.inf))
    scaled = (values - low) / (high - low) if high > low else np.full(len(values), 0.5)
    across = np.linspace(margin, width - margin, max(2, len(values)))
    points = [
        (float(x), float(height - margin - y * (height - 2 * margin))) for x, y in zip(across, scaled, strict=False)
    ]
    picture = Image.new("RGB", (width, height), _GROUND)
    if len(points) > 1:
        ImageDraw.Draw(picture).line(points, fill=_INK, width=2 * _FINER, joint="curve")
    return picture.resize((_WIDTH, _HEIGHT), Image.Resampling.LANCZOS)
