"""Published demos: who may do what with them, versions, what a visitor reaches through the service and the API, and frames."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from engine import service
from engine.access import Action, Actor, Forbidden, Role, Visibility, allowed
from engine.api.routes import api_routes
from engine.artifacts import artifacts_of
from engine.cli.commands import main
from engine.demos.card import Card, Fact, facts_of
from engine.demos.names import clean_name
from engine.errors import TrainyardError
from engine.naming import Naming
from engine.runs import Run
from engine.service import opened
from engine.service.demos import Changes
from engine.settings import settings
from engine.web.frames import demo_framers
from tests import seeding

CAROL, BOB = Actor("carol@example.org", Role.MEMBER), Actor("bob", Role.MEMBER)
EVE, ROOT = Actor("visitor", Role.VISITOR), Actor("root", Role.ADMIN)
MISSING = "There is no demo named 'clothes'."


@pytest.fixture
def runs(home: object) -> list[Run]:
    """Three private runs of carol's that have ended."""
    store = opened.store()
    made = [seeding.completed(store, owner=CAROL.name, epochs=1, points=2) for _number in range(3)]
    for run in made:
        service.runs.rename(CAROL, run.id, Naming("secret plan", "secret note", ("secret",)))
        artifacts_of(run.id).info.write_text(json.dumps(INFO))
    return [service.runs.get(CAROL, run.id) for run in made]


INFO = {
    "task": {"name": "image-classification"}, "shape": [28, 28, 1], "labels": list(seeding.LABELS), "columns": [],
}  # fmt: skip


def publish(run: Run, **values: Any) -> Any:
    return service.demos.publish(CAROL, run.id, "clothes", **values)


def sentence(call: Any, *arguments: Any, **named: Any) -> str:
    with pytest.raises(TrainyardError) as error:
        call(*arguments, **named)
    return str(error.value)


# -- who may do what -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_open", [True, False])
def test_the_table_of_who_may_do_what_holds_for_demos(runs: list[Run], is_open: bool) -> None:
    publish(runs[0])
    demo = service.demos.show(CAROL, "clothes", is_open)
    for actor in (CAROL, ROOT, BOB, EVE):
        mine = actor in (CAROL, ROOT)
        may_use = mine or is_open
        assert [allowed(actor, action, demo) for action in (Action.LOOK, Action.USE)] == [may_use] * 2
        assert [allowed(actor, action, demo) for action in (Action.CHANGE, Action.DELETE)] == [mine] * 2
        assert ("clothes" in [one.name for one in service.demos.list_all(actor)]) is may_use
        if not may_use:
            assert sentence(service.demos.ask, actor, "clothes", None, str) == MISSING
            assert sentence(service.demos.roll_back, actor, "clothes") == MISSING
        elif not mine:
            with pytest.raises(Forbidden):
                service.demos.roll_back(actor, "clothes")
    assert service.runs.get(CAROL, runs[0].id).visibility is Visibility.PRIVATE


def test_only_the_owner_of_a_run_and_admins_publish_it_and_never_under_a_name_of_somebody_else(runs: list[Run]) -> None:
    assert "does not exist" in sentence(service.demos.publish, BOB, runs[0].id, "clothes")
    publish(runs[0])
    service.demos.show(CAROL, "clothes", False)
    mine = seeding.completed(opened.store(), owner="bob", epochs=1, points=2)
    assert "is taken" in sentence(service.demos.publish, BOB, mine.id, "clothes")
    assert service.demos.publish(ROOT, mine.id, "bobs").owner == "bob"


@pytest.mark.parametrize("name", ["", "12", "A", "a b", "a/b", "a--b", "-a", "x" * 41, "fashion-cnn", "ümlaut", "a\n"])
def test_a_name_that_is_no_address_or_that_of_a_model_is_refused(name: str) -> None:
    assert "cannot be the name of a demo" in sentence(clean_name, name)


# -- versions --------------------------------------------------------------------------------------------------------------


