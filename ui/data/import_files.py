"""The part of the import form that is about files: their classes, and which folder is what."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from engine.imports.folders import Arrangement, Level
from engine.imports.labels_file import ChosenColumns, LabelsFile
from engine.imports.understood import Reading, Understood
from engine.modalities.own import OwnKind
from engine.readers.likelihood import ENCODINGS, spoken
from engine.readers.spreadsheets import plain_cell
from ui.language import N_, _, plural
from ui.plain import plain_label
from ui.sentences import said

LEVEL_ROLES: dict[str, str] = {
    "none": N_("nothing"), "class": N_("class"), "split": N_("split"), "group": N_("group"),
}  # fmt: skip
"""Roles of the folders at one depth."""
_SHOWN_CLASSES = 50
_MOST_LEVELS = 4  # that are offered


def draw_reading(found: Understood, key: str) -> Reading:
    """Offer other readings of the folders, the names and the table beside the files; return what is chosen."""
    draw_remarks(found)
    several = len(found.levels) > 1 and not (found.labels_file and found.labels_file.label_column)
    levels = _draw_levels(found, key) if several else {}
    columns = _draw_columns(found.labels_file, key) if found.labels_file else ChosenColumns()
    encoding = _draw_encoding(found.names_encoding, key) if found.names_encoding else ""
    if not several:
        return Reading(names_encoding=encoding, columns=columns)
    return Reading(levels.get("class", 0), levels.get("split", 0), levels.get("group", 0), encoding, columns)


def draw_remarks(found: Understood) -> None:
    """Say what was chosen where an upload can be read in more than one way, and how to choose otherwise."""
    for remark in found.remarks:
        st.info(plain_label(said(remark), most=600), icon=":material/info:")


def same_reading(found: Understood, reading: Reading) -> bool:
    """Return whether a reading is the one by which files were understood already."""
    table = found.labels_file
    folders = found.arrangement.folders if found.arrangement else None
    levels = (reading.class_level, reading.split_level, reading.group_level)
    guessed = folders is None or levels in (
        (0, -1, -1),
        (folders.class_level, folders.split_level, folders.group_level),
    )
    columns = reading.columns
    same = table is None or all(
        chosen in ("", guess)
        for chosen, guess in (
            (columns.label, table.label_column),
            (columns.group, table.group_column),
            (columns.split, table.split_column),
        )
    )
    return guessed and same and not reading.names_encoding


def draw_classes(found: Understood, kind: OwnKind, key: str) -> Arrangement | None:
    """Show how many files each class has, and how many are left out. Return the arrangement, without labels where somebody wants
    that or there are none."""
    arrangement = found.arrangement
    if arrangement is None or not arrangement.labelled:
        st.caption(plural("{count:,} file", "{count:,} files", found.rows).format(count=found.rows))
        return arrangement
    if kind.free_task and st.toggle(
        _("Without labels"),
        key=f"own.free-{key}",
        help=_("All files are examples of one kind, whatever folder they are in, and a long file is cut into several."),
    ):
        return replace(arrangement, labelled=False)
    if arrangement.measure:
        _draw_measured(found, arrangement)
    else:
        _draw_counts(found, kind)
    return arrangement


def _draw_counts(found: Understood, kind: OwnKind) -> None:
    total = sum(found.counts.values())
    if kind.boxed:
        _draw_boxed(found)
        return
    if kind.told:
        _draw_told(found, total)
        return
    files = plural("{count:,} file", "{count:,} files", total).format(count=total)
    classes = plural("{count:,} class", "{count:,} classes", len(found.counts)).format(count=len(found.counts))
    st.caption(_("{files} in {classes}.").format(files=files, classes=classes))
    if found.left_out:
        st.warning(
            _("Left out: {count} of {total} files. The list below says why.").format(
                count=f"{found.left_out:,}", total=f"{found.left_out + total:,}"
            ),
            icon=":material/warning:",
        )
    largest = sorted(found.counts.items(), key=lambda item: -item[1])[:_SHOWN_CLASSES]
    st.dataframe(
        [{"class": plain_cell(label), "files": count} for label, count in largest],
        column_config={
            "class": st.column_config.TextColumn(_("Class")),
            "files": st.column_config.ProgressColumn(
                _("Files"), format="localized", min_value=0, max_value=max(found.counts.values(), default=1)
            ),
        },
        hide_index=True,
        height="content" if len(largest) < 12 else 380,
        key="own.classes",
    )


def _draw_boxed(found: Understood) -> None:
    """Show how many boxes each class has."""
    if found.left_out:
        words = _("{count} pictures, boxes or files about pictures cannot be used: the list below says why.")
        st.warning(words.format(count=f"{found.left_out:,}"), icon=":material/warning:")
    largest = sorted(found.counts.items(), key=lambda item: -item[1])[:_SHOWN_CLASSES]
    st.dataframe(
        [{"class": plain_cell(label), "boxes": count} for label, count in largest],
        column_config={
            "class": st.column_config.TextColumn(_("Class")),
            "boxes": st.column_config.ProgressColumn(
                _("Boxes"), format="localized", min_value=0, max_value=max(found.counts.values(), default=1)
            ),
        },
        hide_index=True,
        height="content" if len(largest) < 12 else 380,
        key="own.boxed",
    )


def _draw_told(found: Understood, total: int) -> None:
    """Show what is said in some recordings, and how many are left out."""
    st.caption(
        plural("{count:,} recording with a transcript.", "{count:,} recordings with a transcript.", total).format(
            count=total
        )
    )
    if found.left_out:
        words = _("{count} clips without a transcript, or transcripts without a clip: the list below has them.")
        st.warning(words.format(count=f"{found.left_out:,}"), icon=":material/warning:")
    st.dataframe(
        [{"text": plain_cell(said)} for said in list(found.counts)[:_SHOWN_CLASSES]],
        column_config={"text": st.column_config.TextColumn(_("Transcript"))},
        hide_index=True,
        height=380,
        key="own.told",
    )


def _draw_measured(found: Understood, arrangement: Arrangement) -> None:
    """Show how many files have a number, and how the numbers lie."""
    counts = Counter(float(placed.label) for placed in arrangement.labels.values())
    words = plural("{count:,} file with a number", "{count:,} files with numbers", counts.total())
    ends = {"least": min(counts), "largest": max(counts)}
    st.caption(_("{files}, from {least:g} to {largest:g}.").format(files=words.format(count=counts.total()), **ends))
    if found.left_out:
        words = _("Left out: {count} files without a number. The list below says why.")
        st.warning(words.format(count=f"{found.left_out:,}"), icon=":material/warning:")
    st.dataframe(
        [{"number": number, "files": count} for number, count in sorted(counts.items())],
        column_config={
            "number": st.column_config.NumberColumn(_("Number")),
            "files": st.column_config.NumberColumn(_("Files"), format="localized"),
        },
        hide_index=True,
        height="content" if len(counts) < 12 else 380,
        key="own.measured",
    )


def _draw_levels(found: Understood, key: str) -> dict[str, int]:
    """A choice for each depth; the level of each role that was chosen."""
    assert found.arrangement is not None
    folders = found.arrangement.folders
    guess = {folders.split_level: "split", folders.group_level: "group", folders.class_level: "class"}
    chosen: dict[str, int] = {}
    levels = found.levels[:_MOST_LEVELS]
    for place, level in zip(st.columns(len(levels)), levels, strict=True):
        with place:
            role = st.selectbox(
                _level_words(level),
                list(LEVEL_ROLES),
                index=list(LEVEL_ROLES).index(guess.get(level.number, "none")),
                format_func=lambda role: _(LEVEL_ROLES[role]),
                help=_("Files in one group stay in one split. A split is train, validation or test."),
                key=f"own.level-{level.number}-{key}",
            )
            st.caption(_("For example: {examples}").format(examples=plain_label(level.examples, most=200)))
        chosen.setdefault(str(role), level.number)
    if "class" not in chosen:
        st.warning(_("The folders at one level must be the classes."), icon=":material/folder:")
    return chosen


def _level_words(level: Level) -> str:
    return _("Folders at level {level}").format(level=level.number)


def _draw_columns(table: LabelsFile, key: str) -> ChosenColumns:
    """Draw the choice of columns in the table beside the files."""
    words = {"label": _("Column of classes"), "group": _("Column of groups"), "split": _("Column of splits")}
    guesses = {"label": table.label_column, "group": table.group_column, "split": table.split_column}
    found = [
        _draw_label_column(place, words[role], table.columns, guesses[role], f"own.files.{role}-{key}")
        for role, place in zip(words, st.columns(3), strict=True)
    ]
    return ChosenColumns(*found)


def _draw_label_column(
    place: "st.delta_generator.DeltaGenerator", label: str, names: Sequence[str], guess: str, key: str
) -> str:
    options = ["", *names]
    index = options.index(guess) if guess in options else 0
    with place:
        return str(st.selectbox(label, options, index=index, format_func=lambda name: name or _("automatic"), key=key))


def _draw_encoding(guess: str, key: str) -> str:
    options = list(dict.fromkeys((guess, *ENCODINGS)))
    chosen = st.selectbox(
        _("Encoding of the names"), options, format_func=lambda name: said(spoken(name)), key=f"own.names-{key}"
    )
    return "" if chosen == guess else str(chosen)
