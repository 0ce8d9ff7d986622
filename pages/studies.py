"""All studies: how far they are, the best that each has found, and the way to their pages."""

import streamlit as st

from engine import service
from ui import lab
from ui.language import _
from ui.navigation import page
from ui.studies.list import MOST_LISTED, columns, rows

REFRESH_SECONDS = 2.0


def main() -> None:
    """Draw the list; it looks again by itself while a study goes on."""
    st.title(_("Studies"))
    studies = service.studies.list_all(lab.actor(), limit=MOST_LISTED)
    if not studies:
        st.info(
            _("There are no studies yet. Choose data and a network on the Train page, then press Search there."),
            icon=":material/info:",
        )
        st.page_link(page("train"), label=_("Choose data and a network"), icon=":material/model_training:",
                     help=_("The form that starts a study."))  # fmt: skip
        return
    live = any(study.live for study in studies)

    def table() -> None:
        now = service.studies.list_all(lab.actor(), limit=MOST_LISTED)
        if live and not any(study.live for study in now):
            st.rerun()
        st.dataframe(
            rows(now),
            hide_index=True,
            placeholder="–",
            height="content",
            alt=_("All studies with state, progress and best value"),
            column_config=columns(),
        )
        if len(now) >= MOST_LISTED:
            st.caption(_("The newest {count:,} studies are shown.").format(count=MOST_LISTED))

    st.fragment(table, run_every=REFRESH_SECONDS if live else None)()


main()
