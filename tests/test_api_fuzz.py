"""Fuzzing of the API of a real dashboard: it answers as its description says, and never with a 500."""

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis.strategies import one_of
from schemathesis import GenerationMode

from engine.settings import settings
from engine.store import open_store
from tests.e2e.dashboard import Dashboard
from tests.training_runs import train

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:schemathesis"),
]
EXAMPLES = 30
CHECKS = [
    schemathesis.checks.not_a_server_error,
    schemathesis.checks.status_code_conformance,
    schemathesis.checks.content_type_conformance,
    schemathesis.checks.response_schema_conformance,
]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Dashboard, list[int]]]:
    """A dashboard with two runs that were really trained: pictures, and rows of a table."""
    home = tmp_path_factory.mktemp("fuzz") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAINYARD_HOME", str(home))
        settings.cache_clear()
        store = open_store()
        trained = [train(store, epochs=1).id, train(store, dataset="iris", epochs=1, batch_size=16).id]
        dashboard = Dashboard(home)
        dashboard.start()
        try:
            yield dashboard, trained
        finally:
            dashboard.close()
            store.close()
    settings.cache_clear()


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_every_answer_is_one_that_the_description_allows(
    runs: tuple[Dashboard, list[int]], mode: GenerationMode
) -> None:
    dashboard, trained = runs
    schema = schemathesis.openapi.from_url(f"{dashboard.url}/api/v1/openapi.json")
    seen: set[int] = set()
    for found in schema.get_all_operations():
        operation = found.ok()
        if mode is GenerationMode.NEGATIVE and not (operation.path_parameters or operation.body):
            continue  # nothing can be wrong about it
        named = any(parameter.name == "name" for parameter in operation.path_parameters)
        names = [{}, *({"path_parameters": {"name": str(run)}} for run in trained if named)]

        @effort(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
        @given(case=one_of([operation.as_strategy(mode, **name) for name in names]))
        def attempt(case: schemathesis.Case) -> None:
            answer = case.call(timeout=60)
            seen.add(answer.status_code)
            case.validate_response(answer, checks=CHECKS)

        attempt()
    assert 404 in seen
    assert {200, 400} & seen
