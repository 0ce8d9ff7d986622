"""The page of a run says what is wrong with the texts that its network writes."""

from engine.artifacts import artifacts_of
from engine.probes import Answers, Probed, add, begin
from engine.store import Store
from tests import seeding
from tests.pages.opening import open_page

LOOP = "<b>the lord of</b> " * 8


def test_a_loop_is_shown_with_what_helps_as_it_is_and_good_texts_are_not(store: Store) -> None:
    run = seeding.running(store, epochs=2, dataset="digits")
    path = artifacts_of(run.id).probes
    path.parent.mkdir(parents=True, exist_ok=True)
    begin(path, Probed([0, 1, 2], ["", "", ""], "none"))
    add(path, Answers(1, "generated", [{"text": text, "tokens": []} for text in ("one", "two", "three")], {}))
    assert [warning.value for warning in open_page("run", run=run.id).warning if "loop" in warning.value] == []
    for epoch in (2, 3):
        add(path, Answers(epoch, "generated", [{"text": LOOP, "tokens": []}] * 3, {}))
    [told] = [
        warning.value for warning in open_page("run", run=run.id).warning if "go round in a loop" in warning.value
    ]
    assert "3 of 3 answers" in told
    assert "What helps:" in told
    assert r"\<b\>the lord of" in told or "&lt;b&gt;" in told
