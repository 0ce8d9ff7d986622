"""Form with the interpretation of a file, in which it can be corrected before anything is kept."""

from dataclasses import dataclass, field, replace
from pathlib import PurePath

import streamlit as st

from engine import service
from engine.errors import TrainyardError
from engine.imports.measured import suited
from engine.imports.own_kinds import own_kind, own_kinds
from engine.imports.sets import suggest_name
from engine.imports.understood import Choice, Reading, Understood
from engine.modalities.own import OwnKind
from engine.readers.layout import Layout
from ui import lab
from ui.data.import_files import draw_classes, draw_remarks
from ui.data.import_table import (
    are_complete,
    draw_choice_columns,
    draw_classes_toggle,
    draw_layout,
    draw_roles,
    draw_series_columns,
    draw_split,
    draw_text_columns,
)
from ui.language import _
from ui.sentences import said


@dataclass(frozen=True)
class Seen:
    """Interpretation of the file in the form."""

    file_id: str
    found: Understood | None
    error: str = ""
    layout: Layout = field(default_factory=Layout)
    """Choices of how it is read."""

    reading: Reading | None = None
    """Choices made instead of the guess."""

    @property
    def key(self) -> str:
        """A name for the widgets that depend on the columns."""
        return f"{self.file_id}{self.layout.separator}{self.layout.decimal}{self.layout.header}{self.layout.dates}"


def draw_choice(filename: str, seen: Seen) -> Choice | None:
    """The widgets of the preview; None while what they say cannot be imported."""
    found = seen.found
    assert found is not None
    kind = own_kind(_draw_kind(found))
    try:
        made = _draw_content(kind, replace(found, arrangement=suited(found, kind)), seen)
    except TrainyardError as error:
        st.error(said(error.sentence), icon=":material/error:")
        return None
    if kind.rows and not are_complete(made.roles):
        return None
    needed = made.arrangement is None or made.arrangement.labelled
    if not found.from_table and not any(found.counts.values()) and needed:
        st.error(_("None of these files can be imported; the list below says why."), icon=":material/error:")
        return None
    if found.too_few and made.kind == found.kind:
        st.error(said(found.too_few), icon=":material/error:")
        return None
    stem = PurePath(filename).stem
    left, right = st.columns(2)
    with left:
        title = st.text_input(_("Title"), value=stem[:80], max_chars=80, key=f"own.title-{seen.file_id}")
    with right:
        name = st.text_input(
            _("Name"),
            value=suggest_name(stem),
            max_chars=48,
            key=f"own.name-{seen.file_id}",
            help=_("a-z, 0-9, - and _, such as my-leaves: for links and for the command line."),
        )
    _draw_version(name)
    return replace(made, name=name, title=title) if name else None


def _draw_kind(found: Understood) -> str:
    """Draw the type: the guess can be overruled by what the form of the upload allows."""
    kinds = {kind.name: kind for kind in own_kinds().values() if (kind.tabular if found.from_table else kind.rewrite)}
    return st.segmented_control(
        _("Type"),
        list(kinds),
        default=found.kind,
        required=True,
        format_func=lambda name: _(kinds[name].title),
        key="own.kind",
    )


def _draw_content(kind: OwnKind, found: Understood, seen: Seen) -> Choice:
    """Classes of files, or what the columns of a table are."""
    read = Choice(
        kind.name, "", layout=found.layout, arrangement=found.arrangement, names_encoding=found.names_encoding
    )
    if not found.from_table:
        return replace(read, arrangement=draw_classes(found, kind, seen.file_id))
    draw_layout(found, seen.file_id)
    if not kind.rows:
        if kind.timed:
            return draw_series_columns(found, read)
        if kind.chosen:
            return draw_choice_columns(found, read)
        read = draw_text_columns(found, read, kind)
        if not read.group_column:
            draw_remarks(found)
        return read
    roles = draw_roles(found, seen.key)
    if "group" not in roles.values():
        draw_remarks(found)
    time = draw_split(found, roles, seen.key)
    return replace(read, roles=roles, time_column=time, classes=draw_classes_toggle(found, roles, seen.key))


def _draw_version(name: str) -> None:
    kept = service.datasets.name_for(lab.actor(), name)
    versions = [own.version for own in service.datasets.list_own(lab.actor()) if own.name == kept]
    if versions:
        st.caption(
            _("A dataset with this name exists: this becomes version {version}, and the others stay.").format(
                version=max(versions) + 1
            )
        )
