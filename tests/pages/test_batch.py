"""Many inputs at once on the demo page: portions, cancel, kept results; and the demo of a run that is still training."""

import io
import json
import zipfile
from dataclasses import dataclass

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from engine.artifacts import artifacts_of
from engine.datasets.base import datasets
from engine.errors import TrainyardError
from engine.preparation.prepare import prepare
from engine.runs import Run
from engine.serving.answers import PredictResult
from engine.serving.client import Busy
from engine.settings import settings
from engine.store import Store
from engine.tasks.base import Prediction
from tests import seeding
from tests.pages.opening import choose_way, labels, open_page, press, words
from tests.pages.warm import Blind
from ui import lab
from ui.demo import batch
from ui.demo.results import downloaded, result_table
from ui.modalities.given import given_records, given_rows
from ui.predictions import renderer_for
from ui.widgets.downloads import json_file


@dataclass
class LengthPredictor(Blind):
    """Tells by its length whether a file is long; counts the portions, and may break at one of them."""

    breaks_at: int = 0
    error: type[TrainyardError] = TrainyardError
    epoch: int | None = None
    portions: int = 0

    def predict(self, run_id: int, files: list[tuple[str, bytes]], parameters: object = None) -> list[PredictResult]:
        """Answer for each file."""
        self.portions += 1
        assert len(files) <= settings().max_predictions
        if self.portions == self.breaks_at:
            raise self.error("It broke.")
        return [self._one(name, data) for name, data in files]

    def _one(self, name: str, data: bytes) -> PredictResult:
        if not data:
            return PredictResult(name, None, f"{name!r} is empty.")
        label = "long" if len(data) > 5 else "=short"
        values = {"label": label, "probability": 0.75, "probabilities": {"long": 0.75, "=short": 0.25}}
        return PredictResult(name, Prediction("classes", values), "", self.epoch)


@pytest.fixture
def predictor(monkeypatch: pytest.MonkeyPatch) -> LengthPredictor:
    """The predictor of these pages."""
    made = LengthPredictor()
    monkeypatch.setattr(lab, "predictor", lambda: made)
    return made


@pytest.fixture
def run(store: Store) -> Run:
    """A run that can be tried."""
    return seeding.completed(store, epochs=1)


def start(run: Run, *files: tuple[str, bytes]) -> AppTest:
    """The demo page after these files were given to the batch."""
    at = open_page("demo", run=run.id)
    for name, data in files:
        at.get_by_key(f"batch-files-{run.id}").upload(name, data, "application/octet-stream")
    at.run()
    return press(at, "Predict all")


def many(count: int) -> list[tuple[str, bytes]]:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for i in range(count):
            archive.writestr(f"{i}.png", b"x" * (i % 10))
    return [("many.zip", buffer.getvalue())]


def table(at: AppTest) -> pd.DataFrame:
    return at.dataframe[0].value


def test_a_zip_is_predicted_in_portions_and_each_file_has_its_row(run: Run, predictor: LengthPredictor) -> None:
    at = start(run, *many(200), ("single.png", b"x" * 9))
    assert predictor.portions == 4  # of at most 64
    found = table(at)
    assert list(found["name"]) == [*(f"{i}.png" for i in range(200)), "single.png"]
    assert list(found["label"][:7].fillna("")) == ["", *["'=short"] * 5, "long"]
    assert list(found["error"][:2]) == ["'0.png' is empty.", ""]
    assert {"Download as CSV", "Download as JSON"} <= {button.label for button in at.get("download_button")}
    assert "Cancel" not in labels(at)


def test_cancel_is_obeyed_between_portions_and_loses_nothing(
    run: Run, predictor: LengthPredictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch.Batch.work, "__defaults__", (0.0001,))  # one portion a tick
    at = start(run, *many(200))
    assert "64 of 200 inputs" in next(bar.proto.text for bar in at.get("progress"))
    press(at, "Cancel")
    assert len(table(at)) == 64
    assert predictor.portions == 1
    at.run()
    assert predictor.portions == 1
    press(at, "Continue")
    for _ in range(4):
        at.run()
    assert list(table(at)["name"]) == [f"{i}.png" for i in range(200)]
    assert predictor.portions == 4


