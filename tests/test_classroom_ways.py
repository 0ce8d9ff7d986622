"""Classrooms over HTTP and on the command line: the same rights as on pages, whoever asks and by whichever way."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engine import service
from engine.access import Role
from engine.accounts.sessions import VISITOR
from engine.classrooms.scorer import score_waiting
from engine.cli import main
from engine.service import opened
from tests.test_classrooms import ROOT, knows, leaves, lecture, now, shared, trained
from tests.test_demos import client

__all__ = ["shared"]  # a fixture
ENDS = (datetime.now(UTC) + timedelta(days=7)).isoformat()


def who(name: str) -> Any:
    """A client of the API as somebody, with what they may now."""
    return client(VISITOR if name == "eve" else ROOT if name == "root" else now(name))


def test_a_lecturer_makes_a_classroom_and_a_member_joins_submits_and_is_ranked() -> None:
    root = who("root")
    made = root("POST", "/classrooms", json={"title": "Botany", "ends_at": ENDS, "at_once": 2})
    assert (made.status_code, made.json()["at_once"], made.json()["open"]) == (201, 2, True)
    room = f"/classrooms/{made.json()['number']}"
    plan = {"title": "Leaves", "dataset": "my-table", "reference": leaves(), "hidden_share": 0.25, "models": ["mlp"]}
    one = root("POST", f"{room}/assignments", json=plan).json()
    assert (one["metric"], one["models"], one["reference"] != "leaves") == ("accuracy", ["mlp"], True)
    code = root("POST", f"{room}/code").json()["code"]

    joined = who("ada")("POST", "/memberships", json={"code": code, "nickname": "The fern"})
    assert (joined.status_code, joined.json()["title"], joined.json()["code_expires_at"]) == (201, "Botany", None)
    run = trained("ada", one["reference"])
    ada, address = who("ada"), f"/assignments/{one['number']}"
    assert ada("POST", f"{address}/submissions", json={"run": run.id}).json()["state"] == "waiting"
    assert score_waiting(opened.store(), knows(1.0)) == 1
    (sent,) = ada("GET", f"{address}/submissions").json()["submissions"]
    assert (sent["run"], sent["state"], sent["scores"]["accuracy"]["value"]) == (run.id, "scored", 1.0)
    (row,) = ada("GET", f"{address}/leaderboard").json()["rows"]
    assert (row["place"], row["member"], row["mine"], row["run"]) == (1, "The fern", True, run.id)
    (seen,) = ada("GET", "/classrooms").json()["classrooms"]
    assert (seen["title"], seen["assignments"][0]["left_today"]) == ("Botany", one["a_day"] - 1)

    changed = root("PATCH", room, json={"note": "Bring leaves.", "queued": 3}).json()
    assert (changed["note"], changed["queued"], changed["at_once"]) == ("Bring leaves.", 3, 2)
    assert root("GET", f"{room}/members").json()["members"][0]["name"] == "ada"
    assert ada("PATCH", f"{room}/membership", json={"nickname": "The moss"}).json() == {"nickname": "The moss"}
    assert ada("GET", f"{address}/leaderboard").json()["rows"][0]["member"] == "The moss"
    for ended in (lambda: ada("DELETE", f"{room}/membership"), lambda: root("DELETE", f"{room}/members/ada")):
        assert who("ada")("POST", "/memberships", json={"code": code}).status_code == 201
        assert ended().status_code == 204
        assert who("ada")("GET", room).status_code == 404
    back = ada("POST", "/memberships", json={"code": code})
    assert back.status_code == 400  # who was removed does not come back by the same code
    code = root("POST", f"{room}/code").json()["code"]
    assert ada("POST", "/memberships", json={"code": code}).status_code == 201
    assert root("DELETE", f"{room}/code").status_code == 204
    assert who("bob")("POST", "/memberships", json={"code": code}).status_code == 400
    assert root("PATCH", room, json={"archived": True}).json()["archived"] is True
    assert "has ended" in ada("POST", f"{address}/submissions", json={"run": run.id}).json()["error"]
    assert root("DELETE", address).status_code == 204
    assert root("DELETE", room).status_code == 204
    assert root("GET", "/classrooms").json() == {"classrooms": []}


ALLOWED = {
    ("GET", "ROOM"): (200, 200, 404, 404),
    ("GET", "ROOM/members"): (200, 403, 404, 404),
    ("POST", "ROOM/code"): (200, 403, 404, 404),
    ("DELETE", "ROOM/code"): (204, 403, 404, 404),
    ("PATCH", "ROOM/membership"): (404, 200, 404, 404),
    ("DELETE", "ROOM/members/nobody"): (204, 403, 404, 404),
    ("PATCH", "ROOM"): (200, 403, 404, 404),
    ("POST", "ROOM/assignments"): (400, 403, 404, 404),  # there is no such dataset
    ("GET", "ONE/leaderboard"): (200, 200, 404, 404),
    ("GET", "ONE/submissions"): (200, 200, 404, 404),
    ("POST", "ONE/submissions"): (400, 400, 404, 404),  # nobody has such a run
    ("DELETE", "ONE"): (204, 403, 404, 404),
    ("POST", "/classrooms"): (201, 403, 403, 403),
    ("POST", "/memberships"): (400, 400, 400, 403),  # there is no such code
    ("DELETE", "ROOM"): (204, 403, 404, 404),
}
"""Of each address the answer to an admin, a member who has joined, one who has not, and a visitor."""
BODIES = {
    "ROOM": {"title": "Zoology"},
    "ROOM/membership": {"nickname": "The fern"},
    "ROOM/assignments": {"title": "More", "dataset": "nothing"},
    "ONE/submissions": {"run": 999},
    "/classrooms": {"title": "Zoology", "ends_at": ENDS},
    "/memberships": {"code": "no-such-code"},
}


def test_each_address_answers_everybody_as_the_table_of_rights_says() -> None:
    room, code = lecture()
    service.classrooms.join(now("ada"), code)
    places = {"ROOM": f"/classrooms/{room.id}", "ONE": f"/assignments/{_first(room.id)}"}
    for (method, path), statuses in ALLOWED.items():
        base, slash, rest = path.partition("/") if not path.startswith("/") else (path, "", "")
        for name, status in reversed([*zip(("root", "ada", "bob", "eve"), statuses, strict=True)]):  # an admin last
            body = BODIES[path] if method in ("POST", "PATCH") and path in BODIES else None
            found = who(name)(method, places.get(base, base) + slash + rest, json=body)
            assert found.status_code == status, (method, path, name, found.text)
            if name in ("bob", "eve") and status == 404:
                assert "Botany" not in found.text
    assert [room["title"] for room in who("bob")("GET", "/classrooms").json()["classrooms"]] == []


def _first(room_id: int) -> int:
    return service.classrooms.get(ROOT, room_id).assignments[0].id


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"title": "Botany"}, "ends_at"),
        ({"title": "Botany", "ends_at": "2001-01-01T00:00:00"}, "timezone"),
        ({"title": "Botany", "ends_at": "2001-01-01T00:00:00Z"}, "lies in the future"),
        ({"title": " ", "ends_at": ENDS}, "needs a title"),
        ({"title": "Botany", "ends_at": ENDS, "at_once": -1}, "at_once"),
        ({"title": "Botany", "ends_at": ENDS, "owner": "ada"}, "owner"),
    ],
)
def test_what_cannot_be_made_is_refused_with_the_reason(body: dict[str, Any], said: str) -> None:
    found = who("root")("POST", "/classrooms", json=body)
    assert (found.status_code, said in found.json()["error"]) == (400, True), found.text


def test_a_token_for_predictions_reaches_no_classroom() -> None:
    room, code = lecture()
    service.classrooms.join(now("ada"), code)
    from dataclasses import replace

    from engine.access import Action, Scope

    token = client(replace(now("ada"), scope=Scope(frozenset({Action.USE}))))
    assert now("ada").role is Role.MEMBER
    assert token("GET", f"/classrooms/{room.id}").status_code == 404
    assert token("GET", "/classrooms").json() == {"classrooms": []}
    assert token("POST", "/memberships", json={"code": code}).status_code == 403


def test_the_command_line_makes_changes_and_ends_classrooms(capsys: pytest.CaptureFixture[str]) -> None:
    def printed(*arguments: str) -> Any:
        assert main(["classroom", *arguments, "--json"]) == 0, capsys.readouterr().err
        return json.loads(capsys.readouterr().out)

    made = printed("create", "Botany", "--ends", "2999-01-31", "--at-once", "2")
    number = str(made["number"])
    assert (made["title"], made["ends"], made["at_once"]) == ("Botany", "2999-01-31 23:59", 2)
    given = (
        "--dataset",
        "my-table",
        "--reference",
        leaves(),
        "--hidden-share",
        "0.25",
        "--model",
        "mlp",
        "--a-day",
        "2",
    )
    one = printed("assign", number, "Leaves", *given)
    assert (one["metric"], one["models"], one["a_day"]) == ("accuracy", ["mlp"], 2)
    service.classrooms.join(now("ada"), printed("code", number, "--days", "2")["code"])
    assert [member["name"] for member in printed("members", number)] == ["ada"]
    edited = printed("edit", number, "--note", "Bring leaves.", "--queued", "3")
    assert (edited["title"], edited["note"], edited["at_once"], edited["queued"]) == ("Botany", "Bring leaves.", 2, 3)
    run = trained("ada", one["reference"])
    service.submissions.submit(now("ada"), one["id"], run.id)
    assert score_waiting(opened.store(), knows(0.5)) == 1
    assert [(row["account"], row["score"]["value"]) for row in printed("leaderboard", str(one["id"]))] == [("ada", 0.5)]
    assert printed("revoke", number)["code_until"] == ""
    assert printed("remove", number, "ada")["members"] == 0
    assert printed("archive", number)["open"] is False
    assert [room["title"] for room in printed("list")] == ["Botany"]
    assert printed("unassign", str(one["id"])) == {"deleted": one["id"]}
    assert printed("delete", number) == {"deleted": int(number), "runs": 0}
    for wrong, said in (
        (("show", "7"), "does not exist"),
        (("show", "seven"), "is not a number"),
        (("create",), "The title is missing"),
        (("create", "Botany", "--ends", "soon"), "is not a day"),
        (("assign", "7", "Leaves"), "--dataset"),
    ):
        assert main(["classroom", *wrong]) == 1
        assert said in capsys.readouterr().err
