"""The command `compare`: figures, differing hyperparameters and verdicts, for programs and for people."""

import json

import pytest

from engine.cli import main
from engine.store import Store
from tests import seeding

DIGITS = {"dataset": "digits", "model": "mlp"}


def test_compare_prints_figures_differences_and_a_verdict(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    weak, strong = seeding.scored(store, 0.7, **DIGITS), seeding.scored(store, 0.95, luck=1, units=32, **DIGITS)
    assert main(["compare", str(weak.id), str(strong.id), str(weak.id), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["id"] for row in found["runs"]] == [weak.id, strong.id]
    assert found["runs"][0]["best"]["val_accuracy"] == weak.best["val_accuracy"]
    assert found["runs"][0]["last"]["epoch"] == 3
    assert found["runs"][1]["test"]["accuracy"] == strong.result["test_accuracy"]
    assert found["hyperparameters"] == {"model.units": [128, 32]}
    [verdict] = found["pairs"]
    assert (verdict["run"], verdict["other"], verdict["distinguishable"]) == (strong.id, weak.id, True)


def test_compare_says_the_verdict_first_and_then_draws_tables(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    ids = [str(seeding.scored(store, **DIGITS).id) for _ in range(2)]
    assert main(["compare", *ids]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(f"Runs {ids[1]} and {ids[0]} are not distinguishable")
    assert "Best epoch" in printed
    assert "Hyperparameters that differ" not in printed


def test_compare_corrects_several_pairs_and_says_so(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    ids = [str(seeding.scored(store, right, luck, **DIGITS).id) for luck, right in enumerate((0.8, 0.85, 0.9))]
    assert main(["compare", *ids, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [pair["pairs"] for pair in found["pairs"]] == [3, 3, 3]
    assert all(pair["p"] <= pair["corrected_p"] <= 3 * pair["p"] for pair in found["pairs"])
    assert found["correction"]["method"] == "holm"
    assert main(["compare", *ids]) == 0
    assert found["correction"]["sentence"] in capsys.readouterr().out
    assert main(["compare", *ids[:2], "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["correction"] is None


def test_a_deleted_run_and_a_single_one_are_sentences(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    run = seeding.scored(store, **DIGITS)
    assert main(["compare", str(run.id), "99"]) == 1
    assert "Run 99 does not exist." in capsys.readouterr().err
    assert main(["compare", str(run.id)]) == 1
    assert "1 runs cannot be compared" in capsys.readouterr().err