def test_what_ends_a_batch_is_said_and_what_is_done_stays(run: Run, predictor: LengthPredictor) -> None:
    predictor.breaks_at = 2
    at = start(run, *many(200))
    assert at.error[0].value == "It broke."
    assert len(table(at)) == 64
    press(at, "Continue")
    assert len(table(at)) == 200


def test_a_table_keeps_all_its_columns_beside_the_predictions(store: Store, predictor: LengthPredictor) -> None:
    run = seeding.completed(store, epochs=1, dataset="penguins")
    info = prepare(run.parsed().dataset).info
    signature = {"task": run.parsed().task.to_dict(), **info.to_dict()}
    artifacts_of(run.id).info.write_text(json.dumps(signature), encoding="utf-8")
    rows = pd.read_csv(datasets["penguins"]().path)[:3]
    rows.insert(0, "label", ["=a", "b", "c"])
    at = start(run, ("birds.csv", rows.to_csv(index=False).encode()))
    found = table(at)
    assert found["given 0"].tolist() == ["'=a", "b", "c"], "an id, which the network does not take"
    assert found.shape[1] == 3 + len(rows.columns)


def test_downloads_have_what_was_given() -> None:
    cells = given_rows([{"id": "7", "label": "x"}, {"id": "8", "more": float("nan")}])
    results = [LengthPredictor()._one("t.csv:1", b"123"), LengthPredictor()._one("t.csv:2", b"")]
    written = json.loads(json_file(results, given_records(cells)))
    assert [one["input"] for one in written] == [
        {"id": "7", "label": "x", "more": None},
        {"id": "8", "label": None, "more": None},
    ]
    frame = downloaded(*cells, result_table(renderer_for("classes"), results))
    assert frame.columns.tolist() == ["name", "label", "probability", "error", "id", "label", "more"]


def test_a_table_of_texts_is_a_text_a_row(store: Store, predictor: LengthPredictor) -> None:
    run = seeding.completed(store, epochs=1, dataset="movie-snippets", model="bag-of-embeddings")
    found = table(start(run, ("t.csv", b"id,review\n1,a fine film\n2,dull\n")))
    assert found["label"].tolist() == ["long", "'=short"]
    assert found["given 0"].tolist() == ["1", "2"]


def test_a_busy_predictor_is_asked_again(run: Run, predictor: LengthPredictor) -> None:
    predictor.breaks_at, predictor.error = 1, Busy
    at = start(run, *many(70))
    assert not at.error
    at.run()
    assert len(table(at)) == 70


def test_files_that_cannot_be_used_are_refused_with_a_sentence(run: Run, predictor: LengthPredictor) -> None:
    at = start(run, ("x.zip", b"PK\x03\x04 broken"))
    assert "not a zip archive" in at.error[0].value
    assert predictor.portions == 0


def test_a_download_for_programs_has_whole_predictions_and_what_was_wrong() -> None:
    found = json.loads(json_file([LengthPredictor()._one("=a", b"123"), LengthPredictor()._one("\ud800", b"")]))
    assert found[0]["file"] == "=a"
    assert found[0]["probabilities"] == {"long": 0.75, "=short": 0.25}
    assert "is empty" in found[1]["error"]


def test_a_run_that_trains_can_be_tried_once_it_has_a_checkpoint(store: Store, predictor: LengthPredictor) -> None:
    run = seeding.running(store)
    assert "does not have a model yet" in open_page("demo", run=run.id).warning[0].value
    artifacts_of(run.id).checkpoint.write_bytes(b"no page reads it")
    predictor.epoch = 3
    at = open_page("demo", run=run.id)
    assert "▶ Running" in at.selectbox(key="demo_run").options[0]
    choose_way(at, "upload")
    at.get_by_key(f"upload-{run.id}").upload("a.png", b"abc", "image/png")
    at.run()
    assert "weights of epoch 3" in words(at)
    assert "Try it" in labels(open_page("run", run=run.id))
