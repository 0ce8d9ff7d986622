"""The description of the API for programs, made of the types in `shapes`."""

from functools import lru_cache
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from engine.api import shapes
from engine.modalities.base import modalities
from engine.settings import settings
from engine.tasks.base import tasks

_REF = "#/components/schemas/{model}"
_SAID = {
    400: "The input is invalid; the sentence says where.",
    404: "The model does not exist, or does not have weights yet.",
    401: "The token is not valid.",
    403: "The person, or the token, may not do this.",
    408: "The body did not arrive in time.",
    413: "The body is larger than TRAINYARD_MAX_REQUEST_MB.",
    415: "The body is neither JSON nor a form of files.",
    429: "A limit is used up; Retry-After says for how many seconds, and /me/limits which.",
    503: "Too many requests are waiting, the predictor is starting, or the database cannot be reached. Try again.",
    504: "There was no answer within TRAINYARD_PREDICT_TIMEOUT_SECONDS.",
}
_NAME = {
    "name": "name",
    "in": "path",
    "required": True,
    "description": "Name of a published demo, number of a run, or DATASET-MODEL for the newest completed run of the two.",
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]+$"},
}
_ACCOUNT = {
    "name": "name",
    "in": "path",
    "required": True,
    "description": "Name of an account.",
    "schema": {"type": "string"},
}
_VERSION = {
    "name": "version",
    "in": "path",
    "required": True,
    "description": "Version of a published demo; of a run its number.",
    "schema": {"type": "integer", "minimum": 1, "exclusiveMaximum": 10**18},
}
_LABEL = {
    "name": "label",
    "in": "path",
    "required": True,
    "description": "Label of a version, such as stable or canary.",
    "schema": {"type": "string", "pattern": "^[a-z0-9-]+$"},
}
_TOKEN = {"type": "http", "scheme": "bearer", "description": "A token from the page Account."}
_SHARED_ONLY = (401, 403, 429)
_RAW = {
    "name": "raw",
    "in": "query",
    "description": "Plain outputs of the network, as TensorFlow Serving returns them.",
    "schema": {"type": "boolean", "default": False},
}


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """Return the OpenAPI 3.1 description."""
    types = [t for t in vars(shapes).values() if isinstance(t, type) and issubclass(t, BaseModel)]
    named = [t for t in types if t not in (BaseModel, shapes.Shape)]
    contents = list(dict.fromkeys(tasks[name].contents for name in tasks))
    parameters = [t for t in dict.fromkeys(tasks[name].answering for name in tasks) if t.model_fields]
    asked: list[tuple[type[BaseModel], Literal["validation"]]] = [
        (t, "validation") for t in (*named, *contents, *parameters)
    ]
    refs, schemas = models_json_schema(asked, ref_template=_REF)
    found = schemas["$defs"]
    _any_of(
        found["PredictAnswer"]["properties"]["predictions"]["items"],
        [
            *(refs[t, "validation"] for t in contents),
            _ref(shapes.FilePrediction),
            {"type": "array"},
            {"type": "object"},
        ],
    )
    _any_of(
        found["PredictRequest"]["properties"]["instances"]["items"],
        [modalities[name].schema() | {"title": modalities[name].title} for name in modalities],
    )
    if parameters:
        _any_of(
            found["PredictRequest"]["properties"]["parameters"],
            [*(refs[t, "validation"] for t in parameters), {"type": "object", "maxProperties": 0}],
        )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Trainyard",
            "version": "1",
            "description": "Predictions of trained networks, in the form of TensorFlow Serving's REST API.",
        },
        "servers": [{"url": "/api/v1"}],
        "paths": {
            "/models": {"get": _get("listModels", "The newest models that can predict.", shapes.ModelList, (503,))},
            "/models/{name}": {
                "parameters": [_NAME],
                "get": _describe("describeModel"),
            },
            "/models/{name}:predict": {
                "parameters": [_NAME, _RAW],
                "post": _predict("predict"),
            },
            **_of_versions("versions/{version}", _VERSION),
            **_of_versions("labels/{label}", _LABEL),
            "/demos": {
                "get": _get("listDemos", "The published demos.", shapes.DemoList, (503,)),
                "post": _change("publishDemo", "Make a run a demo, or its next version.", shapes.NewDemo, status="201"),
            },
            "/demos/{name}": {
                "parameters": [_NAME],
                "patch": _change("changeDemo", "Change what the body names.", shapes.DemoChanges),
                "delete": {
                    "operationId": "deleteDemo",
                    "summary": "Forget a demo; its runs stay.",
                    "responses": {"204": {"description": "It is forgotten."}, **_errors((404, 503))},
                },
            },
            "/demos/{name}/versions/{version}": {
                "parameters": [_NAME, _VERSION],
                "delete": {
                    "operationId": "withdrawVersion",
                    "summary": "Forget a version that is not in use; its run stays.",
                    "responses": _responses(shapes.DemoSummary, (400, 404, 503)),
                },
            },
            **_of_classrooms(),
            "/runs/{name}/report": {
                "parameters": [_NAME],
                "get": {
                    "operationId": "reportRun",
                    "summary": "The report of a run, as one HTML file that loads nothing else.",
                    "responses": {
                        "200": {"description": "The file.", "content": {"text/html": {"schema": {"type": "string"}}}},
                        **_errors((404, 503)),
                    },
                },
            },
            "/queue": {
                "get": _get("listQueue", "The runs that wait, as whoever asks may see them.", shapes.Queue, (503,))
            },
            "/me/limits": {"get": _get("listLimits", "What limits whoever asks.", shapes.Limits, (503,))},
        },
        "components": {"schemas": found} | ({"securitySchemes": {"token": _TOKEN}} if _shared() else {}),
    } | ({"security": [{}, {"token": []}]} if _shared() else {})


