"""What is wrong with the texts that a network writes while it trains, with an example and what helps."""

from collections.abc import Sequence

import streamlit as st

from engine.advice.alarms import Alarm, alarms, written
from engine.probes import Answers
from ui.language import _
from ui.plain import LONGEST_CAPTION, plain_label
from ui.runs.feeds import Feed
from ui.sentences import said


def draw_alarms(feed: Feed) -> None:
    """Draw the alarms that the newest answers give cause for; nothing where there are none."""
    for alarm in found_in(feed.probes.epochs if feed.probes else ()):
        lines = [said(alarm.sentence)]
        if alarm.example:
            lines.append(_("For example: {example}").format(example=plain_label(alarm.example, LONGEST_CAPTION)))
        lines.append(_("**What helps:** {remedy}").format(remedy=said(alarm.remedy)))
        st.warning("  \n".join(lines), icon=":material/notifications_active:")


def found_in(epochs: Sequence[Answers]) -> list[Alarm]:
    """Return the alarms of the newest of the answered epochs."""
    texts = [written(answers.values, answers.copied) for answers in epochs[-2:]]
    return alarms([one for one in texts if one is not None])
