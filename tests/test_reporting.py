"""Reports: for any task one file that loads nothing, in which nothing that people wrote is read as markup."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from gettext import NullTranslations
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from engine import service
from engine.access import local_owner
from engine.cli import main
from engine.reporting import render
from engine.reporting.examples import choose
from engine.reporting.page import CONTENT_POLICY
from engine.reporting.plots import MOST_POINTS, Line, Plot, Scale
from engine.runs import Run
from engine.settings import settings
from engine.store import MetricPoint, Store
from tests import seeding
from tests.planted import planted
from tests.plugged import plugged
from tests.reported import subject
from ui.language import catalog

ENGLISH = NullTranslations()
LOADING = {"src", "href", "srcset", "xlink:href", "action", "formaction", "data", "poster", "background", "ping"}
DATASETS = ("digits", "tweets", "spoken-digits", "penguins", "diabetes")
ANSWERS = ("rectangles", "stripes", "mirrored")


class Page(HTMLParser):
    """A report, read as a browser would."""

    def __init__(self, written: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.style = ""
        self._inside = ""
        self.feed(written)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))
        self._inside = tag

    def handle_data(self, data: str) -> None:
        if self._inside == "style":
            self.style += data
        else:
            self.text += data

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def named(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of each such element."""
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home folder for the whole module: each dataset is prepared once."""
    home = tmp_path_factory.mktemp("reports") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAINYARD_HOME", str(home))
        settings.cache_clear()
        yield home
    settings.cache_clear()


def check_self_contained(page: Page) -> None:
    """Nothing is loaded, nothing runs, and the policy says so before anything else could be read."""
    assert not {tag for tag, _ in page.tags} & {"script", "link", "iframe", "object", "embed", "form", "base", "a"}
    for _tag, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on")]
        for name in LOADING & attributes.keys():
            assert str(attributes[name]).startswith("data:image/webp;base64,")
    assert "url(" not in page.style
    assert "@import" not in page.style
    metas = page.named("meta")
    assert (metas[1]["http-equiv"], metas[1]["content"]) == ("Content-Security-Policy", CONTENT_POLICY)


def check_complete(page: Page) -> None:
    """What any run has: figures, a curve, examples, settings, the card; and pictures say what they are."""
    for words in ("Result", "Learning curves", "Examples", "Settings", "Data", "Card", "keras 3.15.1", "Licence"):
        assert words in page.text
    assert all(svg.get("aria-hidden") or svg.get("aria-label") for svg in page.named("svg"))
    assert all(image["alt"] is not None for image in page.named("img"))
    assert len([svg for svg in page.named("svg") if svg.get("role") == "img"]) >= 1


@pytest.mark.parametrize("dataset", DATASETS)
def test_a_run_of_every_task_has_a_report(dataset: str, lab: Path) -> None:
    page = Page(render(subject(dataset), ENGLISH))
    check_self_contained(page)
    check_complete(page)
    assert page.named("html") == [{"lang": "en"}]
    kind = "Distribution of the errors" if dataset == "diabetes" else "Confusion matrix"
    assert kind in page.text


@pytest.mark.parametrize("dataset", ANSWERS)
def test_answers_of_a_plug_in_are_shown_as_text(dataset: str, lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with plugged("tests.answers", monkeypatch):
        page = Page(render(subject(dataset), ENGLISH))
    check_self_contained(page)
    check_complete(page)


def test_inputs_of_a_plug_in_are_shown_as_numbers(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with plugged("tests.series", monkeypatch):
        page = Page(render(subject("waves", outputs=3), ENGLISH))
    check_self_contained(page)
    check_complete(page)


def test_names_of_people_are_text_everywhere(lab: Path) -> None:
    names = planted(8501)
    usual = subject("digits")
    evaluated = dict(usual.evaluation["test"])
    labels = names[: len(evaluated["labels"])]
    evaluated["labels"] = labels
    evaluated["per_class"] = [
        row | {"label": name} for row, name in zip(evaluated["per_class"], names[-len(labels) :], strict=True)
    ]
    run = replace(usual.run, name=names[0], note="\n".join(names), tags=names[:20], owner=names[2])
    given = replace(usual, run=run, evaluation={"test": evaluated, "validation": evaluated})
    page = Page(render(given, ENGLISH))
    check_self_contained(page)
    for name in names:
        assert name in page.text
    plain = Page(render(replace(usual, run=replace(run, name="a", note="a\n" * len(names), owner="a")), ENGLISH))
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in plain.tags]


def test_signs_that_turn_the_direction_of_writing_are_replaced(lab: Path) -> None:
    usual = subject("digits")
    assert "\u202e" not in render(replace(usual, run=replace(usual.run, name="a\u202ecod.exe")), ENGLISH)


def test_a_report_is_in_the_language_of_the_page(lab: Path) -> None:
    page = Page(render(subject("digits"), catalog("zh")))
    assert page.named("html") == [{"lang": "zh"}]
    for words in ("结果", "混淆矩阵", "学习曲线", "许可"):
        assert words in page.text
    assert "Learning curves" not in page.text


def test_wrong_answers_come_worst_first_and_right_ones_are_right(lab: Path) -> None:
    given = subject("digits")
    assert given.outcomes is not None
    outputs = np.random.default_rng(1).dirichlet(np.ones(10), len(given.outcomes.positions))  # wrong by more or less
    outputs[::2] = np.eye(10)[np.asarray(given.outcomes.targets[::2])]
    given = replace(given, outcomes=replace(given.outcomes, outputs=outputs))
    scores = given.scores()
    [(_, wrong, is_wrong), (_, right, is_right)] = choose(given)
    assert (is_wrong, is_right) == (False, True)
    assert set(scores["accuracy"][wrong]) == {0.0}
    assert set(scores["accuracy"][right]) == {1.0}
    assert list(scores["cross_entropy"][wrong]) == sorted(scores["cross_entropy"][wrong], reverse=True)
    assert len(set(scores["cross_entropy"][wrong])) > 2
    assert len(right) == settings().report_examples


def test_no_example_is_both_worst_and_typical(lab: Path) -> None:
    [(_, worst, _), (_, typical, _)] = choose(subject("diabetes"))
    assert len(worst) == len(typical) == settings().report_examples
    assert not set(worst) & set(typical)


def test_outputs_that_were_too_large_to_keep_cost_the_answers_only(lab: Path) -> None:
    given = subject("digits")
    assert given.outcomes is not None
    scores = given.scores()
    kept = replace(given.outcomes, outputs=np.empty(0), targets=np.empty(0), scores=scores)
    page = Page(render(replace(given, outcomes=kept), ENGLISH))
    assert "confident" not in page.text
    assert "Wrong answers, the worst first" in page.text


def test_a_long_curve_has_few_points_with_its_first_and_last() -> None:
    values = [float(i) for i in range(100_000)]
    line = Line("long", "train", values, values)
    path = Plot("t", "t", "x", lines=[line]).path(line)
    assert path.count("M") + path.count("L") == MOST_POINTS
    assert path.endswith("L468.0 10.0")


def test_a_value_that_is_no_number_is_a_gap() -> None:
    line = Line("gap", "train", [1, 2, 3, 4], [1.0, None, float("nan"), 2.0])
    path = Plot("t", "t", "x", lines=[line]).path(line)
    assert re.fullmatch(r"M[\d. ]+M[\d. ]+", path)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([0.0, 10.0], ["0", "2", "4", "6", "8", "10"]),
        ([0.013, 0.087], ["0", "0.02", "0.04", "0.06", "0.08", "0.1"]),
        ([5.0], ["2", "3", "4", "5", "6", "7", "8"]),
        ([], ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
    ],
)
def test_ticks_are_round_numbers(values: list[float], words: list[str]) -> None:
    assert [text for _, text in Scale.over(values, 0, 100).ticks] == words


def test_the_command_writes_a_file_and_may_leave_examples_out(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = seeding.evaluated(store, dataset="digits")
    path = tmp_path / "new" / "report.html"
    assert main(["report", str(run.id), "--output", str(path)]) == 0
    page = Page(path.read_text())
    check_self_contained(page)
    assert len(page.named("img")) == 2 * settings().report_examples
    assert "better than the baseline" in page.text
    assert main(["report", str(run.id), "--output", str(path), "--no-examples"]) == 0
    page = Page(path.read_text())
    assert not page.named("img")
    assert "The examples were left out." in page.text


def test_a_report_that_would_be_too_large_has_no_examples(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = seeding.evaluated(store, dataset="digits")
    monkeypatch.setattr("engine.service.reports.settings", lambda: settings().model_copy(update={"max_report_mb": 0}))
    page = Page(service.reports.write(local_owner(), run).decode())
    assert not page.named("img")
    assert "larger than 0 MB (TRAINYARD_MAX_REPORT_MB)" in page.text


def test_examples_of_data_that_has_changed_are_not_shown(store: Store) -> None:
    run = seeding.evaluated(store, dataset="digits", known={"dataset_hash": "another"})
    page = Page(service.reports.write(local_owner(), run).decode())
    assert not page.named("img")
    assert "the dataset has changed" in page.text


@pytest.mark.parametrize("made", [seeding.queued, seeding.running, seeding.failed, seeding.stopped])
def test_a_run_in_any_state_has_a_report(made: Callable[..., Run], store: Store) -> None:
    page = Page(service.reports.write(local_owner(), made(store, dataset="digits")).decode())
    check_self_contained(page)
    assert "Settings" in page.text


def test_a_run_whose_loss_was_never_a_number_has_a_report(store: Store) -> None:
    run = seeding.running(store, epochs=0, dataset="digits")
    store.attempts.report(run, [MetricPoint(0, "train", "loss", "epoch", 1, 1.0, None, 0.0)])
    assert "Learning curves" not in service.reports.write(local_owner(), store.runs.get(run.id)).decode()
