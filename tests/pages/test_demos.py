"""Published demos on their pages: published from a run, tried by visitors, changed by their owner, alone in a frame."""

from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from engine import service
from engine.access import Actor, Role, Visibility
from engine.service.demos import Changes
from engine.serving.answers import PredictResult
from engine.settings import settings
from engine.store import Store
from tests import seeding
from tests.pages.opening import SHELL, open_page, press, words
from tests.pages.test_demo import BrightnessPredictor, picture
from ui import lab
from ui.modalities.image_ways import EXAMPLES
from ui.navigation import FOLDER

CAROL, BOB = Actor("carol", Role.MEMBER), Actor("bob", Role.MEMBER)
EVE = Actor("visitor", Role.VISITOR)
As = Callable[[Actor], None]


class CountingPredictor(BrightnessPredictor):
    """Counts how often it is asked about something."""

    asked = 0

    def predict(self, run_id: int, files: list[tuple[str, bytes]], parameters: object = None) -> list[Any]:
        """Answer, and count."""
        type(self).asked += bool(files)
        return [
            PredictResult(one.name, one.prediction, one.error) for one in super().predict(run_id, files, parameters)
        ]


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch) -> As:
    """Say who looks at the pages that are opened from then on."""
    monkeypatch.setattr(lab, "predictor", CountingPredictor)
    return lambda actor: monkeypatch.setattr(lab, "actor", lambda: actor)


def published(store: Store, name: str = "clothes", **values: Any) -> int:
    """The number of carol's private run that answers for a demo."""
    run = seeding.evaluated(store, owner="carol", dataset="fashion")
    service.demos.publish(CAROL, run.id, name, Changes(title="What to wear?"), **values)
    return run.id


def alone(name: str) -> AppTest:
    """The demo without menu, as in a frame."""
    at = AppTest.from_file(str(SHELL), default_timeout=120)
    at.query_params["demo"] = name
    at.context["is_embedded"] = True
    at.run()
    assert not at.exception, at.exception[0].message
    return at


def give(at: AppTest, name: str, shade: int) -> AppTest:
    """Upload a picture to a version of a demo."""
    at.session_state[f"way-{name}"] = "upload"
    at.run()
    at.file_uploader[0].upload("a.png", picture(shade), "image/png")
    at.run()
    assert not at.exception, at.exception[0].message
    return at


def everything(at: AppTest) -> str:
    """All that the page sends to the browser."""
    return "\n".join(str(node.proto) for node in at._tree if hasattr(node, "proto"))


def test_an_owner_publishes_on_the_page_of_the_run_and_a_visitor_finds_the_demo_and_gets_an_answer(
    store: Store, look: As
) -> None:
    run = seeding.evaluated(store, owner="carol", dataset="fashion")
    look(CAROL)
    at = open_page("run", run=run.id)
    at.session_state[f"publish-{run.id}"] = True
    at.run()
    at.text_input(key=f"publish-name-{run.id}").set_value("clothes")
    at.text_input(key=f"publish-title-{run.id}").set_value("*What* to wear?")
    next(button for button in at.button if button.key and "publish-form" in button.key).click()
    at.run()
    assert not at.exception, at.exception[0].message
    assert service.demos.get(EVE, "clothes").title == "*What* to wear?"

    look(EVE)
    listed = open_page("demos")
    assert "\\*What\\* to wear?" in [title.value for title in listed.subheader], "text of people is no Markdown"
    at = give(open_page("demos", demo="clothes"), "clothes-1", 60)
    assert at.metric[0].value == "dark"
    assert "it is not stored" in words(at)
    assert "Fashion" in words(at)  # the card names the data
    assert not [one for one in at.expander if one.label == "Manage this demo"]


def test_a_visitor_of_a_demo_learns_nothing_else_of_the_private_run(store: Store, look: As) -> None:
    run_id = published(store)
    from engine.naming import Naming

    service.runs.rename(CAROL, run_id, Naming("secret plan", "secret note", ("secret",)))
    look(CAROL)
    open_page("demos", demo="clothes")  # what the owner has opened is in all caches
    open_page("run", run=run_id)
    look(EVE)
    shown = everything(give(open_page("demos", demo="clothes"), "clothes-1", 0)) + everything(open_page("demos"))
    assert "secret" not in shown
    assert "weights_sha256" not in shown
    assert f"Run {run_id}" not in shown
    assert "does not exist" in words(open_page("demo", run=run_id))
    service.demos.show(CAROL, "clothes", False)
    assert words(open_page("demos", demo="clothes")).count("There is no demo named") == 1
    assert "No demo is published" in words(open_page("demos"))