def test_versions_are_swapped_labelled_shown_beside_rolled_back_and_withdrawn(runs: list[Run]) -> None:
    first, second, third = runs
    warmed: list[int] = []
    publish(first, warm=warmed.append)
    publish(second, warm=warmed.append, note="longer")
    demo = publish(third, current=False)
    assert (demo.current, list(demo.versions), warmed) == (2, [1, 2, 3], [first.id, second.id])
    demo = service.demos.label(CAROL, "clothes", "canary", 3)
    assert demo.labels == {"stable": 2, "canary": 3}
    assert service.demos.ask(EVE, "clothes", "canary", lambda run_id: run_id) == third.id
    assert service.demos.ask(EVE, "clothes", "stable", lambda run_id: run_id) == second.id
    assert "no label 'nightly'" in sentence(service.demos.ask, EVE, "clothes", "nightly", str)
    assert "no version 9" in sentence(service.demos.choose, CAROL, "clothes", 9)
    assert service.demos.choose(CAROL, "clothes", "canary").current == 3
    assert service.demos.roll_back(CAROL, "clothes").current == 2
    assert service.demos.roll_back(CAROL, "clothes").current == 1
    assert "No other version" in sentence(service.demos.roll_back, CAROL, "clothes")
    assert "is the current one" in sentence(service.demos.withdraw, CAROL, "clothes", 1)
    assert "has the label 'canary'" in sentence(service.demos.withdraw, CAROL, "clothes", 3)
    service.demos.label(CAROL, "clothes", "canary", None)
    service.demos.compare(CAROL, "clothes", 3)
    assert "is shown beside it" in sentence(service.demos.withdraw, CAROL, "clothes", 3)
    service.demos.compare(CAROL, "clothes", None)
    assert list(service.demos.withdraw(CAROL, "clothes", 3).versions) == [1, 2]
    assert list(publish(third).versions) == [1, 2, 4], "no number is given twice"


def test_a_model_that_does_not_load_changes_nothing(runs: list[Run]) -> None:
    publish(runs[0])

    def broken(_run_id: int) -> None:
        raise TrainyardError("The model is damaged.")

    assert sentence(publish, runs[1], warm=broken) == "The model is damaged."
    assert service.demos.get(EVE, "clothes").current == 1
    assert "only a run that has ended" in sentence(publish, seeding.queued(opened.store(), owner=CAROL.name))
    other = seeding.completed(opened.store(), owner=CAROL.name, epochs=1, points=2, dataset="iris", model="mlp")
    assert "under another name" in sentence(publish, other)


