"""Display and entry of inputs in the browser: one file a modality. Pages ask `modality` and name none."""

from ui.modalities.base import Cells, File, Modality, Way, modality, modality_of, register

__all__ = ["Cells", "File", "Modality", "Way", "modality", "modality_of", "register"]
