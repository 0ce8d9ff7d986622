"""A form reads an address, and every invalid part becomes a sentence."""

import pytest
from streamlit.testing.v1 import AppTest

from engine.datasets.base import datasets
from engine.models.base import models
from engine.runs import PARTS, RunSpec
from engine.service.commands import train_command, write_value
from engine.spec import Choices, Range, Spec
from engine.tasks.base import tasks
from ui.train.codec import expected, parse_value
from ui.train.form import read_form


def every_part() -> list[type[Spec]]:
    """All registered Specs."""
    return [part for registry in PARTS.values() for part in registry.values()]


def test_an_empty_address_is_the_default_run() -> None:
    form = read_form({})
    assert form.spec() == RunSpec.build({})
    assert form.changed == {}
    assert form.notes == ()


def test_the_short_address_of_a_run_makes_the_same_run_again() -> None:
    spec = RunSpec.build({"model": "mlp", "optimizer": "sgd", "nesterov": True, "learning_rate": 3e-4, "flip": "both"})
    again = read_form({name: write_value(value) for name, value in spec.flat().items()})
    assert again.notes == ()
    assert again.spec() == spec


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("learning_rate", "9"),
        ("learning_rate", "nan"),
        ("learning_rate", "fast"),
        ("epochs", "0"),
        ("epochs", "1e3"),
        ("batch_normalisation", "maybe"),
        ("kernel_size", "4"),
        ("loss", "cross"),
        ("seed", "-1"),
        ("device", "tpu"),
    ],
)
def test_a_value_out_of_its_domain_is_left_out_with_a_sentence(name: str, text: str) -> None:
    form = read_form({name: text, "units": "64"})
    assert form.changed == {"units": 64}
    assert len(form.notes) == 1
    assert f"{text} cannot be used; expected" in form.notes[0]
    assert form.unusable == {name: text}


@pytest.mark.parametrize(
    ("text", "meant"),
    [("0,01", 0.01), (" 0.01 ", 0.01), ("1e-2", 0.01), ("1,000", None), ("0,0,1", None), ("1.000,5", None)],
)
def test_a_decimal_comma_is_a_point_and_one_that_could_part_thousands_is_refused(
    text: str, meant: float | None
) -> None:
    assert read_form({"learning_rate": text}).changed == ({} if meant is None else {"learning_rate": meant})


def test_unknown_names_get_the_nearest_that_exists() -> None:
    form = read_form({"model": "mpl", "droput": "0.1"})
    assert form.names["model"] == "cnn"
    assert "'mlp'" in form.notes[0]
    assert "'dropout'" in form.notes[1]


def test_names_of_others_in_an_address_hold_nobody_up() -> None:
    form = read_form({"utm_source": "letter", "utm_campaign": "x", "fbclid": "x", "ref": "x", "epochs": "7"})
    assert form.changed == {"epochs": 7}
    assert not form.unusable
    assert read_form({"droput": "0.1"}).unusable == {"droput": "0.1"}


def test_the_language_in_the_address_is_no_hyperparameter() -> None:
    assert read_form({"lang": "zh"}).notes == ()


@pytest.mark.parametrize("part", every_part(), ids=lambda part: f"{part.__module__}:{part.name}")
def test_every_default_survives_the_way_through_an_address(part: type[Spec]) -> None:
    for field in part.fields():
        assert parse_value(part, field, write_value(field.default)) == field.default


@pytest.mark.parametrize("part", every_part(), ids=lambda part: f"{part.__module__}:{part.name}")
def test_every_field_can_say_what_it_takes(part: type[Spec]) -> None:
    for field in part.fields():
        if isinstance(field.domain, Range):
            assert write_value(field.domain.high) in expected(field)
        elif isinstance(field.domain, Choices):
            assert write_value(field.domain.options[-1]) in expected(field)


def test_the_terminal_command_builds_the_same_run() -> None:
    spec = RunSpec.build({"model": "vit", "optimizer": "sgd", "nesterov": True, "schedule": "cosine", "seed": 7})
    words = train_command(spec)
    assert words[:4] == ["python", "-m", "engine", "train"]
    assert "--nesterov" in words
    assert words[words.index("--seed") + 1] == "7"


def draw_everything(names: dict[str, str]) -> None:
    """A page with every widget of one choice of parts."""
    from ui.train.form import read_form
    from ui.train.widgets import draw_fields

    form = read_form(names)
    for section in form.parts:
        draw_fields(form, section)
        draw_fields(form, section, advanced=True)


FIRST = {task: next(d for d in datasets if task in datasets[d].tasks) for task in tasks}
"""A dataset of each task."""
PAIRS = [(d, "") for d in datasets] + [
    (FIRST[task], m) for m in models for task in tasks if tasks[task].accepts(models[m])
]


@pytest.mark.parametrize(("dataset", "model"), PAIRS)
def test_every_field_has_a_widget_that_shows_its_default(home: object, dataset: str, model: str) -> None:
    names = {"dataset": dataset} | ({"model": model} if model else {})
    at = AppTest.from_function(draw_everything, kwargs={"names": names}, default_timeout=120).run()
    assert not at.exception
    form = read_form(names)
    hidden = {field.name for part in form.parts.values() for field in part.fields() if field.hidden}
    hidden |= {"devices", "machines"}  # shown where there are several GPUs or machines
    shown = {widget.key.rsplit(".", 1)[1]: write_value(widget.value) for kind in WIDGETS for widget in at.get(kind)}
    assert shown == {name: write_value(value) for name, value in form.defaults.items() if name not in hidden}


WIDGETS = ("slider", "number_input", "toggle", "selectbox", "segmented_control", "text_input")
