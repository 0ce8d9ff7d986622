"""What the network of a run can answer, before anything is asked: its classes, or the range of its targets."""

from engine import service
from engine.data_info import DataInfo
from engine.errors import TrainyardError
from engine.preparation.prepare import prepare
from engine.runs import Run, RunSpec
from ui import lab
from ui.predictions import renderer_for


def draw_knowledge(run: Run, spec: RunSpec) -> None:
    """Draw what can be asked for; nothing where that is not known any more."""
    if info := _info(run, spec):
        renderer_for(spec.task.prediction, spec.dataset.name).scope(info)


def _info(run: Run, spec: RunSpec) -> DataInfo | None:
    """Return the signature of the model; of a run that still trains, what is known of its data."""
    if found := service.artifacts.files(lab.actor(), run).read_info():
        return found
    try:
        return prepare(spec.dataset).info
    except TrainyardError:
        return None
