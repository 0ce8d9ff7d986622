"""Health checks of a dataset: what may spoil training or make a result look better than it is, with the examples."""

from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st

from engine.inspection.balance import check_balance
from engine.inspection.checks import known_result, run_check
from engine.inspection.columns import CONSTANT, GAPS, TELLTALE
from engine.inspection.duplicates import split_of
from engine.preparation.prepare import SPLITS, PreparedDataset
from engine.readers.spreadsheets import plain_cell
from ui import lab
from ui.class_names import described, names_of
from ui.language import N_, _, plural
from ui.modalities import modality
from ui.plain import plain_label

_GROUPS_SHOWN, _SUSPECTS_SHOWN = 8, 24
_DOUBTFUL_ACCURACY = 0.6  # below it, suspects are mostly mistakes of the classifier
_SPLITS = {"train": N_("train"), "validation": N_("validation"), "test": N_("test")}


def draw_health(prepared: PreparedDataset, kind: str) -> None:
    """Show every check that suits the data; the expensive ones wait for a button."""
    if prepared.codec.classes:
        _draw_balance(prepared)
    _draw_check(
        prepared,
        "duplicates",
        _("Duplicates and leaks"),
        _("Equal and nearly equal examples; those in several splits make a test result look better than it is."),
        lambda found: _draw_duplicates(prepared, kind, found),
    )
    if "columns" in prepared.modality.checks:
        _draw_check(
            prepared,
            "columns",
            _("Columns"),
            _(
                "Missing values, constants, and columns that give the target away: these are often "
                "only known afterwards."
            ),
            _draw_columns,
        )
    if prepared.codec.classes and "mislabels" in prepared.modality.checks:
        _draw_check(
            prepared,
            "mislabels",
            _("Wrong labels"),
            _(
                "A simple classifier predicts each example from the others; where it is confident of "
                "another class, the label may be wrong. Confident learning, [Northcutt et al. "
                "2021](https://arxiv.org/abs/1911.00068)."
            ),
            lambda found: _draw_mislabels(prepared, kind, found),
        )


def _draw_check(
    prepared: PreparedDataset, check: str, title: str, words: str, draw: Callable[[dict[str, Any]], None]
) -> None:
    """A heading, and the result where there is one, else the button that asks for it."""
    with st.container(border=True):
        st.header(title, anchor=False)
        st.caption(words)
        found = known_result(prepared, check)
        if found is None and st.button(_("Check"), icon=":material/search:", key=f"health.{check}"):
            with lab.guarded():
                with st.spinner(_("Checking…"), show_time=True):
                    run_check(prepared, check)
                st.rerun()  # from now on the result is known, and the button goes
        if found is not None:
            with lab.guarded():
                draw(found)


def _good(words: str) -> None:
    st.success(words, icon=":material/check:")


def _bad(words: str) -> None:
    st.warning(words, icon=":material/warning:")


# -- balance -----------------------------------------------------------------------------------------------------------


def _draw_balance(prepared: PreparedDataset) -> None:
    """Draw how much classes differ in size, at once: the counts are known."""
    found = check_balance(prepared)
    with st.container(border=True):
        st.header(_("Balance of classes"), anchor=False)
        words = _("'{largest}' has {many} examples, '{smallest}' has {few}: always answering '{largest}' is right in "
                  "{share} of the cases.").format(
            largest=plain_label(found.largest), smallest=plain_label(found.smallest), many=f"{found.most:,}", few=f"{found.least:,}",
            share=f"{found.share:.0%}",
        )  # fmt: skip
        if found.uneven:
            _bad(words + " " + _("Look at macro F1 besides accuracy, and try class weights on the Train page."))
        else:
            _good(words)
        if found.rare:
            _bad(
                _("Classes with fewer than {count} training examples: {classes}").format(
                    count=found.few, classes=plain_label(", ".join(found.rare[:10]), most=400)
                )
            )


# -- duplicates --------------------------------------------------------------------------------------------------------


def _draw_duplicates(prepared: PreparedDataset, kind: str, found: dict[str, Any]) -> None:
    """Leaks first, then contradictions, copies and near copies."""
    split = split_of(prepared)
    many = {name: found[name]["groups"] for name in ("leaks", "contradictions", "near_leaks", "copies", "near")}
    parts = (
        ("leaks", plural("{groups} example has copies in another split.",
                         "{groups} examples have copies in another split.", many["leaks"]),
         _("No example is duplicated in another split.")),
        ("contradictions", plural("{groups} example has copies with another label or value.",
                                  "{groups} examples have copies with another label or value.", many["contradictions"]),
         _("No duplicate examples have different targets.")),
        ("near_leaks", plural("{groups} pair in different splits is a near-duplicate.",
                              "{groups} pairs in different splits are near-duplicates.", many["near_leaks"]), ""),
        ("copies", plural("{groups} example has duplicates; {extra} could be left out.",
                          "{groups} examples have duplicates; {extra} could be left out.", many["copies"]),
         _("There are no duplicate examples.")),
        ("near", plural("{groups} pair is a near-duplicate, such as two shots of the same object.",
                        "{groups} pairs are near-duplicates, such as two shots of the same object.", many["near"]), ""),
    )  # fmt: skip
    for name, bad, good in parts:
        part = found[name]
        if not part["groups"]:
            if good:
                _good(good)
            continue
        words = bad.format(groups=f"{part['groups']:,}", extra=f"{part['extra']:,}")
        if name in ("leaks", "contradictions", "near_leaks"):
            _bad(words)
        else:
            st.info(words, icon=":material/content_copy:")
        with st.expander(_("Show them"), key=f"health.{name}", on_change="rerun") as shown:
            if shown.open:
                _draw_groups(prepared, kind, part["shown"], split, name)
    if found["compared"] < found["examined"]:
        st.caption(
            _("Near-duplicates were searched for among {compared} of {examined} examples.").format(
                compared=f"{found['compared']:,}", examined=f"{found['examined']:,}"
            )
        )


