"""Ten commands and other words, spoken by synthetic voices."""

from typing import Annotated, Any, ClassVar

import numpy as np

from engine.datasets.base import Examples, UnsplitDataset, datasets
from engine.datasets.sources import voices
from engine.datasets.sources.packs import pack_fingerprint, read_pack
from engine.spec import ADVANCED, FIXED, Range

COMMANDS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")
UNKNOWN = "unknown"
_PACK, _SAMPLES = "commands_synthetic", 16_000


@datasets.register("voice-commands", "Voice commands (1,340, synthetic voices)")
class VoiceCommands(UnsplitDataset):
    """Ten command words, and ten others that all count as unknown, by 68 synthetic voices; tested on voices not heard."""

    tasks: ClassVar[tuple[str, ...]] = ("audio-classification",)
    source: ClassVar[str] = voices.SOURCE
    licence: ClassVar[str] = "Apache-2.0"
    limits: ClassVar[str] = (
        "Synthetic voices, not people. 43 % of the clips are 'unknown', made of ten words only: any "
        "other word may be taken for a command."
    )
    num_examples: ClassVar[int] = 1_340
    num_classes: ClassVar[int] = 11
    class_words: ClassVar[dict[str, dict[str, str]]] = {
        "zh": {
            "yes": "yes 是",
            "no": "no 否",
            "up": "up 上",
            "down": "down 下",
            "left": "left 左",
            "right": "right 右",
            "on": "on 开",
            "off": "off 关",
            "stop": "stop 停",
            "go": "go 走",
            "unknown": "其他词",
        }
    }
    suggested: ClassVar[dict[str, Any]] = {
        "epochs": 30, "batch_size": 32, "patience": 10,
        "versions": 8, "shift_ms": 150, "speed": 0.1, "noise": 0.4,
    }  # fmt: skip

    test_fraction: Annotated[float, Range(0.05, 0.5, step=0.01), FIXED, ADVANCED] = 0.2
    """Share of the voices that is kept for the test split: used once, at the end, never for decisions."""
    validation_fraction: Annotated[float, Range(0.05, 0.5, step=0.01), FIXED, ADVANCED] = 0.15
    """Share of the other voices that is kept for validation, to choose epochs and hyperparameters."""

    def fingerprint(self) -> str:
        """Hash of the embedded files."""
        return pack_fingerprint(_PACK)

    def load(self) -> Examples:
        """1,340 clips, (16000,) int16; a voice is in one split only, and each split has all speech programs."""
        clips, words, names = read_pack(_PACK, _SAMPLES)
        labels = (*COMMANDS, UNKNOWN)
        targets = np.array([labels.index(word if word in COMMANDS else UNKNOWN) for word in words], np.int64)
        return Examples(clips, targets, labels, groups=voices.speakers(names), strata=voices.programs(names))
