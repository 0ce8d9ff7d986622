"""The form that imports data of one's own: what was understood is shown, and can be put right, before it is kept."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

import streamlit as st

from engine import service
from engine.artifacts import check_free_disk
from engine.errors import TrainyardError
from engine.imports.sets import PLACES, ImportReport, Kind, OwnSet, Problem, problems_csv, suggest_name
from engine.imports.table import ROLES, Role
from engine.imports.understand import ENDINGS, Choice, Reading, Understood
from engine.readers.layout import Layout
from engine.readers.spreadsheets import plain_cell
from engine.settings import settings
from ui import lab
from ui.data.import_files import draw_classes, draw_reading, same_reading
from ui.data.list import OPENED, SET
from ui.language import N_, _, plural
from ui.navigation import page
from ui.plain import plain_label, plain_text
from ui.sentences import said, said_plain

KINDS: dict[Kind, str] = {"images": N_("Images"), "clips": N_("Sounds"), "texts": N_("Texts"), "table": N_("Table")}
"""Names of the kinds of sets."""
ROLE_WORDS: dict[str, str] = {
    "number": N_("number"),
    "category": N_("category"),
    "target": N_("target"),
    "group": N_("group"),
    "split": N_("split"),
    "ignore": N_("ignore"),
}
_LAYOUT = "own.layout"
_SEEN, _AGAIN = "own.seen", "own.again"  # the state of an import that is not done yet
_DONE, _UPLOADS = "own.done", "own.uploads"
_SHOWN = 200  # problems that are shown one by one


@dataclass(frozen=True)
class _Seen:
    """What was understood of the file that lies in the form."""

    file_id: str
    found: Understood | None
    error: str = ""
    layout: Layout = field(default_factory=Layout)
    """How somebody wanted it to be read."""

    @property
    def key(self) -> str:
        """A name for the widgets that depend on the columns."""
        return f"{self.file_id}{self.layout.separator}{self.layout.decimal}{self.layout.header}"

    reading: Reading | None = None
    """What somebody chose instead of the guess."""


def draw_import() -> None:
    """Take a file, show what it is understood as, and import it."""
    _draw_done(st.session_state.get(_DONE))
    with st.container(border=True):
        st.caption(
            _(
                "A zip with a folder for each class (pictures, sounds or text files), or a table: CSV, TSV, JSON, JSONL or "
                "Parquet. Nothing is kept before you press Import; the uploaded file itself never is."
            )
        )
        file = st.file_uploader(
            _("File"),
            type=["zip", *(ending.lstrip(".") for ending in ENDINGS["table"])],
            max_upload_size=settings().max_upload_mb,
            key=f"own.file-{st.session_state.get(_UPLOADS, 0)}",
        )
        if file is None:
            st.session_state.pop(_SEEN, None)
            return
        st.session_state.pop(_DONE, None)
        seen = _look(file)
        if seen.found is None:
            st.error(said(seen.error), icon=":material/error:")
            return
        if not seen.found.from_table:
            seen = _look_again(file, seen, seen.found)
        if seen.found is None:
            st.error(said(seen.error), icon=":material/error:")
            return
        choice = _draw_choice(file.name, seen)
        _draw_problems(seen.found.problems, "own.preview")
        if choice is not None and st.button(_("Import"), type="primary", icon=":material/upload:", key="own.start"):
            with lab.guarded():
                check_free_disk()
                st.session_state[_DONE] = _import(file, choice, seen.found)
                st.session_state[_UPLOADS] = st.session_state.get(_UPLOADS, 0) + 1  # the form is empty again
                st.rerun()


def _look(file: Any, reading: Reading | None = None, key: str = _SEEN) -> _Seen:
    """Understand the file once, not at each run of the page."""
    seen: _Seen | None = st.session_state.get(key)
    if seen is None or seen.file_id != file.file_id:
        st.session_state.pop(_LAYOUT, None)
    layout: Layout = st.session_state.get(_LAYOUT, Layout())
    if seen is None or (seen.file_id, seen.layout, seen.reading) != (file.file_id, layout, reading):
        with st.spinner(_("Reading {name} ...").format(name=plain_label(file.name[-60:])), show_time=True):
            try:
                found = service.datasets.understand(lab.actor(), file, file.name, layout=layout, reading=reading)
                seen = _Seen(file.file_id, found, layout=layout, reading=reading)
            except TrainyardError as error:
                seen = _Seen(file.file_id, None, error.sentence, layout, reading)
                st.session_state.pop(_LAYOUT, None)  # the next look finds out again
        st.session_state[key] = seen
    return seen


def _look_again(file: Any, seen: _Seen, found: Understood) -> _Seen:
    """Understand files anew when somebody chooses another reading than the guess."""
    reading = draw_reading(found, seen.file_id)
    return seen if same_reading(found, reading) else _look(file, reading, _AGAIN)


def _import(file: Any, choice: Choice, found: Understood) -> ImportReport:
    bar = st.progress(0.0, _("Importing ..."))

    def show(done: int, total: int) -> None:
        bar.progress(done / max(total, 1), _("Importing {done} of {total} ...").format(done=done, total=total))

    file.seek(0)
    return service.datasets.import_own(lab.actor(), file, file.name, choice, show, found=found)


# -- what was understood -----------------------------------------------------------------------------------------------


def _draw_choice(filename: str, seen: _Seen) -> Choice | None:
    """The widgets of the preview; None while what they say cannot be imported."""
    found = seen.found
    assert found is not None
    kind = _draw_kind(found)
    roles: dict[str, Role] = {}
    classes = False
    columns = dict.fromkeys(("text_column", "label_column", "group_column", "split_column"), "")
    if not found.from_table:
        draw_classes(found)
    elif kind == "table":
        _draw_layout(found, seen.file_id)
        roles = _draw_roles(found, seen.key)
        classes = _draw_classes_toggle(found, roles, seen.key)
    else:
        _draw_layout(found, seen.file_id)
        columns = _draw_text_columns(found)
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
    if not name:
        return None
    return Choice(
        kind,
        name,
        title,
        roles,
        text_column=columns["text_column"],
        label_column=columns["label_column"],
        group_column=columns["group_column"],
        split_column=columns["split_column"],
        classes=classes,
        layout=found.layout,
        arrangement=found.arrangement,
        names_encoding=found.names_encoding,
    )


def _draw_kind(found: Understood) -> Kind:
    """What it is: the guess can be overruled by what the form of the upload allows."""
    options: list[Kind] = ["table", "texts"] if found.from_table else ["images", "clips", "texts"]
    return st.segmented_control(
        _("What it is"),
        options,
        default=found.kind,
        required=True,
        format_func=lambda kind: _(KINDS[kind]),
        key="own.kind",
    )


def _draw_table_facts(found: Understood) -> None:
    st.caption(
        _("{rows} rows, {columns} columns, read as {encoding}.").format(
            rows=f"{found.rows:,}", columns=f"{len(found.columns):,}", encoding=found.encoding
        )
    )


def _draw_layout(found: Understood, file_id: str) -> None:
    """How the cells of a text file were found; what is changed here reads it again."""
    layout = found.layout
    if not layout.header:  # JSON and Parquet say themselves what their columns are
        return
    marks = {".": N_("point"), ",": N_("comma")}
    rows = {"yes": N_("names of the columns"), "no": N_("data")}
    separators = {sign: shown for sign, shown in _SEPARATORS.items() if sign or not layout.separator}
    with st.expander(_("How the file is read"), icon=":material/tune:", expanded=layout.header == "no"):
        left, middle, right = st.columns(3)
        with left:
            _draw_reading(_("Separator"), separators, layout.separator, f"own.separator-{file_id}", file_id)
        with middle:
            _draw_reading(_("Decimal mark"), marks, layout.decimal, f"own.decimal-{file_id}", file_id)
        with right:
            _draw_reading(_("First row"), rows, layout.header, f"own.header-{file_id}", file_id)


_SEPARATORS = {",": ",", ";": ";", "\t": N_("tab"), "|": "|", " ": N_("blanks"), "": N_("none")}


def _draw_reading(label: str, options: dict[str, str], found: str, key: str, file_id: str) -> None:
    names = list(options)
    st.selectbox(
        label,
        names,
        index=names.index(found) if found in names else 0,
        format_func=lambda name: _(options[name]),
        key=key,
        on_change=_read_otherwise,
        args=(file_id,),
    )


def _read_otherwise(file_id: str) -> None:
    state = st.session_state
    separator, decimal, header = (state[f"own.{name}-{file_id}"] for name in ("separator", "decimal", "header"))
    state[_LAYOUT] = Layout(separator, decimal, header)


def _draw_classes_toggle(found: Understood, roles: dict[str, Role], key: str) -> bool:
    """Whether a target of numbers is of classes."""
    target = next((name for name, role in roles.items() if role == "target"), "")
    if found.table is None or target not in found.table.decided or found.table.decided[target].numbers is None:
        return False
    return st.toggle(
        _("Predict classes"),
        key=f"own.classes-{key}",
        help=_("The cells of the target are names of classes, also where they are numbers."),
    )


def _draw_roles(found: Understood, file_id: str) -> dict[str, Role]:
    """A line for each column, whose role can be changed."""
    _draw_table_facts(found)
    edited = st.data_editor(
        [
            {
                "column": plain_cell(guess.name),
                "role": found.roles[guess.name],
                "examples": plain_cell(found.examples[guess.name]),
                "missing": guess.missing / max(found.rows, 1),
                "different": guess.distinct,
                "why": said_plain(guess.reason),
            }
            for guess in found.columns
        ],
        column_config={
            "column": st.column_config.TextColumn(_("Column"), disabled=True),
            "role": st.column_config.SelectboxColumn(
                _("Role"), options=ROLES, required=True, format_func=lambda role: _(ROLE_WORDS[str(role)]),
                help=_("One column is the target: what is predicted. Rows of one group stay in one split; a split column "
                       "says train, validation or test."),
            ),
            "examples": st.column_config.TextColumn(_("Examples"), disabled=True),
            "missing": st.column_config.NumberColumn(_("Missing"), format="percent", disabled=True),
            "different": st.column_config.NumberColumn(_("Different values"), format="localized", disabled=True),
            "why": st.column_config.TextColumn(_("Why"), disabled=True),
        },
        hide_index=True,
        num_rows="fixed",
        height="content" if len(found.columns) < 15 else 520,
        key=f"own.roles-{file_id}",
    )  # fmt: skip
    known: dict[str, Role] = {role: role for role in ROLES}  # what comes back from the browser is only a word
    roles = {guess.name: known[str(row["role"])] for guess, row in zip(found.columns, edited, strict=True)}
    targets = [name for name, role in roles.items() if role == "target"]
    if len(targets) != 1:
        st.warning(_("One column must be the target, that which is predicted."), icon=":material/ads_click:")
    else:
        others = sum(role in ("number", "category") for role in roles.values())
        st.caption(
            plural(
                "**{target}** is predicted from {count} other column. Click a role twice to change it.",
                "**{target}** is predicted from {count} other columns. Click a role twice to change it.",
                others,
            ).format(target=plain_label(targets[0]), count=others)
        )
    return roles


def _draw_text_columns(found: Understood) -> dict[str, str]:
    """Which column holds the texts, which the labels; for the rest nothing need be said."""
    _draw_table_facts(found)
    names = [guess.name for guess in found.columns]
    first, second = st.columns(2)
    with first:
        text = _draw_column(_("Column of texts"), names, found.text_column, "own.text", found)
    with second:
        label = _draw_column(_("Column of labels"), names, found.label_column, "own.label", found)
    with st.expander(_("Groups and splits"), icon=":material/call_split:"):
        group = _draw_column(_("Column of groups"), ["", *names], "", "own.group", found,
                             _("Such as the author: rows that share its value stay in one split."))  # fmt: skip
        split = _draw_column(_("Column of splits"), ["", *names], "", "own.split", found,
                             _("It says train, validation or test in each row."))  # fmt: skip
    return {"text_column": text, "label_column": label, "group_column": group, "split_column": split}


def _draw_column(label: str, names: list[str], guess: str, key: str, found: Understood, words: str = "") -> str:
    index = names.index(guess) if guess in names else 0
    chosen = st.selectbox(label, names, index=index, format_func=plain_text, key=key, help=words or None)
    if examples := found.examples.get(chosen, ""):
        st.caption(_("Such as: {examples}").format(examples=plain_label(examples, most=200)))
    return str(chosen)


def _draw_version(name: str) -> None:
    versions = [own.version for own in service.datasets.list_own(lab.actor()) if own.name == name]
    if versions:
        st.caption(
            _("There is a dataset of this name: this becomes version {version}, and the others stay.").format(
                version=max(versions) + 1
            )
        )


# -- what came of it ---------------------------------------------------------------------------------------------------


def train_query(own: OwnSet) -> dict[str, str]:
    """The address of the form that trains on a set."""
    place = PLACES[own.kind]
    return {"task": own.tasks[0], "dataset": place.dataset, place.field: own.reference}


def browse_query(own: OwnSet) -> dict[str, str]:
    """The address that shows a set."""
    return {OPENED: PLACES[own.kind].dataset, SET: own.reference}


def _draw_done(report: ImportReport | None) -> None:
    if report is None:
        return
    made = report.made
    st.success(
        _("{count} examples imported as '{name}'.").format(count=f"{made.num_examples:,}", name=made.reference),
        icon=":material/check:",
    )
    with st.container(horizontal=True):
        st.page_link(page("train"), label=_("Train on it"), icon=":material/model_training:",
                     query_params=train_query(made))  # fmt: skip
        st.page_link(page("data"), label=_("Look into it"), icon=":material/database:",
                     query_params=browse_query(made))  # fmt: skip
    _draw_problems(report.problems, "own.report")


def _draw_problems(problems: Sequence[Problem], key: str) -> None:
    """What was left out or changed, and why; nothing where all is well."""
    if not problems:
        return
    with st.expander(problem_words(len(problems)), icon=":material/warning:", key=f"{key}.expander"):
        draw_problem_table(problems, key)


def problem_words(count: int) -> str:
    """Return the number of problems, in words."""
    return plural(
        "{count} problem: what is left out or changed", "{count} problems: what is left out or changed", count
    ).format(count=f"{count:,}")


def draw_problem_table(problems: Sequence[Problem], key: str) -> None:
    """The first problems in a table, which browsers save as CSV too, and all of them to download."""
    st.dataframe(
        [
            {"file": plain_cell(problem.file), "reason": plain_cell(said_plain(problem.reason))}
            for problem in problems[:_SHOWN]
        ],
        column_config={
            "file": st.column_config.TextColumn(_("File or row"), width="medium"),
            "reason": st.column_config.TextColumn(_("Reason"), width="large"),
        },
        hide_index=True,
        key=f"{key}.table",
    )
    st.download_button(
        _("Download the list"), lambda: problems_csv(problems), "problems.csv", "text/csv", icon=":material/download:",
        key=f"{key}.download",
    )  # fmt: skip
