"""What people who share an installation are told of the queue and of their budget, on the pages."""

import pytest
from streamlit.testing.v1 import AppTest

from engine import service
from engine.access import Actor, Role
from engine.budgets.schedule import Why
from engine.runs import RunSpec
from engine.service.queueing import Turn
from engine.settings import settings
from engine.store import Store
from tests import seeding
from tests.pages.opening import open_page, words
from ui import lab
from ui.turns import starts, turn_text

ADA = Actor("ada", Role.MEMBER)
SPEC = RunSpec.build({"dataset": "digits", "model": "mlp", "epochs": 10})


@pytest.fixture(autouse=True)
def shared(home: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shared mode, ada looks."""
    monkeypatch.setenv("TRAINYARD_MODE", "shared")
    monkeypatch.setenv("TRAINYARD_MEMBER_RUNS_AT_ONCE", "1")
    settings.cache_clear()
    monkeypatch.setattr(lab, "actor", lambda: ADA)


def test_a_waiting_run_says_its_place_why_it_waits_and_when_it_will_start(store: Store) -> None:
    seeding.executor(store)
    service.runs.launch(Actor("bob", Role.MEMBER), [SPEC])
    first, second = service.runs.launch(ADA, [SPEC] * 2)
    said = words(open_page("run", run=second.id))
    assert (
        "2 runs are before it in the queue. It waits for a free slot. Whoever has trained least in the last 24" in said
    )
    assert "It will probably start in about 20 min (5 min to 80 min)." in said
    assert store.attempts.claim("cpu-0", first.id) is not None
    assert "It waits until another run of its owner has ended" in words(open_page("run", run=second.id))
    table = open_page("runs").dataframe[0].value
    assert "in about" in table.set_index("run").filter(like=f"={second.id}", axis=0)["state"].iloc[0]


def test_a_turn_in_words() -> None:
    today = Turn(1, 1, 7_200, 7_200, 7_200, Why.BUDGET)
    assert turn_text(today) == (
        "Next in the queue. It waits for the budget of its owner: the minutes of today are used, or held for runs that train. At "
        "midnight UTC they return, and the run goes on by itself. It will probably start in about 2.0 h (2.0 h to 2.0 h)."
    )
    soon = Turn(2, 1, 0, 0, 0)
    assert turn_text(soon).endswith("It starts in a moment.")
    assert starts([today, soon, Turn(None, 3)]) == {1: "in about 2.0 h"}


def test_the_form_says_what_is_left_and_offers_the_epochs_that_fit(store: Store) -> None:
    known = store.runs.create(SPEC, "ada", slot="here")
    store.attempts.begin(known, worker={}, environment={"device": "cpu", "flops": 1_000}, total_steps=1)
    measured = {"epochs": 10, "examples_per_second": 1_000, "num_train_examples": 1_000, "epoch_seconds": 60.0}
    store.attempts.end(known, known.state.COMPLETED, "", measured | {"whole_seconds": 660.0})
    service.budgets.set_budget(Actor("root", Role.ADMIN), "ada", device_minutes=6.2)

    def page() -> None:
        from engine import service
        from engine.cost import NetworkFacts
        from engine.runs import RunSpec
        from ui import lab
        from ui.train.budget import draw_budget

        spec = RunSpec.build({"dataset": "digits", "model": "mlp", "epochs": 10})
        facts = NetworkFacts(10, 10, 2, 1_000, 0, 10, 10, 1_000, 1_000)
        draw_budget(spec, service.costs.estimate(lab.actor(), spec, facts))

    at = AppTest.from_function(page, default_timeout=60).run()
    assert not at.exception
    said = words(at)
    assert "6 of 6 device-minutes are left today" in said
    assert "About 11 min is more than what is left today. At the limit the run pauses at a checkpoint" in said
    assert [button.label for button in at.button] == ["Train 5 epochs, which fits"]
    at.button[0].click().run()
    assert at.query_params["epochs"] == "5"
