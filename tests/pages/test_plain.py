"""People's texts are shown as written on every page: no place that reads Markdown, HTML or tags gets them raw."""

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from google.protobuf.message import Message
from streamlit.testing.v1 import AppTest

from engine.runs import RunState
from engine.store import Store, open_store
from engine.studies import StudyState
from engine.tasks.base import Prediction
from tests import planted, seeding, study_seeding
from tests.pages.opening import open_page
from tests.pages.warm import Blind
from tests.planted import NAMES, PICTURE
from tests.test_own_data import imported
from ui import lab
from ui.plain import plain_label

PORT = 9
MARKDOWN = frozenset(
    (
        "body",
        "label",
        "help",
        "content",
        "caption",
        "captions",
        "title",
        "text",
        "delta",
        "delta_description",
        "options",
    )
)
"""Fields of elements in which Streamlit reads Markdown ..."""
PLAIN = frozenset(
    (("text", "body"), ("html", "body"), ("json", "body"), ("selectbox", "options"), ("multiselect", "options"))
)
"""... but for those of these kinds."""
AT_START = ("# h", "1. one", "- item", "> said", "=====")  # they have a meaning only there
BEGINNINGS = [
    name.replace("PORT", "9")[: 14 if name.startswith(":material") else 8]  # pages have icons of their own
    for name in (*NAMES, *planted.FOLDERS)
    if name not in AT_START and plain_label(name) != name
]
TAGS = re.compile(r"<b>bold|<img src=http:|<a href=\\?\"http:")
KINDS: dict[str, dict[str, Any]] = {
    "planted-table": {"dataset": "my-table", "table": "planted-table"},
    "planted-numbers": {"task": "tabular-regression", "dataset": "my-table", "table": "planted-numbers"},
    "planted-texts": {"dataset": "my-texts", "texts": "planted-texts", "model": "bag-of-embeddings"},
    "planted-pictures": {"dataset": "folder", "folder": "planted-pictures", "model": "mlp"},
    "planted-clips": {"dataset": "my-clips", "clips": "planted-clips"},
}
"""The form of a run on each set."""


@dataclass
class Answer:
    """Return what the predictor gives for one file."""

    name: str
    prediction: Prediction | None
    error: str = ""
    epoch: int | None = None


class PlantedPredictor(Blind):
    """Answers with planted names, for every third file with a sentence that has one."""

    def ready(self) -> bool:
        """Never: it draws no networks."""
        return False

    def predict(self, run_id: int, files: list[tuple[str, bytes]], parameters: object = None) -> list[Answer]:
        """Answer for each file."""
        chances = {name: 1 / len(NAMES) for name in NAMES}
        values = {
            "label": PICTURE,
            "probability": 0.5,
            "probabilities": chances,
            "value": 1.5,
            "target": planted.TARGET,
        }
        kind = "value" if open_store().runs.get(run_id).parsed().task.prediction == "value" else "classes"
        return [
            Answer(name, None, f"{PICTURE!r} is not a picture.")
            if i % 3 == 2
            else Answer(name, Prediction(kind, values))
            for i, (name, _data) in enumerate(files)
        ]


@pytest.fixture(autouse=True)
def _predictor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "predictor", PlantedPredictor)


@pytest.fixture
def sets(store: Store) -> None:
    """A set of each kind, with planted names of classes, columns, files and the set itself."""
    imported(io.BytesIO(planted.table(PORT)), "a.csv", "planted-table", title=PICTURE)
    imported(io.BytesIO(planted.numbers(PORT)), "a.csv", "planted-numbers", title="***")
    imported(
        io.BytesIO(planted.texts(PORT)),
        "a.csv",
        "planted-texts",
        kind="texts",
        text_column="text",
        label_column="label",
        title="$x^2$",
    )
    imported(io.BytesIO(planted.pictures(PORT)), "a.zip", "planted-pictures", title=":smile:")
    imported(io.BytesIO(planted.clips(PORT)), "a.zip", "planted-clips", title=":red[hot]")


def protos(node: Any) -> Iterator[Message]:
    """Everything that a page has drawn."""
    if (proto := getattr(node, "proto", None)) is not None:
        yield proto
    for child in getattr(node, "children", {}).values():
        yield from protos(child)


def texts(proto: Message, kind: str) -> Iterator[tuple[str, str, str]]:
    """Kind of element, field and text of each text in it."""
    for field, value in proto.ListFields():
        for one in value if field.is_repeated else [value]:
            if isinstance(one, str):
                yield kind, field.name, one
            elif isinstance(one, Message):
                yield from texts(one, kind)


def raw(kind: str, field: str, text: str) -> str | None:
    """The beginning of a planted name that this place would read as something else."""
    if field in MARKDOWN and (kind, field) not in PLAIN:
        unescaped = re.sub(r"\\(.)|\N{WORD JOINER}", "\x00", text)
        return next((name for name in BEGINNINGS if name in unescaped), None)
    if field == "columns" and text.startswith("{"):  # of a table: the help reads Markdown
        helps = [str((column or {}).get("help") or "") for column in json.loads(text).values()]
        return next((found for words in helps if (found := raw(kind, "help", words))), None)
    if field in ("spec", "json") or kind == "html":
        return found[0] if (found := TAGS.search(text)) else None
    return None


