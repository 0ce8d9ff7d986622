"""What a run keeps beside its model to say how far an answer can be relied on."""

import json
import logging
import zipfile
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from engine.reliability.distance import Reference

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reliability:
    """Learned from the validation split once the weights are final."""

    layer: str = ""
    """Layer of the saved model whose output is compared with `reference`."""
    reference: Reference | None = None
    """None: inputs are not compared."""
    flagged: float = 0.0
    """Largest share of ordinary inputs that may be called unlike the data."""
    radius: float | None = None
    """Nonconformity within which targets lie; None: answers have no interval. See `Task.interval`."""
    level: float = 0.0
    """Share of targets that intervals contain."""
    typical: Any = None
    """What stands in place of a hidden part of an input, as plain JSON: see `Modality.occlude`."""
    calibrated: Any = None
    """What answers need of the validation split, as plain JSON: see `Task.calibrate`."""

    def unlike(self, as_far: int) -> dict[str, Any]:
        """Return the values that say that an input is unlike the data: none where it is not."""
        if self.reference is None or as_far > self.reference.most(self.flagged):
            return {}
        return {"unlike": {"as_far": int(as_far), "of": len(self.reference.distances)}}


def write_reliability(path: Path, found: Reliability) -> None:
    """Write it so that `path` is complete at any moment."""
    arrays: dict[str, Any] = {
        "layer": found.layer,
        "flagged": found.flagged,
        "level": found.level,
        "typical": json.dumps(found.typical),
        "calibrated": json.dumps(found.calibrated),
    }
    if found.radius is not None:
        arrays["radius"] = found.radius
    if found.reference is not None:
        arrays |= vars(found.reference)
    temporary = path.with_suffix(".tmp")
    try:
        with temporary.open("wb") as file:
            np.savez(file, **arrays)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read_reliability(path: Path) -> Reliability | None:
    """Return what a run has kept; None for one of an earlier version, or where it is damaged."""
    try:
        with path.open("rb") as stream, np.load(stream) as file:
            known = {part.name: file[part.name] for part in fields(Reference)} if "distances" in file else None
            reference = Reference(**known) if known else None
            radius = float(file["radius"]) if "radius" in file else None
            level, typical = float(file["level"]), json.loads(str(file["typical"]))
            calibrated = json.loads(str(file["calibrated"])) if "calibrated" in file else None
            return Reliability(
                str(file["layer"]), reference, float(file["flagged"]), radius, level, typical, calibrated
            )
    except FileNotFoundError:
        return None
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile):
        logger.warning("%s is damaged: predictions come without warnings and intervals.", path, exc_info=True)
        return None
