"""The part of the import form that is about tables: how the file is read, and what each column is."""

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from engine.imports.table import ROLES, Role
from engine.imports.understood import Choice, Understood
from engine.modalities.named_columns import ITEMS, PEOPLE, TIMES, called
from engine.modalities.own import OwnKind
from engine.readers.layout import Layout
from engine.readers.spreadsheets import plain_cell
from ui.language import N_, _, plural
from ui.plain import plain_label, plain_text
from ui.sentences import said_plain

ROLE_WORDS: dict[str, str] = {
    "number": N_("number"),
    "date": N_("date"),
    "category": N_("category"),
    "target": N_("target"),
    "group": N_("group"),
    "split": N_("split"),
    "ignore": N_("ignore"),
}
LAYOUT = "own.layout"
"""The state that holds how somebody wants a table to be read."""
_LEARNED_FROM = ("number", "date", "category")
_ORDERS = {"": N_("automatic"), "dmy": N_("day first"), "mdy": N_("month first")}
_SEPARATORS = {",": ",", ";": ";", "\t": N_("tab"), "|": "|", " ": N_("blanks"), "": N_("none")}


def _draw_table_facts(found: Understood) -> None:
    rows = plural("{count:,} row", "{count:,} rows", found.rows).format(count=found.rows)
    columns = plural("{count:,} column", "{count:,} columns", len(found.columns)).format(count=len(found.columns))
    st.caption(_("{rows}, {columns}, read as {encoding}.").format(rows=rows, columns=columns, encoding=found.encoding))


def draw_layout(found: Understood, file_id: str) -> None:
    """Draw how the cells of a text file were found; a change reads it again."""
    layout = found.layout
    if not layout.header:  # JSON and Parquet say themselves what their columns are
        return
    marks = {".": N_("point"), ",": N_("comma")}
    rows = {"yes": N_("names of the columns"), "no": N_("data")}
    separators = {sign: shown for sign, shown in _SEPARATORS.items() if sign or not layout.separator}
    with st.expander(_("How the file is read"), icon=":material/tune:", expanded=layout.header == "no"):
        left, middle, right, last = st.columns(4)
        with left:
            _draw_reading(_("Separator"), separators, layout.separator, f"own.separator-{file_id}", file_id)
        with middle:
            _draw_reading(_("Decimal mark"), marks, layout.decimal, f"own.decimal-{file_id}", file_id)
        with right:
            _draw_reading(_("First row"), rows, layout.header, f"own.header-{file_id}", file_id)
        with last:
            _draw_reading(
                _("Dates like 3/4/2024"),
                _ORDERS,
                layout.dates,
                f"own.dates-{file_id}",
                file_id,
                _("Dates that begin with the year or name the month are understood in any case."),
            )


def _draw_reading(label: str, options: dict[str, str], found: str, key: str, file_id: str, words: str = "") -> None:
    names = list(options)
    st.selectbox(
        label,
        names,
        index=names.index(found) if found in names else 0,
        format_func=lambda name: _(options[name]),
        key=key,
        help=words or None,
        on_change=_read_otherwise,
        args=(file_id,),
    )


def _read_otherwise(file_id: str) -> None:
    state = st.session_state
    asked = ("separator", "decimal", "header", "dates")
    separator, decimal, header, dates = (state[f"own.{name}-{file_id}"] for name in asked)
    state[LAYOUT] = Layout(separator, decimal, header, dates=dates)


def draw_classes_toggle(found: Understood, roles: dict[str, Role], key: str) -> bool:
    """Whether a target of numbers is of classes."""
    target = next((name for name, role in roles.items() if role == "target"), "")
    if target not in found.numeric:
        return False
    return st.toggle(
        _("Predict classes"),
        key=f"own.classes-{key}",
        help=_("The values of the target are class names, even if they are numbers."),
    )


def draw_split(found: Understood, roles: Mapping[str, Role], key: str) -> str:
    """Draw how the splits are drawn, where there are dates to draw them by; return the column, empty for at random."""
    if "split" in roles.values():
        return ""
    dates = list(dict.fromkeys([*found.dates, *(name for name, role in roles.items() if role == "date")]))
    dates = [name for name in dates if roles.get(name) != "target"]
    if not dates:
        return ""
    options = sorted(dates, key=lambda name: name != found.time_column)
    options = [*options, ""] if found.time_column in dates else ["", *options]
    chosen: str = st.selectbox(
        _("Splits"),
        options,
        format_func=lambda name: _("by time: {column}").format(column=plain_text(name)) if name else _("at random"),
        key=f"own.time-{key}",
        help=_("The earliest rows are for training, later ones for validation, the latest for the test."),
    )
    st.caption(
        _("Tested on the latest rows, as in use: what is to be predicted comes after what was learned from.")
        if chosen
        else _(
            "Rows of the same day are in both training and test: the score will look better than it will be on days to come."
        )
    )
    return chosen