def check(at: AppTest) -> None:
    """No place of the page is given a planted name raw."""
    assert not at.exception, at.exception[0].message
    wrong = [
        (kind, field, found, text[:300])
        for proto in protos(at._tree)
        for kind, field, text in texts(proto, proto.DESCRIPTOR.name.lower())
        if (found := raw(kind, field, text))
    ]
    assert not wrong, wrong[:5]


def opened(name: str, tabs: dict[str, tuple[str, ...]] | None = None, **query: Any) -> AppTest:
    """The page after each of these tabs was opened, and checked."""
    at = open_page(name, **query)
    check(at)
    for key, titles in (tabs or {}).items():
        for title in titles:
            at.session_state[key] = title
            check(at.run(timeout=120))
    return at


def evaluated(store: Store, name: str) -> int:
    """A run with planted owner on a set."""
    make = seeding.scored if name == "planted-numbers" else seeding.evaluated
    return make(store, owner=PICTURE, **KINDS[name]).id


@pytest.mark.parametrize("name", KINDS)
def test_a_set_is_browsed_checked_and_shown_in_the_form(name: str, sets: None, store: Store) -> None:
    own = {k: v for k, v in KINDS[name].items() if k not in ("task", "model")}
    at = opened("data", {"data.tab": ("Examples", "Health")}, dataset=own["dataset"], set=name)
    for button in [button for button in at.button if (button.key or "").startswith("health.")]:
        check(at.get_by_key(button.key).click().run(timeout=120))
    opened("train", **KINDS[name])


@pytest.mark.parametrize("name", KINDS)
def test_a_run_on_a_set_is_evaluated_and_tried(name: str, sets: None, store: Store) -> None:
    run = evaluated(store, name)
    tabs = {"details": ("Reproduce", "Curve data", "Log", "Events", "System"), "examples": ("Most confident mistakes",)}
    opened("run", tabs | {"thresholds": ("Precision and recall", "Calibration")}, run=run)
    at = opened("demo", run=run)
    if name == "planted-numbers":
        return  # `scored` leaves no model to try
    for button in [button for button in at.button if re.search("example|fill", button.key or "")][:1]:
        check(button.click().run())
    at.get_by_key(f"batch-files-{run}").upload(PICTURE.replace("/", ""), b"x,y\n1,2\n")
    check(at.run())


def test_lists_comparisons_and_leaderboards(sets: None, store: Store) -> None:
    runs = [evaluated(store, "planted-table"), evaluated(store, "planted-table"), evaluated(store, "planted-texts")]
    ended = seeding.running(store, owner=PICTURE, **KINDS["planted-table"])
    store.attempts.end(ended, RunState.FAILED, f"Column {PICTURE!r} has no *** in it.")
    opened("run", run=ended.id)
    opened("data")
    opened("runs")
    opened("runs", owners=PICTURE)
    opened("compare", {"columns": ("Parallel coordinates", "Scatter")}, runs=",".join(map(str, [*runs, ended.id])))
    opened("leaderboard")
    study = study_seeding.study(store, name=PICTURE)
    store.studies.end(study.id, StudyState.FAILED, f"No trial of {PICTURE!r} has completed.")
    opened("studies")
    opened("study", study=study.id)
    opened("system")


@pytest.mark.parametrize(
    ("page", "query"),
    [
        ("train", {"dataset": PICTURE, PICTURE: "***", "epochs": PICTURE, "model": "***"}),
        (
            "search",
            {
                "vary": f"{PICTURE}:1..2,learning_rate:{PICTURE}",
                "objectives": f"{PICTURE},quality:{PICTURE}",
                "epochs": "***",
            },
        ),
        ("data", {"dataset": PICTURE}),
        ("data", {"dataset": "my-table", "set": PICTURE}),
        ("compare", {"runs": PICTURE, "metric": PICTURE}),
        ("run", {"run": PICTURE}),
        ("study", {"study": PICTURE}),
        ("demo", {"run": PICTURE}),
        ("leaderboard", {"dataset": PICTURE}),
        ("train", {"fork": PICTURE, "fork_epoch": "***"}),
    ],
)
def test_words_of_the_address(page: str, query: dict[str, str], store: Store) -> None:
    seeding.completed(store)
    opened(page, **query)


@pytest.mark.parametrize(
    ("filename", "make"), [("t.csv", "table"), ("x.csv", "texts"), ("p.zip", "pictures"), ("c.zip", "clips")]
)
def test_the_preview_of_an_import_and_what_came_of_it(filename: str, make: str, store: Store) -> None:
    at = open_page("data")
    at.get_by_key("own.file-0").upload(f"{planted.FOLDERS[0]} {filename}", getattr(planted, make)(PORT))
    check(at.run(timeout=120))
    at.get_by_key("own.start").click()
    check(at.run(timeout=120))
    assert at.success


def test_a_file_that_cannot_be_read_is_a_sentence(store: Store) -> None:
    at = open_page("data")
    at.get_by_key("own.file-0").upload(f"{PICTURE.replace('/', '')}.csv", b"\x00\x01\x02")
    check(at.run())
    assert at.error
