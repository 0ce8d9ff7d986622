"""Who proposes boxes for pictures that have none: the detector that ships, a run of one's own, or nobody."""

from typing import TYPE_CHECKING

import streamlit as st

from engine import service
from engine.imports.labelled import Labelled
from engine.imports.own_kinds import own_kind
from ui import lab
from ui.language import _
from ui.plain import plain_text

if TYPE_CHECKING:
    from engine.store.labellings import Labelling

_NOBODY, _DETECTOR = -1, 0


def draw_proposer(labelling: "Labelling") -> None:
    """The choice of who proposes boxes, and a word while nobody can."""
    names = {_DETECTOR: _("Detector of everyday things"), _NOBODY: _("Nobody")}
    runs = {
        run.id: _("Run {id}").format(id=run.id) + f" {run.name}" for run in service.labellings.proposers(lab.actor())
    }
    known = names | runs
    st.selectbox(
        _("Boxes are proposed by"),
        [_DETECTOR, *runs, _NOBODY],
        format_func=lambda number: plain_text(known[number]),
        key=_key(labelling),
        help=_(
            "Proposals are dotted and end in a question mark. They become boxes when you accept them: Enter for the selected one, "
            "a number key to give it another class, A for all. Pictures that have boxes get none. The detector knows a few everyday "
            "things, such as chairs, cups and cars; once you have a run of your own, let that propose."
        ),
    )
    if proposer_of(labelling) is not None and not lab.predictor().ready():
        st.caption(_("The detector is starting: proposals come in a few seconds. Boxes can be drawn meanwhile."))


def proposer_of(labelling: "Labelling") -> int | None:
    """Return the run that proposes boxes, 0 for the detector that ships, None for nobody."""
    if not own_kind(labelling.kind).boxed:
        return None
    chosen = int(st.session_state.get(_key(labelling), _DETECTOR))
    return None if chosen == _NOBODY else chosen


def proposed(labelling: "Labelling", shown: Labelled) -> bool:
    """Have boxes proposed for a picture without labels; return whether that was done. Raises `TrainyardError`."""
    proposer = proposer_of(labelling)
    if proposer is None or shown.said.done or not lab.predictor().ready():
        return False
    asked = st.session_state.setdefault(f"{_key(labelling)}-asked", {})
    if shown.said.proposals is not None and asked.get(shown.number, proposer) == proposer:
        return False
    with st.spinner(_("Looking for things in the picture…")):
        service.labellings.propose(lab.actor(), lab.predictor(), labelling.id, shown.number, proposer or None)
    asked[shown.number] = proposer
    return True


def _key(labelling: "Labelling") -> str:
    return f"label.proposer-{labelling.id}"
