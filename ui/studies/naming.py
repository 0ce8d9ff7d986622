"""Naming a study on its page; the tags that other studies have are offered."""

from engine import service
from engine.studies import Study
from ui import lab
from ui.widgets.naming import draw_naming


def draw_study_naming(study: Study) -> None:
    """The popover that names it."""
    tags = sorted({tag for other in service.studies.list_all(lab.actor()) for tag in other.tags})
    draw_naming(study, tags, lambda naming: service.studies.rename(lab.actor(), study.id, naming))