def _any_of(schema: dict[str, Any], ways: list[dict[str, Any]]) -> None:
    """Say what can stand in a place for which the types of `shapes` say nothing, since others declare it."""
    schema["anyOf"] = ways


def _get(name: str, summary: str, shape: type[BaseModel], errors: tuple[int, ...]) -> dict[str, Any]:
    return {"operationId": name, "summary": summary, "responses": _responses(shape, errors)}


def _describe(name: str) -> dict[str, Any]:
    found = _get(name, "Inputs, outputs and state of a model.", shapes.Metadata, (400, 404, 503))
    _any_of(
        found["responses"]["200"]["content"]["application/json"]["schema"],
        [_ref(shapes.Metadata), _ref(shapes.DemoModel)],
    )
    found["responses"]["200"]["content"]["application/json"]["schema"].pop("$ref")
    return found


def _predict(name: str) -> dict[str, Any]:
    return {
        "operationId": name,
        "summary": "Predict one or many inputs.",
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": _ref(shapes.PredictRequest)},
                "multipart/form-data": {"schema": _ref(shapes.FilesRequest)},
            },
        },
        "responses": _answers(),
    }


def _of_versions(path: str, parameter: dict[str, Any]) -> dict[str, Any]:
    """Return the addresses of one version of a published demo."""
    what = parameter["name"].title()
    return {
        f"/models/{{name}}/{path}": {"parameters": [_NAME, parameter], "get": _describe(f"describe{what}")},
        f"/models/{{name}}/{path}:predict": {
            "parameters": [_NAME, parameter, _RAW],
            "post": _predict(f"predict{what}"),
        },
    }


