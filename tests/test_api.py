"""Predictions over HTTP: a real server on a real socket, before the real predictor."""

import base64
import io
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import jsonschema
import numpy as np
import psutil
import pytest
import uvicorn
from PIL import Image
from starlette.applications import Starlette

from engine.access import local_owner
from engine.api.routes import api_routes
from engine.artifacts import artifacts_of
from engine.preparation.prepare import prepare
from engine.runs import RunSpec, RunState
from engine.serving.client import Predictor
from engine.settings import settings
from engine.store import open_store
from tests.saved_runs import TINY, save_run
from tests.waiting import PATIENCE_SECONDS, wait_until

# Keras writes weights through h5py in a way that NumPy 2 will not allow one day
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
IRIS = {
    "sepal length (cm)": 5.1,
    "sepal width (cm)": 3.5,
    "petal length (cm)": 1.4,
    "petal width (cm)": 0.2,
}
MB = 1_000_000


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home folder for the whole module, in which a request may have one megabyte."""
    home = tmp_path_factory.mktemp("api") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAINYARD_HOME", str(home))
        patch.setenv("TRAINYARD_MAX_REQUEST_MB", "1")
        settings.cache_clear()
        yield home
    settings.cache_clear()


@pytest.fixture(scope="module")
def predictor(lab: Path) -> Iterator[Predictor]:
    """The real thing."""
    handle = Predictor()
    wait_until(handle.ready, "a predictor that is ready")
    yield handle
    handle.close()


@pytest.fixture(scope="module")
def digits(lab: Path) -> int:
    """A run that tells digits."""
    return save_run()


@pytest.fixture(scope="module")
def iris(lab: Path) -> int:
    """A run that tells flowers by their measures."""
    return save_run(dataset="iris", model="mlp", units=8)


@pytest.fixture(scope="module")
def client(predictor: Predictor) -> Iterator[httpx.Client]:
    """A client of a server that listens on this machine only."""
    yield from serving(predictor)


def serving(predictor: Predictor) -> Iterator[httpx.Client]:
    server = uvicorn.Server(
        uvicorn.Config(
            Starlette(routes=api_routes(lambda _request: local_owner(), lambda: predictor)), port=0, log_level="error"
        )
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=60, trust_env=False) as client:
        yield client
    server.should_exit = True
    thread.join()


def ask(client: httpx.Client, name: int | str, body: object, **query: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"content-type": "application/json"}
    return client.post(f"/models/{name}:predict", content=content, headers=headers, params=query)


def sentence(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    found = answer.json()
    assert found.keys() == {"error"}
    return found["error"]


def pictures(count: int) -> np.ndarray:
    return prepare(RunSpec.build(TINY).dataset).arrays("test")[0][:count]


def png(image: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image[..., 0]).save(buffer, format="PNG")
    return buffer.getvalue()


# -- what it answers --------------------------------------------------------------------------------------------------


def test_pixels_files_in_base64_and_uploads_get_what_the_saved_model_gives(client: httpx.Client, digits: int) -> None:
    import keras

    images = pictures(3)
    expected = np.asarray(keras.saving.load_model(artifacts_of(digits).model, compile=False)(images))
    as_files = [{"b64": base64.b64encode(png(image)).decode()} for image in images]
    mixed = [images[0].tolist(), *as_files[1:]]
    for instances in (images.tolist(), as_files, mixed):
        found = ask(client, digits, {"instances": instances, "signature_name": "raw"}).json()["predictions"]
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
    files = [("files", (f"{i}.png", png(image))) for i, image in enumerate(images)]
    found = client.post(f"/models/{digits}:predict", files=files, params={"raw": "true"}).json()["predictions"]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
    typed = ask(client, digits, {"instances": images.tolist()}).json()["predictions"]
    assert [p["label"] for p in typed] == [str(i) for i in expected.argmax(axis=1)]
    np.testing.assert_allclose([p["probability"] for p in typed], expected.max(axis=1), rtol=1e-4)
    assert list(typed[0]["probabilities"]) == [str(i) for i in range(10)]


def test_rows_take_numbers_texts_and_gaps_alike(client: httpx.Client, iris: int) -> None:
    rows = [IRIS, IRIS | {"petal width (cm)": "0.2"}, IRIS | {"petal width (cm)": None}, {}]
    answer = ask(client, iris, {"instances": rows}, raw="true")
    assert answer.status_code == 200, answer.text
    one, same, gap, empty = answer.json()["predictions"]
    assert one == pytest.approx(same)
    assert one != pytest.approx(gap)
    assert sum(empty) == pytest.approx(1)
    alone = ask(client, iris, {"instances": [rows[2]]}, raw="true").json()["predictions"][0]
    assert alone == pytest.approx(gap)


def test_a_broken_file_among_good_ones_gets_its_own_sentence(client: httpx.Client, digits: int) -> None:
    files = [("files", ("good.png", png(pictures(1)[0]))), ("files", ("bad.png", b"not an image"))]
    good, bad = client.post(f"/models/{digits}:predict", files=files).json()["predictions"]
    assert good.keys() == {"file", "label", "probability", "probabilities"}
    assert bad == {"file": "bad.png", "error": bad["error"]}
    assert "is text, not a readable image" in bad["error"]
    assert "is text" in sentence(client.post(f"/models/{digits}:predict", files=files[1:]), 400)


def test_ten_threads_get_the_answers_to_their_own_inputs(client: httpx.Client, digits: int, iris: int) -> None:
    images = pictures(10)
    alone = [ask(client, digits, {"instances": [image.tolist()]}, raw="1").json()["predictions"][0] for image in images]
    barrier = threading.Barrier(10)

    def asker(number: int) -> None:
        barrier.wait()
        for _ in range(10):
            if number == 3:  # one of them always sends nonsense, and harms nobody
                assert "not an image" in sentence(ask(client, digits, {"instances": [[1, 2]]}), 400)
            else:
                answer = ask(client, digits, {"instances": [images[number].tolist()]}, raw="1")
                assert answer.json()["predictions"][0] == pytest.approx(alone[number], rel=1e-4, abs=1e-6)

    with ThreadPoolExecutor(10) as threads:
        for done in [threads.submit(asker, number) for number in range(10)]:
            done.result()


def test_metadata_tells_what_a_model_takes(client: httpx.Client, digits: int, iris: int) -> None:
    found = client.get(f"/models/{digits}").json()
    assert {name: found["inputs"][name] for name in ("modality", "shape", "columns")} == {
        "modality": "image",
        "shape": [8, 8, 1],
        "columns": [],
    }
    assert found["predictions"]["kind"] == "classes"
    assert found["predictions"]["entry"]["required"] == ["label", "probability", "probabilities"]
    assert not found["predictions"]["streams"]
    assert found["answering"] == []
    assert found["labels"] == [str(i) for i in range(10)]
    assert found["model_version_status"] == [
        {"version": str(digits), "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
    ]
    columns = client.get(f"/models/{iris}").json()["inputs"]["columns"]
    assert [column["name"] for column in columns] == list(IRIS)
    assert {str(digits), str(iris)} <= {model["name"] for model in client.get("/models").json()["models"]}


def test_a_run_without_a_model_is_described_and_does_not_answer(client: httpx.Client, lab: Path) -> None:
    run = open_store().runs.create(RunSpec.build(TINY))
    status = client.get(f"/models/{run.id}").json()["model_version_status"][0]
    assert (status["state"], status["status"]["error_code"]) == ("START", "UNAVAILABLE")
    assert str(run.id) not in {model["name"] for model in client.get("/models").json()["models"]}
    assert "has a model once" in sentence(ask(client, run.id, {"instances": [1]}), 404)
    open_store().runs.request_end(run.id, RunState.CANCELED)
    assert client.get(f"/models/{run.id}").json()["model_version_status"][0]["state"] == "END"


def test_dataset_and_model_name_the_newest_completed_run(client: httpx.Client, lab: Path) -> None:
    old, new, running = (save_run(units=8, seed=seed) for seed in range(3))
    store = open_store()
    for number in (old, new, running):
        run = store.attempts.claim("cpu-0", number)
        assert run is not None
        if number != running:
            store.attempts.end(run, RunState.COMPLETED, "", {"test_accuracy": 0.5, "test_loss": float("nan")})
    found = client.get("/models/digits-mlp").json()
    assert (found["name"], found["metrics"]) == (str(new), {"test_accuracy": 0.5})
    body = {"instances": pictures(1).tolist()}
    assert ask(client, "digits-mlp", body).json() == ask(client, new, body).json() != ask(client, old, body).json()


# -- what it refuses --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"{", "not JSON"),
        (b'{"instances": [NaN]}', "NaN is no number"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"instances": ' + b"[" * 300 + b"1" + b"]" * 300 + b"}", "not an image"),
        (b'{"instances": [' + b"9" * 5_000 + b"]}", "not JSON"),
        ([], "must be a JSON object"),
        ({}, "must be a list of at least one"),
        ({"instances": []}, "must be a list of at least one"),
        ({"instances": {}}, "must be a list of at least one"),
        ({"inputs": {"x": [1]}}, "column form"),
        ({"instances": [1], "extra": 1}, "'extra' is not part of a request"),
        ({"instances": [1], "signature_name": "x"}, "signature_name is 'x'"),
        ({"instances": [1] * 10_001}, "TRAINYARD_MAX_INSTANCES"),
        ({"instances": ["text"]}, "instances[0] is not an image"),
        ({"instances": [[[[0]] * 8] * 7]}, "8 × 8 × 1 numbers"),
        ({"instances": [[[[0]] * 8] * 8, [[[0]] * 8] * 7]}, "instances[1] is not an image"),
        ({"instances": [[[["1"]] * 8] * 8]}, "is not an image"),
        ({"instances": [[[[True]] * 8] * 8]}, "is not an image"),
        ({"instances": [[[[256]] * 8] * 8]}, "pixel values must be from 0 to 255"),
        ({"instances": [[[[-1]] * 8] * 8]}, "pixel values must be from 0 to 255"),
        (b'{"instances": [' + json.dumps([[[1]] * 8] * 8).replace("1", "1e999").encode() + b"]}", "0 to 255"),
        ({"instances": [[[[10**400]] * 8] * 8]}, "is not an image"),
        ({"instances": [{"b64": "?"}]}, "not base64"),
        ({"instances": [{"b64": 1}]}, 'the only object allowed is {"b64": "..."}'),
        ({"instances": [{"b64": "AAAA", "more": 1}]}, 'the only object allowed is {"b64": "..."}'),
        ({"instances": [{"b64": ""}]}, "is empty"),
    ],
)
def test_what_is_no_picture_is_refused_with_a_sentence(
    client: httpx.Client, digits: int, body: object, said: str
) -> None:
    assert said in sentence(ask(client, digits, body), 400)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("x", "is not a row"),
        ({"colour": 1}, "a column 'colour'"),
        ({"\ud800": 1}, "a column"),
        (IRIS | {"petal width (cm)": "wide"}, "is 'wide'; expected a number"),
        (IRIS | {"petal width (cm)": True}, "expected a number"),
        (IRIS | {"petal width (cm)": [1]}, "not have a single value"),
        (IRIS | {"petal width (cm)": 10**400}, "expected a number"),
        (IRIS | {"petal width (cm)": 1e300}, "expected a number"),
        (IRIS | {"petal width (cm)": "\ud800"}, "half a character"),
    ],
)
def test_what_is_no_row_is_refused_with_a_sentence(client: httpx.Client, iris: int, row: object, said: str) -> None:
    assert said in sentence(ask(client, iris, {"instances": [IRIS, row]}), 400)


def test_addresses_methods_types_and_names_that_do_not_exist(client: httpx.Client, digits: int) -> None:
    assert "nothing at this address" in sentence(client.get("/model"), 404)
    assert "nothing at this address" in sentence(client.get("/models/a%0Ab/versions/c"), 404), "not even a line break"
    assert "nothing at this address" in sentence(client.get(f"/models/{digits}/versions/{10**19}"), 404)
    assert sentence(client.post("/demos", json={"run": 2**63, "name": "large"}), 400)
    assert "Run 999 does not exist" in sentence(client.get("/models/999"), 404)
    for name in ("mpl", "9" * 30, "²", "%00", "..%2f..", "digits-mpl"):
        sentence(client.get(f"/models/{name}"), 404)
        sentence(ask(client, name, {"instances": [1]}), 404)
    assert "PUT is not allowed" in sentence(client.put(f"/models/{digits}"), 405)
    assert "TRAINYARD" not in sentence(client.post(f"/models/{digits}:predict", content=b"{}"), 415)
    assert "raw is 'perhaps'" in sentence(ask(client, digits, {"instances": [1]}, raw="perhaps"), 400)


def test_an_entry_is_what_the_description_of_the_model_says(client: httpx.Client, digits: int, iris: int) -> None:
    image = client.get(f"/models/{digits}").json()["inputs"]["instance"]
    row = client.get(f"/models/{iris}").json()["inputs"]["instance"]
    pixels = pictures(1)[0].tolist()
    for entry in (pixels, {"b64": base64.b64encode(png(pictures(1)[0])).decode()}):
        jsonschema.validate(entry, image)
        assert ask(client, digits, {"instances": [entry]}).status_code == 200
    for entry in (IRIS, {}, IRIS | {"petal width (cm)": None}):
        jsonschema.validate(entry, row)
        assert ask(client, iris, {"instances": [entry]}).status_code == 200
    for entry, schema, name in (
        (pixels[:-1], image, digits),
        ([[[300]] * 8] * 8, image, digits),
        ({"x": 1}, row, iris),
    ):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(entry, schema)
        assert ask(client, name, {"instances": [entry]}).status_code == 400
    given = client.get(f"/models/{iris}").json()["predictions"]["entry"]
    jsonschema.validate(ask(client, iris, {"instances": [IRIS]}).json()["predictions"][0], given)


def test_a_form_takes_files_only(client: httpx.Client, digits: int) -> None:
    address = f"/models/{digits}:predict"
    picture = ("a.png", png(pictures(1)[0]))
    wrong = client.post(address, files={"files": picture}, data={"parameters": "hot"})
    assert "one JSON object of settings" in sentence(wrong, 400)
    wrong = client.post(address, files={"files": picture}, data={"parameters": '{"heat": 1}'})
    assert "heat" in sentence(wrong, 400)
    assert client.post(address, files={"files": picture}, data={"parameters": "{}"}).status_code == 200
    assert "field 'image'" in sentence(client.post(address, files={"image": picture}), 400)
    assert "one or more files" in sentence(client.post(address, files={"files": (None, b"text")}), 400)
    assert "Too many files" in sentence(client.post(address, files=[("files", picture)] * 65), 400)
    for kind in ("multipart/form-data", "multipart/form-data; boundary=x; charset=idna"):
        assert "form" in sentence(client.post(address, content=b"--y", headers={"content-type": kind}), 400)


def test_no_other_site_is_allowed_in(client: httpx.Client, digits: int) -> None:
    headers = {"origin": "https://example.org", "access-control-request-method": "POST"}
    answer = client.options(f"/models/{digits}:predict", headers=headers)
    assert answer.status_code == 405
    assert not [name for name in answer.headers if name.startswith("access-control")]


# -- hostile bodies ---------------------------------------------------------------------------------------------------


def raw(client: httpx.Client, name: int, headers: str, *, begin: bytes = b"", endless: bytes = b"") -> str:
    """The answer to a request written by hand, whose body is repeated until the server has had enough."""
    port = client.base_url.port
    with socket.create_connection(("127.0.0.1", port or 0), timeout=30) as connection:
        connection.sendall(f"POST /api/v1/models/{name}:predict HTTP/1.1\r\nHost: x\r\n{headers}\r\n\r\n".encode())
        connection.sendall(begin)
        sent = 0
        try:
            while endless and sent < 400 * MB:
                connection.sendall(endless)
                sent += len(endless)
        except (ConnectionError, TimeoutError):
            assert sent < 100 * MB
        answer = b""
        try:
            while b"}" not in answer and (more := connection.recv(65536)):
                answer += more
        except ConnectionError:  # it was cut off while we were still sending
            return ""
        return answer.decode()


def test_ten_announced_gigabytes_are_refused_before_one_is_sent(client: httpx.Client, digits: int) -> None:
    for kind in ("application/json", "multipart/form-data; boundary=x"):
        answer = raw(client, digits, f"Content-Type: {kind}\r\nContent-Length: 10000000000")
        assert "413" in answer.splitlines()[0]
        assert "TRAINYARD_MAX_REQUEST_MB" in answer


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x"])
def test_an_endless_body_is_left_in_bounded_memory(client: httpx.Client, digits: int, kind: str) -> None:
    before = psutil.Process().memory_info().rss
    part = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
    begin = b"%x\r\n%b\r\n" % (len(part), part) if "form" in kind else b""
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    headers = f"Content-Type: {kind}\r\nTransfer-Encoding: chunked"
    answer = raw(client, digits, headers, begin=begin, endless=chunk)
    assert answer == "" or "413" in answer.splitlines()[0]
    assert psutil.Process().memory_info().rss - before < 100 * MB
    assert client.get("/models").status_code == 200


def test_a_hundred_thousand_fields_are_not_kept(client: httpx.Client, digits: int) -> None:
    field = b'--x\r\nContent-Disposition: form-data; name="f"\r\n\r\n\r\n'
    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = client.post(f"/models/{digits}:predict", content=field * 10_000 + b"--x--\r\n", headers=headers)
    assert "Too many fields" in sentence(answer, 400)


def test_a_body_that_does_not_come_is_not_waited_for(
    client: httpx.Client, digits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = settings().model_copy(update={"predict_timeout_seconds": 0.2})
    monkeypatch.setattr("engine.api.bodies.settings", lambda: short)
    answer = raw(client, digits, "Content-Type: application/json\r\nContent-Length: 100")
    assert "408" in answer.splitlines()[0]
    assert "did not arrive within 0.2 seconds" in answer


# -- states of the server ---------------------------------------------------------------------------------------------


def test_more_open_requests_than_places_are_told_to_come_back(
    predictor: Predictor, digits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = settings().model_copy(update={"max_waiting_predictions": 1})
    monkeypatch.setattr("engine.api.routes.settings", lambda: few)
    for client in serving(predictor):
        with socket.create_connection(("127.0.0.1", client.base_url.port or 0)) as slow:
            head = "Host: x\r\nContent-Type: application/json\r\nContent-Length: 9"
            slow.sendall(f"POST /api/v1/models/{digits}:predict HTTP/1.1\r\n{head}\r\n\r\n".encode())
            until = time.monotonic() + PATIENCE_SECONDS
            while (answer := client.get("/models")).status_code == 200:
                assert time.monotonic() < until
            assert "busy" in sentence(answer, 503)
            assert answer.headers["retry-after"] == "1"
            slow.sendall(b"{}       ")
            assert b"400" in slow.recv(100)
        assert client.get("/models").status_code == 200


def test_a_predictor_that_cannot_start_is_503(lab: Path, digits: int) -> None:
    broken = Predictor(["false"])
    for client in serving(broken):
        assert "could not start" in sentence(ask(client, digits, {"instances": [1]}), 503)
    broken.close()


def test_switched_off_it_says_so(predictor: Predictor, monkeypatch: pytest.MonkeyPatch) -> None:
    off = settings().model_copy(update={"api": False})
    monkeypatch.setattr("engine.api.routes.settings", lambda: off)
    for client in serving(predictor):
        for address in ("/models", "/openapi.json", "/models/1"):
            assert "TRAINYARD_API" in sentence(client.get(address), 404)


def test_the_dashboard_has_these_addresses_and_describes_them(client: httpx.Client) -> None:
    import app

    assert "/api/v1" in [route.path for route in app.app._user_routes]
    found = client.get("/openapi.json").json()
    assert found["openapi"].startswith("3.1")
    models = ("/models/{name}", "/models/{name}/labels/{label}", "/models/{name}/versions/{version}")
    assert set(found["paths"]) == {
        *("/models", "/runs/{name}/report", "/queue", "/me/limits"),
        *("/demos", "/demos/{name}", "/demos/{name}/versions/{version}"),
        *("/memberships", "/classrooms", "/classrooms/{number}"),
        *(
            f"/classrooms/{{number}}/{part}"
            for part in ("members", "members/{name}", "membership", "code", "assignments")
        ),
        *("/assignments/{number}", *(f"/assignments/{{number}}/{part}" for part in ("leaderboard", "submissions"))),
        *models,
        *(f"{address}:predict" for address in models),
    }
    named = {
        ref.split("/")[-1].strip('"') for ref in json.dumps(found).split('"$ref": ')[1:] for ref in [ref.split("}")[0]]
    }
    assert named <= found["components"]["schemas"].keys()


def test_a_report_is_an_attachment_in_which_nothing_can_be_loaded(client: httpx.Client, digits: int) -> None:
    found = client.get(f"/runs/{digits}/report")
    assert found.headers["content-type"] == "text/html; charset=utf-8"
    assert found.headers["content-disposition"] == f'attachment; filename="run-{digits}.html"'
    assert found.headers["content-security-policy"].startswith(
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    )
    assert found.text.startswith("<!doctype html>")
    assert client.get("/runs/4321/report").status_code == 404
