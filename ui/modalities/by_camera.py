"""Pictures recorded by camera, several a second while a button is held."""

from engine.modalities.image.own import IMAGES
from ui.charts.thumbnails import small_url
from ui.language import N_, _, plural
from ui.modalities.recording import Example, RecordedClass, Recorder, Recording, recorders
from ui.plain import plain_text
from ui.widgets.camera import Frame, Kept, record_frames

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
    for frame in frames:
        recorded.received = max(recorded.received, frame.number)
        if look := small_url(frame.data, _LOOK_PIXELS):
            recording.keep(recorded, frame.number, Example(frame.data, look))


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
