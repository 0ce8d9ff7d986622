"""Naming a study on its page; the tags that other studies have are offered."""

from engine import service
from engine.access import Action
from engine.studies import Study
from ui import lab
from ui.rights import may
from ui.visibility import draw_visibility
from ui.widgets.naming import draw_naming


def draw_study_naming(study: Study) -> None:
    """The popovers that name it and say who can see it, for those who may."""
    if not may(Action.CHANGE, study):
        return
    tags = sorted({tag for other in service.studies.list_all(lab.actor()) for tag in other.tags})
    draw_naming(study, tags, lambda naming: service.studies.rename(lab.actor(), study.id, naming))
    draw_visibility(
        study, f"study-{study.id}", str(study.spec.values.get("dataset", "")),
        lambda chosen, examples: service.studies.show(lab.actor(), study.id, chosen, examples=examples),
    )  # fmt: skip