def draw_roles(found: Understood, file_id: str) -> dict[str, Role]:
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
                help=_("One column is the target, the value to predict. Rows of one group stay in "
                       "one split; a split column is train, validation or test in each row."),
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
    others = sum(role in _LEARNED_FROM for role in roles.values())
    if len(targets) != 1:
        st.warning(_("Exactly one column must be the target, the value to predict."), icon=":material/ads_click:")
    elif not others:
        st.warning(
            _("No column is left to predict from. Double-click a role to make it a number, a date or a category."),
            icon=":material/ads_click:",
        )
    else:
        st.caption(
            plural(
                "**{target}** is predicted from {count} other column. Double-click a role to change it.",
                "**{target}** is predicted from {count} other columns. Double-click a role to change it.",
                others,
            ).format(target=plain_label(targets[0]), count=others)
        )
    return roles


def are_complete(roles: Mapping[str, Role]) -> bool:
    """Return whether a table with these roles can be learned from: there is one target, and something to predict it from."""
    held = list(roles.values())
    return held.count("target") == 1 and any(role in _LEARNED_FROM for role in held)


def draw_text_columns(found: Understood, read: Choice, kind: OwnKind) -> Choice:
    """Draw the choice of the columns of texts and labels, where the kind needs them, or of pairs of texts."""
    _draw_table_facts(found)
    names = [guess.name for guess in found.columns]
    first, second = st.columns(2)
    with first:
        if kind.pairs:
            text = _draw_column(_("Column of texts to read"), names, found.source_column, "own.source", found)
        else:
            text = _draw_column(_("Column of texts"), names, found.text_column, "own.text", found)
    with second:
        if kind.pairs:
            label = _draw_column(_("Column of texts to write"), names, found.target_column, "own.target", found)
        else:
            labels = ["", *names] if kind.free_task else names
            label = _draw_column(_("Column of labels"), labels, found.label_column, "own.label", found,
                                 _("Without labels a network can learn to write such texts, not to tell them apart.")
                                 if kind.free_task else "")  # fmt: skip
    with st.expander(_("Groups and splits"), icon=":material/call_split:"):
        group = _draw_column(_("Column of groups"), ["", *names], "", "own.group", found,
                             _("For example the author: rows with the same value stay in one split."))  # fmt: skip
        split = _draw_column(_("Column of splits"), ["", *names], "", "own.split", found,
                             _("Each row is train, validation or test."))  # fmt: skip
    return replace(read, text_column=text, label_column=label, group_column=group, split_column=split)


def draw_series_columns(found: Understood, read: Choice) -> Choice:
    """Draw the choice of the columns of times and values, and of the one that tells several series apart."""
    _draw_table_facts(found)
    names = [guess.name for guess in found.columns]
    values = [name for name in names if name in found.numeric]
    if not values:
        st.warning(_("No column holds numbers: there is nothing to forecast."), icon=":material/ads_click:")
    first, second, third = st.columns(3)
    with first:
        time = _draw_column(_("Column of times"), names, names[0], "own.time", found)
    with second:
        target = _draw_column(_("Column of values"), values or names, (values or names)[-1], "own.value", found)
    with third:
        group = _draw_column(_("Column of series"), ["", *names], "", "own.series", found,
                             _("Its value tells several series apart, such as the shop. Empty: all rows are one series."))  # fmt: skip
    st.caption(
        _(
            "Other columns of numbers are seen, too: their past, or where you name them as known beforehand, their future."
        )
    )
    return replace(read, text_column=time, label_column=target, group_column=group)


def draw_choice_columns(found: Understood, read: Choice) -> Choice:
    """Draw the choice of the columns of people, items and times."""
    _draw_table_facts(found)
    names = [guess.name for guess in found.columns]
    first, second, third = st.columns(3)
    with first:
        person = _draw_column(_("Column of people"), names, called(names, PEOPLE), "own.person", found)
    with second:
        guess = called([name for name in names if name != person], ITEMS)
        item = _draw_column(_("Column of items"), names, guess or names[-1], "own.item", found)
    with third:
        guess = called(names, TIMES) or found.time_column
        time = _draw_column(_("Column of times"), ["", *names], guess, "own.at", found,
                            _("Splits are periods of time. Empty: the first column of dates."))  # fmt: skip
    st.caption(
        _(
            "Columns that say the same of an item in every row are used as facts about it. A column of ratings is used where you ask "
            "for a least rating."
        )
    )
    return replace(read, group_column=person, label_column=item, time_column=time)


def _draw_column(label: str, names: list[str], guess: str, key: str, found: Understood, words: str = "") -> str:
    index = names.index(guess) if guess in names else 0
    chosen = st.selectbox(label, names, index=index, format_func=plain_text, key=key, help=words or None)
    if examples := found.examples.get(chosen, ""):
        st.caption(_("For example: {examples}").format(examples=plain_label(examples, most=200)))
    return str(chosen)