def _draw_groups(prepared: PreparedDataset, kind: str, groups: list[list[int]], split: np.ndarray, key: str) -> None:
    """A few groups at a time, each example with its split and target."""
    pages = -(-len(groups) // _GROUPS_SHOWN)
    current = st.pagination(pages, key=f"health.{key}.page") if pages > 1 else 1
    for group in groups[(current - 1) * _GROUPS_SHOWN : current * _GROUPS_SHOWN]:
        captions = [f"{described(prepared, at)} · {_(_SPLITS[SPLITS[split[at]]])}" for at in group]
        modality(kind).examples(prepared, group, captions)


# -- columns -----------------------------------------------------------------------------------------------------------


def _draw_columns(found: dict[str, Any]) -> None:
    """A sentence for each doubtful column, and all columns in a table."""
    doubts = [(column, reason) for column in found["columns"] for reason in _doubts(column)]
    if not doubts:
        _good(_("No suspicious columns were found."))
    for column, reason in doubts[:20]:
        _bad(f"'{plain_label(column['column'])}': {reason}")
    st.dataframe(
        [
            column | {name: plain_cell(column[name]) for name in ("column", "class") if name in column}
            for column in found["columns"]
        ],
        column_config={
            "column": st.column_config.TextColumn(_("Column")),
            "missing": st.column_config.ProgressColumn(_("Missing"), format="percent", min_value=0, max_value=1),
            "constant": st.column_config.ProgressColumn(
                _("Most frequent cell"), format="percent", min_value=0, max_value=1
            ),
            "alone": st.column_config.ProgressColumn(
                _("Predicts the target alone"), format="percent", min_value=0, max_value=1,
                help=_("Share of the error of guessing that a small decision tree on this column "
                       "alone removes."),
            ),
            "class": st.column_config.TextColumn(
                _("Class"), help=_("The class that the column alone tells best from all others.")
            ),
            "of_class": st.column_config.ProgressColumn(
                _("Tells this class alone"), format="percent", min_value=0, max_value=1,
                help=_("The same share, of the question whether an example is of this class or not."),
            ),
        },
        hide_index=True,
        height="content" if len(found["columns"]) < 15 else 520,
        key="health.columns.table",
    )  # fmt: skip


def _doubts(column: dict[str, Any]) -> list[str]:
    reasons = []
    if column["alone"] >= TELLTALE:
        reasons.append(
            _("it alone predicts the target ({share}). Is it known before the target? If not, ignore it.").format(
                share=f"{column['alone']:.0%}"
            )
        )
    elif column.get("of_class", 0.0) >= TELLTALE:
        reasons.append(
            _(
                "it alone tells the class '{label}' from all others ({share}). Is it known before the class is? If not, ignore it."
            ).format(label=plain_label(column["class"]), share=f"{column['of_class']:.0%}")
        )
    if column["missing"] >= GAPS:
        reasons.append(_("{share} of the cells are missing.").format(share=f"{column['missing']:.0%}"))
    elif column["constant"] >= CONSTANT:
        reasons.append(_("{share} of the cells are the same.").format(share=f"{column['constant']:.1%}"))
    return reasons


# -- wrong labels ------------------------------------------------------------------------------------------------------


def _draw_test(test: dict[str, int] | None) -> None:
    """Say what the marks are worth, as measured on labels that were changed in the same data."""
    if test is None:
        return
    st.caption(
        _(
            "To test this, {changed} labels of this data were changed at random, and the check was run on the result: {found} of them "
            "were among the {marked} examples that it marked then. The others are hard examples, or were wrong before."
        ).format(**{name: f"{count:,}" for name, count in test.items()})
    )


def _draw_mislabels(prepared: PreparedDataset, kind: str, found: dict[str, Any]) -> None:
    """The most doubtful examples first, with the class they have and the one that is likelier."""
    st.caption(
        _("The classifier is right in {accuracy} of {count} examples.").format(
            accuracy=f"{found['accuracy']:.0%}", count=f"{found['examined']:,}"
        )
    )
    if not found["count"]:
        _good(_("No suspicious labels were found."))
        return
    words = plural(
        "{count} label is worth a check.",
        "{count} labels are worth a check; the most suspicious come first.",
        found["count"],
    ).format(count=f"{found['count']:,}")
    if found["accuracy"] < _DOUBTFUL_ACCURACY:
        words += " " + _("The classifier itself is often wrong here: read this as a list of hard examples.")
    st.info(words, icon=":material/label_off:")
    _draw_test(found["test"])
    labels, suspects = names_of(prepared), found["suspects"]
    pages = -(-len(suspects) // _SUSPECTS_SHOWN)
    current = st.pagination(pages, key="health.mislabels.page") if pages > 1 else 1
    shown = suspects[(current - 1) * _SUSPECTS_SHOWN : current * _SUSPECTS_SHOWN]
    captions = [
        _("Labelled {given}; perhaps {said}?").format(given=labels[suspect["given"]], said=labels[suspect["said"]])
        for suspect in shown
    ]
    modality(kind).examples(prepared, [suspect["position"] for suspect in shown], captions)