def test_a_run_that_answers_is_neither_deleted_nor_resumed_and_its_model_stays_over_the_budget(
    runs: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine import artifacts

    publish(runs[0])
    assert "version 1 of the demo 'clothes'" in sentence(service.runs.delete, CAROL, runs[0].id)
    assert "Fork it" in sentence(service.runs.resume, CAROL, runs[0].id)
    monkeypatch.setattr(artifacts, "used_bytes", lambda _folder: 10**15)
    artifacts.keep_disk_budget(opened.store())
    assert [artifacts_of(run.id).model.is_file() for run in runs] == [True, False, False]
    service.demos.delete(CAROL, "clothes")
    service.runs.delete(CAROL, runs[0].id)


# -- what a visitor reaches ------------------------------------------------------------------------------------------------


class Quick:
    """Answers with the number of the run, and says what is wrong with run 2."""

    def predict_instances(self, run_id: int, body: bytes, *, raw: bool) -> bytes:
        """Tell who has answered."""
        if run_id == 2:
            raise TrainyardError("Run {run} is completed and has left no model.", run=run_id)
        return json.dumps({"predictions": [run_id]}).encode()

    def predict(self, run_id: int, files: list[Any], **_settings: object) -> list[Any]:
        """Load."""
        return []


def client(actor: Actor) -> Any:
    app = Starlette(routes=api_routes(lambda _request: actor, Quick))  # type: ignore[arg-type, return-value]

    def ask(method: str, path: str, **values: Any) -> httpx.Response:
        async def answer() -> httpx.Response:
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://here/api/v1") as browser:
                return await browser.request(method, path, **values)

        return asyncio.run(answer())

    return ask


def test_a_visitor_predicts_by_name_version_and_label_and_gets_nothing_of_the_run(runs: list[Run]) -> None:
    owner, visitor = client(CAROL), client(EVE)
    assert owner("POST", "/demos", json={"name": "clothes", "run": runs[0].id, "title": "Clothes"}).status_code == 201
    for run in runs[1:]:
        owner("POST", "/demos", json={"name": "clothes", "run": run.id, "current": False})
    changed = owner(
        "PATCH", "/demos/clothes", json={"version_labels": {"canary": 3}, "beside": 3, "texts": {"use": "To look."}}
    )
    assert (changed.status_code, changed.json()["version_labels"]) == (200, {"stable": 1, "canary": 3}), changed.text

    asked = {"json": {"instances": [[0]]}}
    for path, number in (("", 1), ("/versions/1", 1), ("/versions/3", 3), ("/labels/canary", 3), ("/labels/stable", 1)):
        found = visitor("POST", f"/models/clothes{path}:predict", **asked)
        assert found.json() == {"predictions": [runs[number - 1].id]}, path  # what this predictor says of itself
    broken = visitor("POST", "/models/clothes/versions/2:predict", **asked)
    assert broken.json() == {"error": "Version 2 of 'clothes' cannot answer now. Its owner can see why."}
    for path in ("/versions/9", "/labels/nightly"):
        assert visitor("GET", f"/models/clothes{path}").status_code == 404
    described = visitor("GET", "/models/clothes").json()
    assert described["labels"] == list(seeding.LABELS)
    assert described["card"]["intended_use"] == "To look."
    assert [one["version"] for one in described["model_version_status"]] == ["1", "2", "3"]
    assert visitor("GET", "/models/clothes/versions/2").json()["model_version_status"][0]["version"] == "2"
    told = json.dumps([described, visitor("GET", "/demos").json(), visitor("GET", "/models").json()])
    assert "secret" not in told
    assert "carol" not in told.replace("carol@", "")
    for path in (f"/models/{runs[0].id}", f"/runs/{runs[0].id}/report", "/runs/clothes/report"):
        assert visitor("GET", path).status_code == 404
    assert visitor("POST", f"/models/{runs[0].id}:predict", **asked).status_code == 404
    for method, path in (
        ("PATCH", "/demos/clothes"),
        ("DELETE", "/demos/clothes"),
        ("DELETE", "/demos/clothes/versions/2"),
    ):
        assert visitor(method, path, json={"open": False} if method == "PATCH" else None).status_code == 403
    assert owner("POST", "/demos", json={"name": "x", "run": runs[0].id, "more": 1}).status_code == 400
    assert owner("PATCH", "/demos/clothes", json={"open": False}).json()["open"] is False
    assert visitor("POST", "/models/clothes:predict", **asked).status_code == 404
    assert owner("DELETE", "/demos/clothes").status_code == 204
    assert service.demos.list_all(ROOT) == []


def test_examples_of_a_third_persons_data_are_never_shown(runs: list[Run], monkeypatch: pytest.MonkeyPatch) -> None:
    from types import SimpleNamespace

    own = SimpleNamespace(owner="bob", visibility=Visibility.PRIVATE, reference="bobs")
    publish(runs[0], examples=True)
    assert service.demos.shows_examples(EVE, "clothes")
    monkeypatch.setattr("engine.service.demos.set_of", lambda _dataset: own)
    assert not service.demos.shows_examples(EVE, "clothes")
    assert "examples cannot be shown" in sentence(publish, runs[1], examples=True)


# -- frames ----------------------------------------------------------------------------------------------------------------


def framers(address: str) -> list[str]:
    path, _mark, query = address.partition("?")
    return asyncio.run(demo_framers({"path": path, "query_string": query.encode()}))


def test_the_owners_sites_may_frame_the_demo_alone_and_nothing_else(
    runs: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(runs[0], changes=Changes(origins=["https://School.example/", "http://127.0.0.1:9000"]))
    sites = ["https://school.example", "http://127.0.0.1:9000"]
    assert framers("/demos?demo=clothes&embed=true") == framers("/lab/demos/?embed=true&demo=clothes") == sites
    for other in (
        "/demos?demo=clothes", "/demos?embed=true", "/demos?demo=clothes&demo=x&embed=true", "/runs?demo=clothes&embed=true",
        "/demos?demo=other&embed=true", "/demos?demo=clothes&embed=false&embed=true", "/?demo=clothes&embed=true",
    ):  # fmt: skip
        assert framers(other) == [], other
    for wrong in ("https://a.example/path", "*", "https://*.example", "a.example", "https://a.example; script-src *"):
        assert "is no site" in sentence(service.demos.edit, CAROL, "clothes", Changes(origins=[wrong]))
    monkeypatch.setenv("TRAINYARD_MAX_DEMO_ORIGINS", "0")
    settings.cache_clear()
    assert framers("/demos?demo=clothes&embed=true") == []
    monkeypatch.undo()
    settings.cache_clear()


def test_a_closed_demo_may_be_framed_by_nobody(runs: list[Run]) -> None:
    publish(runs[0], changes=Changes(origins=["https://school.example"]))
    service.demos.show(CAROL, "clothes", False)
    assert framers("/demos?demo=clothes&embed=true") == []


# -- the model card --------------------------------------------------------------------------------------------------------


def test_facts_in_other_words_are_marked_as_the_owners_and_what_was_measured_cannot_be_edited(runs: list[Run]) -> None:
    publish(runs[0])
    visitor = client(EVE)
    before = visitor("GET", "/models/clothes").json()["card"]
    assert before["owners_words"] == {}
    texts = {
        "licence": "CC BY 4.0, with <b>thanks</b>",
        "task": "Telling clothes apart",
        "Examples": "a million",
        "accuracy": "1",
    }
    assert client(EVE)("PATCH", "/demos/clothes", json={"texts": texts}).status_code == 403
    assert client(CAROL)("PATCH", "/demos/clothes", json={"texts": texts}).status_code == 200
    after = visitor("GET", "/models/clothes").json()["card"]
    assert after["facts"]["Licence"] == "CC BY 4.0, with <b>thanks</b>"
    assert after["owners_words"] == {name: before["facts"][name] for name in ("Task", "Licence")}
    assert after["figures"] == before["figures"]
    assert {name: after["facts"][name] for name in after["facts"] if name not in after["owners_words"]} == {
        name: value for name, value in before["facts"].items() if name not in after["owners_words"]
    }


def test_a_fact_that_the_record_does_not_have_is_the_owners_alone() -> None:
    card = Card((("Task", "Guessing"),), (), (), "", "")
    assert facts_of(card, {"source": "My garden", "task": ""}) == [
        Fact("Task", "Guessing"),
        Fact("Source", "My garden", corrected=True),
    ]


# -- the command line ------------------------------------------------------------------------------------------------------


def test_the_command_line_publishes_and_rolls_back(runs: list[Run], capsys: pytest.CaptureFixture[str]) -> None:
    def printed(*arguments: str) -> Any:
        assert main(["demo", *arguments, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    made = printed("publish", str(runs[0].id), "clothes", "--title", "Clothes", "--about", "Ten kinds.")
    assert (made["owner"], made["title"], made["texts"]) == (CAROL.name, "Clothes", {"about": "Ten kinds."})
    printed("publish", str(runs[1].id), "clothes")
    assert printed("label", "clothes", "old", "1")["labels"] == {"stable": 2, "old": 1}
    assert printed("beside", "clothes", "old")["beside"] == 1
    assert printed("rollback", "clothes")["current"] == 1
    assert (
        printed("edit", "clothes", "--author", "Ada", "--origin", "https://a.example")["texts"]["about"] == "Ten kinds."
    )
    assert printed("edit", "clothes", "--licence", "CC0")["texts"]["licence"] == "CC0"
    assert "licence" not in printed("edit", "clothes", "--licence", "")["texts"]
    assert printed("close", "clothes")["open"] is False
    assert [one["name"] for one in printed("list")] == ["clothes"]
    assert printed("delete", "clothes") == {"deleted": "clothes"}
    assert main(["demo", "rollback"]) == 1
    assert "is missing" in capsys.readouterr().err
