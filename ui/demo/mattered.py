"""What mattered for an answer, on demand: parts of the input are hidden one after the other."""

from typing import Any

import streamlit as st

from engine.modalities.base import modalities
from engine.tasks.base import Task
from ui.language import _
from ui.modalities import File, Modality
from ui.modalities.base import Effect, Tried
from ui.predictions import renderer_for


def draw_mattered(tried: Tried, kind: Modality, task: Task, file: File, parameters: dict[str, Any]) -> None:
    """Draw a button that hides parts of one input, and what came of it; nothing where the task has no such thing."""
    if not (task.occludes and modalities[task.modality].occludes):
        return
    words = _("Hide one part of the input after another and see how the answer changes. This takes a few seconds.")
    if not st.button(_("What mattered"), icon=":material/blur_on:", key=f"mattered-{tried.key}", help=words):
        return
    with st.spinner(_("Hiding one part after another…")):
        found = tried.occlude(file, parameters)
    renderer = renderer_for(task.prediction, tried.dataset)
    most = max(map(abs, found.effects), default=0.0)
    if not most:
        st.caption(_("Hiding any single part does not change the answer."))
        return
    changes = [renderer.effect(found.values, effect) for effect in found.effects]
    legend = kind.mattered(
        found.given, file[0], list(map(Effect, found.parts, [e / most for e in found.effects], changes))
    )
    words = _("{count:,} parts were hidden in turn; the answer changes by {least} to {largest}.").format(
        count=len(found.parts),
        least=renderer.effect(found.values, max(found.effects)),
        largest=renderer.effect(found.values, min(found.effects)),
    )
    st.caption(f"{words} {legend}".strip())
