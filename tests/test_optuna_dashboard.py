"""optuna-dashboard on the store's own URL shows the studies: people who know it can keep using it."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from optuna_dashboard import wsgi

from engine.search.optuna_adapter import study_name
from engine.store import Store
from tests.search_bench import Bench


@pytest.fixture
def bench(store: Store) -> Iterator[Bench]:
    """An empty store with a driver."""
    made = Bench(store)
    yield made
    made.driver.close()


def get(app: Any, path: str) -> Any:
    """Return the app's response to a GET, as a server would ask for it."""
    said: list[str] = []
    environment = {
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "", "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(), "wsgi.errors": io.StringIO(),
    }  # fmt: skip
    answer = b"".join(app(environment, lambda status, headers, info=None: said.append(status)))
    assert said[-1].startswith("200"), (said, answer)
    return json.loads(answer)


def test_optuna_dashboard_shows_the_study_and_its_trials(bench: Bench) -> None:
    study = bench.begin(trials=2)
    bench.train(0.5)
    bench.train(0.75)
    app = wsgi(bench.store.url)
    (listed,) = get(app, "/api/studies")["study_summaries"]
    assert listed["study_name"] == study_name(study.id)
    shown = get(app, f"/api/studies/{listed['study_id']}")
    assert [trial["values"] for trial in shown["trials"]] == [[0.5], [0.75]]
    assert {param["name"] for param in shown["trials"][0]["params"]} == set(study.spec.space)
