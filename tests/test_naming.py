"""Names, notes and tags: what is kept of a text, and what is refused."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from engine import service
from engine.access import local_owner
from engine.api.models import Models
from engine.cli import main
from engine.errors import TrainyardError
from engine.imports.titles import dataset_title, own_title
from engine.imports.understood import Choice
from engine.naming import Naming
from engine.runs import RunSpec
from engine.settings import settings
from engine.store import Store
from tests import seeding, study_seeding

pytestmark = pytest.mark.both_databases

TREES = b"size,kind\n" + b"".join(b"%d,%s\n" % (i, (b"oak", b"elm")[i % 2]) for i in range(40))


def asked(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    """What a command prints with --json, when it works."""
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def imported_trees(title: str = "Trees of the park", name: str = "trees") -> str:
    """The reference of a small table of one's own."""
    choice = Choice("table", name, title, {"size": "number", "kind": "target"})
    return service.datasets.import_own(local_owner(), io.BytesIO(TREES), "trees.csv", choice).made.reference


def on_trees(reference: str) -> RunSpec:
    """A run on that table."""
    return RunSpec.build({"task": "tabular-classification", "dataset": "my-table", "table": reference, "model": "mlp"})


def test_a_name_is_one_line_without_what_cannot_be_read() -> None:
    assert Naming("  Deep\n one\x00 \t here ").values() == {"name": "Deep one here"}
    assert Naming("👩\u200d🔬 三号").values() == {"name": "👩\u200d🔬 三号"}  # joiners make one sign of several


def test_a_note_keeps_its_lines() -> None:
    assert Naming(note="one\r\n\r\n  two\x07\n\n").values() == {"note": "one\n\n  two"}


def test_tags_keep_their_order_and_are_each_there_once() -> None:
    assert Naming(tags=("b", " a ", "b", "")).values() == {"tags": ["b", "a"]}


@pytest.mark.parametrize(
    ("naming", "words"),
    [
        (Naming("x" * 121), "121 characters.*TRAINYARD_MAX_NAME_CHARACTERS allows 120"),
        (Naming(note="x" * 4001), "4,001 characters.*TRAINYARD_MAX_NOTE_CHARACTERS allows 4,000"),
        (Naming(tags=("x" * 41,)), "41 characters.*TRAINYARD_MAX_TAG_CHARACTERS allows 40"),
        (Naming(tags=tuple(map(str, range(21)))), "21 tags.*TRAINYARD_MAX_TAGS allows 20"),
    ],
)
def test_what_is_too_long_is_refused_with_the_limit(naming: Naming, words: str) -> None:
    with pytest.raises(TrainyardError, match=words):
        naming.values()


def test_one_s_own_data_is_called_by_its_title(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = imported_trees()
    assert dataset_title(on_trees(reference).to_dict()["dataset"]) == "Trees of the park"
    second = imported_trees("Trees of the park", "trees")
    assert own_title("my-table", {"table": second}) == "Trees of the park @2"
    assert dataset_title({"name": "digits"}) == "digits"
    service.datasets.delete_own(local_owner(), reference)
    assert own_title("my-table", {"table": reference}) == "trees"
    assert own_title("my-table", {"table": "../../etc"}) == "../../etc"
    assert own_title("my-table", {"table": ""}) == ""


def test_a_study_of_one_s_own_data_is_called_by_its_title(store: Store) -> None:
    spec = study_seeding.StudySpec.build(on_trees(imported_trees()).flat(), {"units": None})
    made = store.studies.create(spec)
    assert made.name == "mlp on Trees of the park"
    assert store.studies.rename(made.id, Naming("Wide", "why", ("a",))).name == "Wide"
    cleared = store.studies.rename(made.id, Naming(""))
    assert (cleared.name, cleared.note, cleared.tags) == ("mlp on Trees of the park", "why", ("a",))


def test_runs_that_repeat_another_carry_its_name_and_tags(store: Store) -> None:
    run = seeding.completed(store, epochs=1)
    service.runs.rename(local_owner(), run.id, Naming("Deep", "slow", ("paper",)))
    again = service.runs.repeat(local_owner(), run.id)
    other = service.runs.reseed(local_owner(), run.id, 1)[0]
    assert [(one.name, one.note, one.tags) for one in (again, other)] == [("Deep", "", ["paper"])] * 2


def test_a_command_names_what_it_makes_and_renames_it_later(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    number = asked(capsys, "submit", "--dataset", "digits", "--name", "Deep", "--tag", "a", "--tag", "b")["run"]
    assert asked(capsys, "rename", str(number)) == {"run": number, "name": "Deep", "tags": ["a", "b"], "note": ""}
    changed = ("--name", "Deeper", "--tag", "c", "--untag", "a", "--note", "one\ntwo")
    after = {"run": number, "name": "Deeper", "tags": ["b", "c"], "note": "one\ntwo"}
    assert asked(capsys, "rename", str(number), *changed) == after
    assert asked(capsys, "runs")[0]["name"] == "Deeper"
    assert asked(capsys, "show", str(number))["note"] == "one\ntwo"
    assert main(["rename", str(number)]) == 0
    assert capsys.readouterr().out == f"Run {number}: Deeper\n  tags: b, c\n  one\n  two\n"


def test_a_study_is_renamed_too(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    study = study_seeding.study(store)
    assert asked(capsys, "rename", str(study.id), "--study", "--name", "Wide", "--tag", "a")["name"] == "Wide"
    assert store.studies.get(study.id).tags == ("a",)


def test_the_table_of_runs_names_people_s_data(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    run = store.runs.create(on_trees(imported_trees()))
    assert main(["runs"]) == 0
    printed = capsys.readouterr().out
    assert "Trees" in printed
    assert "my-table" not in printed
    assert "tags" not in printed
    found = asked(capsys, "runs")[0]
    assert (found["id"], found["dataset"], found["dataset_title"]) == (run.id, "my-table", "Trees of the park")


def test_the_api_tells_name_note_and_tags(store: Store) -> None:
    run = seeding.completed(store, epochs=1)
    store.runs.rename(run.id, Naming("Deep", "slow", ("paper",)))
    told = Models(local_owner()).describe(str(run.id))
    assert (told.name, told.title, told.note, told.tags) == (str(run.id), "Deep", "slow", ["paper"])
    assert told.dataset_title == told.dataset


def test_limits_are_settings(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINYARD_MAX_TAG_CHARACTERS", "3")
    settings.cache_clear()
    with pytest.raises(TrainyardError, match="allows 3"):
        Naming(tags=("four",)).values()