def test_examples_are_shown_where_the_owner_said_so_and_asked_about_once(store: Store, look: As) -> None:
    published(store, examples=True)
    published(store, "plain")
    look(EVE)
    assert "Example" not in str(open_page("demos", demo="plain").segmented_control)
    CountingPredictor.asked = 0
    for _visitor in range(2):
        at = open_page("demos", demo="clothes")
        at.session_state["way-clothes-1"] = "example"
        at.run()
        press(at, "Trouser")
        assert at.metric[0].value in ("bright", "dark")
    assert CountingPredictor.asked == EXAMPLES, "once about each, whoever looks"
    for _visitor in range(2):
        give(open_page("demos", demo="clothes"), "clothes-1", 9)
    assert CountingPredictor.asked >= EXAMPLES + 2, "what people give is kept nowhere"


def test_both_answers_stand_side_by_side_and_a_roll_back_is_one_button(store: Store, look: As) -> None:
    published(store)
    published(store)
    service.demos.compare(CAROL, "clothes", 1)
    look(EVE)
    at = give(open_page("demos", demo="clothes"), "clothes-2", 60)
    assert [metric.value for metric in at.metric] == ["dark", "dark"]
    assert {"Version 1", "Version 2"} <= {title.value for title in at.subheader}
    look(CAROL)
    at = open_page("demos", demo="clothes")
    at.session_state["manage-clothes"] = True
    at.run()
    assert "embed=true" in everything(at)
    press(at, "Roll back")
    assert service.demos.get(EVE, "clothes").current == 1


def test_alone_there_is_no_other_page_no_login_and_nothing_of_the_owners(store: Store, look: As) -> None:
    published(store)
    look(CAROL)
    at = alone("clothes")
    at.switch_page(str(FOLDER / "demos.py"))
    at.run()
    assert at.title[0].value == "What to wear?"
    assert not [one for one in at.expander if one.label == "Manage this demo"]
    assert not at.get("page_link")
    assert not at.sidebar.children


def test_a_wrong_answer_is_sent_only_with_consent_and_only_where_server_and_owner_allow_it(
    store: Store, look: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(store)
    service.demos.edit(CAROL, "clothes", Changes(collects=True))
    look(EVE)
    at = give(open_page("demos", demo="clothes"), "clothes-1", 60)
    assert "it is not stored" in words(at)  # the server keeps nothing
    monkeypatch.setenv("TRAINYARD_MAX_WRONG_ANSWERS", "1")
    settings.cache_clear()
    at = give(open_page("demos", demo="clothes"), "clothes-1", 60)
    assert "unless you say yourself" in at.info[0].value
    press(at, "Send")
    assert "you did not agree" in words(at)
    assert service.demos.wrong(CAROL, "clothes") == []
    at.checkbox(key="wrong-agreed-clothes-1").check()
    press(at, "Send")
    (one,) = service.demos.wrong(CAROL, "clothes")
    assert (one.content, one.answer["label"]) == (picture(60), "dark")
    at.checkbox(key="wrong-agreed-clothes-1").check()
    press(at, "Send")
    assert "no more are kept" in at.error[0].value
    look(CAROL)
    at = open_page("demos", demo="clothes")
    at.session_state["manage-clothes"] = True
    at.run()
    press(at, "Delete all")
    assert service.demos.wrong(CAROL, "clothes") == []


def test_an_owner_corrects_facts_of_the_card_and_visitors_see_whose_words_they_are(store: Store, look: As) -> None:
    published(store)
    look(CAROL)
    at = open_page("demos", demo="clothes")
    at.session_state["manage-clothes"] = True
    at.run()
    at.text_input(key="licence-clothes").set_value("*Free* for all")
    next(
        button for button in at.button if button.label == "Save" and "texts-clothes" in str(button.proto.form_id)
    ).click()
    at.run()
    assert not at.exception, at.exception[0].message
    look(EVE)
    found = words(open_page("demos", demo="clothes"))
    assert "\\*Free\\* for all (the words of the owner; the record of the run says:" in found.replace(
        "\N{WORD JOINER}", ""
    )
    assert not [one for one in open_page("demos", demo="clothes").text_input if one.key == "licence-clothes"]


def test_a_published_run_makes_no_difference_to_its_visibility(store: Store) -> None:
    assert service.runs.get(CAROL, published(store)).visibility is Visibility.PRIVATE
