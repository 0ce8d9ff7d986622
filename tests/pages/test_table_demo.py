"""Tables in the pages: a look at the columns, a form from the columns of a network, files of rows."""

import json
import re

import pandas as pd
import pytest

from engine.artifacts import artifacts_of
from engine.data_info import Column, DataInfo
from engine.datasets.base import datasets
from engine.preparation.prepare import prepare
from engine.runs import Run, RunState
from engine.serving.answers import PredictResult
from engine.serving.decoding import decode
from engine.store import Store
from engine.tasks.base import Prediction
from tests import seeding
from tests.pages.opening import choose_way, open_page, words
from tests.pages.warm import Blind
from ui import lab
from ui.modalities import modality
from ui.modalities.table_row import MOST_WIDGETS, held_out_rows
from ui.plain import plain_label

LABELS = ("light", "heavy")


class WeighingPredictor(Blind):
    """Tells by the first number: no network, but real bytes in and real predictions out."""

    info = DataInfo((), LABELS)

    def predict(self, run_id: int, files: list[tuple[str, bytes]], parameters: object = None) -> list[PredictResult]:
        """Answer for each row of each file."""
        results = []
        for name, data in files:
            found = decode("table", data, name, self.info)
            for called, row in zip(found.names, found.inputs, strict=True):
                heavy = float(row["numbers"][0] > 40)
                values = {"label": LABELS[int(heavy)], "probability": 1.0, "probabilities": dict.fromkeys(LABELS, 0.5)}
                results.append(PredictResult(called, Prediction("classes", values)))
        return results


def completed(store: Store, monkeypatch: pytest.MonkeyPatch, info: DataInfo | None = None) -> Run:
    """A completed run on the penguins whose network takes the columns of `info`."""
    run = seeding.running(store, epochs=1, dataset="penguins")
    info = info or prepare(datasets["penguins"]()).info
    files = artifacts_of(run.id)
    files.model.write_bytes(b"a model")
    files.info.write_text(json.dumps({"task": run.parsed().task.to_dict(), **info.to_dict()}), encoding="utf-8")
    store.attempts.end(run, RunState.COMPLETED, "", {"test_accuracy": 0.9})
    monkeypatch.setattr(WeighingPredictor, "info", info)
    monkeypatch.setattr(lab, "predictor", WeighingPredictor)
    return store.runs.get(run.id)


def test_a_form_has_a_widget_for_each_column_and_starts_with_an_example(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = completed(store, monkeypatch)
    at = open_page("demo", run=run.id)
    assert [widget.label for widget in at.number_input] == [
        plain_label(name) for name in ("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g")
    ]
    first = held_out_rows(prepare(run.parsed().dataset))[0][1]
    assert at.number_input[0].value == first["bill_length_mm"]
    assert at.selectbox(key=f"row-{run.id}-4").value == first["island"]
    at.number_input[0].set_value(60.0).run()
    assert at.metric[0].value == "heavy"
    at.number_input[0].set_value(20.0).run()
    assert at.metric[0].value == "light"


def test_another_example_fills_the_form_and_an_empty_widget_is_a_missing_value(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = completed(store, monkeypatch)
    at = open_page("demo", run=run.id)
    examples = held_out_rows(prepare(run.parsed().dataset))
    at.button(key=f"row-{run.id}-fill-2").click().run()
    assert [widget.value for widget in at.number_input] == [
        examples[2][1][name] for name in ("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g")
    ]
    at.number_input[0].set_value(None).run()
    assert not at.exception
    assert at.metric[0].value == "light"


def test_a_wide_table_is_one_editable_row_and_names_are_no_markup(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = tuple(Column(f"*{i}* :red[x] <b>", "number") for i in range(MOST_WIDGETS + 1))
    at = open_page("demo", run=completed(store, monkeypatch, DataInfo((), LABELS, columns)).id)
    assert not at.number_input
    assert "Edit any value of the row" in words(at)
    assert at.metric[0].value == "light"


def test_a_file_of_rows_gives_a_prediction_for_each(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = completed(store, monkeypatch)
    at = open_page("demo", run=run.id)
    choose_way(at, "file")
    frame = pd.read_csv(datasets["penguins"]().path)[:5].rename(columns={"species": "name"})
    at.file_uploader[0].upload("birds.csv", frame.to_csv(index=False).encode(), "text/csv")
    at.run()
    assert not at.exception, at.exception[0].message
    table = at.dataframe[0].value
    assert table["name"].tolist() == [f"birds.csv:{row}" for row in range(1, 6)]
    assert table["label"].tolist() == ["light", "light", "heavy", "light", "light"]
    assert table["given 0"].tolist() == frame["name"].tolist()
    assert "error" not in table


def test_cells_that_are_formulas_stay_words_beside_their_predictions(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = completed(store, monkeypatch)
    at = open_page("demo", run=run.id)
    choose_way(at, "file")
    frame = pd.read_csv(datasets["penguins"]().path)[:2].assign(species="=1+1")
    at.file_uploader[0].upload("birds.csv", frame.to_csv(index=False).encode(), "text/csv")
    at.run()
    assert not at.exception, at.exception[0].message
    assert "'=1+1" in at.dataframe[0].value.to_numpy().ravel().tolist()
    assert "=1+1" not in at.dataframe[0].value.to_numpy().ravel().tolist()


@pytest.mark.parametrize("name", ["penguins", "diabetes"])
def test_the_form_looks_at_columns_and_rows(store: Store, name: str) -> None:
    at = open_page("train", dataset=name)
    assert len(at.dataframe) == 1
    at.session_state["look-more"] = True
    at.run()
    info = prepare(datasets[name]()).info
    rows, columns = at.dataframe[0].value, at.dataframe[1].value
    assert columns["name"].tolist() == [column.name for column in info.columns]
    assert rows.columns[0] == (info.target or "Class")
    assert f"{len(info.columns)} columns" in words(at)
    assert (columns["missing"].max() > 0) == (name == "penguins")


@pytest.mark.parametrize("text", ["*a* _b_", ":red[x] :smile: $x$", "[x](http://example.org) <b>", "a\nb", "#1 - x"])
def test_markup_in_a_name_is_shown_as_it_is(text: str) -> None:
    from markdown_it import MarkdownIt

    shown = MarkdownIt().renderInline(plain_label(text))
    assert shown.replace("\N{WORD JOINER}", "") == MarkdownIt().utils.escapeHtml(" ".join(text.split()))
    assert not re.search(r"(?<!\\):(?![\s\u2060]|$)", plain_label(text)), "a colon that could begin something"
    assert "$" not in plain_label(text).replace("\\$", "")


def test_tables_are_a_modality() -> None:
    assert modality("table").size(DataInfo((), (), (Column("a", "number"),))) == "1 column"
