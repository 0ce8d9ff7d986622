"""Pictures recorded by camera, several a second while a button is held."""

import logging

import numpy as np

from engine import service
from engine.modalities.image.own import IMAGES
from ui import lab
from ui.charts.thumbnails import small_url
from ui.language import N_, _, plural
from ui.modalities.previews import UNOPENED
from ui.modalities.recording import Example, RecordedClass, Recorder, Recording, recorders
from ui.plain import plain_text
from ui.widgets.camera import Frame, Kept, record_frames

logger = logging.getLogger(__name__)
_LOOK_PIXELS = 48
_SHOWN = 24
"""Number of newest examples of a class that are shown."""


def draw(recording: Recording, recorded: RecordedClass, key: str) -> None:
    """A camera that adds its frames to a class."""
    newest = sorted(recorded.examples, reverse=True)[:_SHOWN]
    record_frames(
        key,
        label=_("Camera for {name}").format(name=plain_text(recorded.name)),
        kept=[Kept(number, recorded.examples[number].look) for number in newest],
        count=plural("{count} example", "{count} examples", len(recorded.examples)).format(
            count=len(recorded.examples)
        ),
        room=recording.room(recorded),
        received=recorded.received,
        on_frames=lambda frames: keep_frames(recording, recorded, frames),
        on_delete=recorded.delete,
    )


def keep_frames(recording: Recording, recorded: RecordedClass, frames: list[Frame]) -> None:
    """Keep the frames that are pictures, as far as there is room."""
    for frame, look in zip(frames, _looks(frames), strict=True):
        recorded.received = max(recorded.received, frame.number)
        if look:
            recording.keep(recorded, frame.number, Example(frame.data, look))


def _looks(frames: list[Frame]) -> list[str]:
    """Return a small picture of each, empty where a frame is none; all grey while nobody can tell: the import will."""
    try:
        if lab.predictor().ready():
            opened = service.predictions.recorded(
                lab.actor(), lab.predictor(), "image", [(str(one.number), one.data) for one in frames], _LOOK_PIXELS
            )
            return ["" if one.pixels is None else small_url(one.pixels) for one in opened]
    except UNOPENED:
        logger.info("Frames are kept without a look at them.", exc_info=True)
    return [small_url(np.full((8, 8, 1), 128, np.uint8))] * len(frames)


recorders.register(
    "image",
    Recorder(
        IMAGES.name,
        N_("Camera"),
        ":material/photo_camera:",
        N_(
            "Turn on the camera of a class and hold the button: eight pictures a second are taken. Move what you show, so "
            "that the pictures differ. Twenty of each class are enough to begin with."
        ),
        ".jpg",
        draw,
    ),
)