def _of_classrooms() -> dict[str, Any]:
    """Return the addresses of classrooms."""
    of_room = _number("classroom")
    of_assignment = _number("assignment")
    code = "A new code to join by; the one before is void."
    return {
        "/classrooms": {
            "get": _get(
                "listClassrooms", "The classrooms one has joined; for admins all.", shapes.ClassroomList, (503,)
            ),
            "post": _change("createClassroom", "Make a classroom.", shapes.NewClassroom, "201", shapes.ClassroomFacts),
        },
        "/classrooms/{number}": {
            "parameters": [of_room],
            "get": _get("describeClassroom", "One classroom.", shapes.ClassroomFacts, (404, 503)),
            "patch": _change(
                "changeClassroom", "Change what the body names.", shapes.ClassroomChanges, shape=shapes.ClassroomFacts
            ),
            "delete": _delete("deleteClassroom", "Delete a classroom; the runs of its members stay."),
        },
        "/classrooms/{number}/members": {
            "parameters": [of_room],
            "get": _get("listMembers", "Who has joined.", shapes.ClassroomMembers, (404, 503)),
        },
        "/classrooms/{number}/members/{name}": {
            "parameters": [of_room, _ACCOUNT],
            "delete": _delete(
                "removeMember", "End the membership of somebody, who does not come back by the same code."
            ),
        },
        "/classrooms/{number}/membership": {
            "parameters": [of_room],
            "patch": _change(
                "renameMyself", "Change one's name on the leaderboards.", shapes.Membership, shape=shapes.Membership
            ),
            "delete": _delete("leave", "Leave a classroom; runs stay one's own, and submissions on the leaderboards."),
        },
        "/classrooms/{number}/code": {
            "parameters": [of_room],
            "post": _get("makeCode", code, shapes.ClassroomCode, (400, 404, 503)),
            "delete": _delete("revokeCode", "Let nobody join any more, until there is a new code."),
        },
        "/classrooms/{number}/assignments": {
            "parameters": [of_room],
            "post": _change("assign", "Add an assignment.", shapes.NewAssignment, "201", shapes.AssignmentFacts),
        },
        "/memberships": {"post": _change("join", "Join by a code.", shapes.JoinRequest, "201", shapes.ClassroomFacts)},
        "/assignments/{number}": {
            "parameters": [of_assignment],
            "delete": _delete("deleteAssignment", "Delete an assignment with what was handed in; runs stay."),
        },
        "/assignments/{number}/leaderboard": {
            "parameters": [of_assignment],
            "get": _get("readLeaderboard", "The best of each member.", shapes.Leaderboard, (404, 503)),
        },
        "/assignments/{number}/submissions": {
            "parameters": [of_assignment],
            "get": _get("listSubmissions", "What one has handed in.", shapes.SubmissionList, (404, 503)),
            "post": _change("submit", "Hand in a run.", shapes.NewSubmission, "201", shapes.SubmissionFacts),
        },
    }


def _number(what: str) -> dict[str, Any]:
    schema = {"type": "integer", "minimum": 0, "exclusiveMaximum": 10**18}
    return {"name": "number", "in": "path", "required": True, "description": f"Number of a {what}.", "schema": schema}


def _delete(name: str, summary: str) -> dict[str, Any]:
    responses = {"204": {"description": "It is deleted."}, **_errors((400, 404, 503))}
    return {"operationId": name, "summary": summary, "responses": responses}


def _change(
    name: str, summary: str, asked: type[BaseModel], status: str = "200", shape: type[BaseModel] = shapes.DemoSummary
) -> dict[str, Any]:
    done = _responses(shape, (400, 404, 413, 503))
    return {
        "operationId": name,
        "summary": summary,
        "requestBody": {"required": True, "content": _json(asked)},
        "responses": {status if code == "200" else code: answer for code, answer in done.items()},
    }


def _responses(shape: type[BaseModel], errors: tuple[int, ...]) -> dict[str, Any]:
    found = {"200": {"description": (shape.__doc__ or "").strip(), "content": _json(shape)}}
    return found | _errors(errors)


def _errors(codes: tuple[int, ...]) -> dict[str, Any]:
    said = sorted({*codes, *_SHARED_ONLY} if _shared() else {*codes} - {*_SHARED_ONLY})
    return {str(code): {"description": _SAID[code], "content": _json(shapes.Error)} for code in said}


def _shared() -> bool:
    return settings().mode == "shared"


def _answers() -> dict[str, Any]:
    """As JSON, or as events for who accepts those."""
    found = _responses(shapes.PredictAnswer, tuple(_SAID))
    words = (
        "The answer so far as `data`, again and again, in the form of the JSON answer; at the end the whole in an event "
        "`done`, or an `error` in its usual form."
    )
    found["200"]["content"] |= {"text/event-stream": {"schema": {"type": "string", "description": words}}}
    return found


def _json(shape: type[BaseModel]) -> dict[str, Any]:
    return {"application/json": {"schema": _ref(shape)}}


def _ref(shape: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REF.format(model=shape.__name__)}
