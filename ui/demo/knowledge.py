"""What the network of a run can answer, before anything is asked: its classes, or the range of its targets."""

from engine.data_info import DataInfo
from engine.errors import TrainyardError
from engine.preparation.prepare import prepare
from engine.runs import RunSpec
from ui.modalities.base import Tried
from ui.predictions import renderer_for


def draw_knowledge(tried: Tried, spec: RunSpec) -> None:
    """Draw what can be asked for; nothing where that is not known any more."""
    if info := _info(tried, spec):
        renderer_for(spec.task.prediction, spec.dataset.name).scope(info)


def _info(tried: Tried, spec: RunSpec) -> DataInfo | None:
    """Return the signature of the model; of a run that still trains, what is known of its data."""
    if found := tried.info():
        return found
    try:
        return prepare(spec.dataset).info
    except TrainyardError:
        return None
