"""Choices that people bring: columns are found by their names, what is wrong is said, facts stay with their items."""

import json
import tracemalloc
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from engine.catalogue import ItemColumn
from engine.datasets.base import datasets
from engine.errors import TrainyardError
from engine.imports.choices import _coded
from engine.imports.importing import import_data
from engine.imports.sets import ImportReport
from engine.imports.understood import Choice
from engine.modalities.base import modalities
from engine.preparation.prepare import PreparedDataset, prepare
from engine.runs import RunSpec, RunState
from engine.serving.loaded import LoadedModels
from engine.serving.requests import Instances
from engine.settings import settings
from engine.store import Store
from engine.training import fit

# Keras writes weights through h5py in a way that NumPy 2 will not allow one day
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


def bring(text: str, person: str = "", item: str = "", time: str = "") -> ImportReport:
    """Import a table as choices."""
    choice = Choice("choices", "mine", label_column=item, group_column=person, time_column=time)
    return import_data(BytesIO(text.encode()), "mine.csv", choice)


def told(report: ImportReport) -> str:
    """Everything that was said of an import."""
    return " ".join(f"{problem.file}: {problem.reason}" for problem in report.problems)


def cut(**fields: object) -> PreparedDataset:
    """The prepared examples of what was brought."""
    return prepare(datasets["my-choices"].parse({"choices": "mine", "history": 8, **fields}))


def rows(changed: dict[int, str] | None = None) -> str:
    """A table of six people and ten films, two of each kind."""
    lines = ["user_id,movie,timestamp,rating,kind,mood"]
    for i in range(60):
        film = (i // 6 + 3 * (i % 6)) % 10
        line = [
            f"u{i % 6}",
            f"film {film}",
            f"2024-03-{i // 3 + 1:02}",
            str(i % 5 + 1),
            f"kind {film % 5}",
            f"m{i % 3}",
        ]
        lines.append(",".join(line))
    return "\n".join((changed or {}).get(place, line) for place, line in enumerate(lines))


def test_columns_are_found_by_their_names_and_facts_stay_with_items(home: Path) -> None:
    report = bring(rows())
    assert report.made.roles == {"person": "user_id", "item": "movie", "time": "timestamp", "rating": "rating"}
    assert "column 'mood': It differs between rows of one item" in told(report)
    known = cut().info.catalogue
    assert known is not None
    assert [column.name for column in known.columns] == ["kind"]
    assert all(known.columns[0].values[i] == f"kind {int(name.split()[1]) % 5}" for i, name in enumerate(known.items))


def test_only_what_was_rated_high_enough_counts_where_that_is_asked(home: Path) -> None:
    bring(rows())
    assert len(cut(least_rating=4).inputs) < len(cut().inputs)
    with pytest.raises(TrainyardError, match=r"No rating is 9 or more; the highest is 5"):
        cut(least_rating=9)


def test_a_table_without_times_is_a_sentence(home: Path) -> None:
    with pytest.raises(TrainyardError, match="No column holds times"):
        bring("user,item\n" + "\n".join(f"u{i % 3},i{i}" for i in range(30)))


def test_numbers_of_people_are_no_times(home: Path) -> None:
    text = "user,item\n" + "\n".join(f"{i % 3},i{i}" for i in range(30))
    with pytest.raises(TrainyardError, match="The column 'user' says who chose, or what"):
        bring(text, time="user")


def test_a_table_without_people_is_a_sentence(home: Path) -> None:
    with pytest.raises(TrainyardError, match="which column says who chose"):
        bring("a,item,time\nx,y,2024-01-01\n")


def test_gaps_and_repetitions_are_said(home: Path) -> None:
    report = bring(
        rows(
            {
                3: ",film 1,2024-03-01,1,kind 1,m0",
                4: "u5,,2024-03-01,1,kind 1,m0",
                5: "u0,film 0,2024-03-02,1,kind 0,m0",
            }
        )
    )
    assert "left out: 2" in told(report)
    assert "Choices that come again: 1" in told(report)


def test_of_too_many_items_the_most_frequent_are_kept_and_that_is_said(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINYARD_MAX_CATALOGUE", "10")
    settings.cache_clear()
    more = "\n".join(f"u{i},rare {i},2024-03-01,1,kind 1,m0" for i in range(20))
    report = bring(f"{rows()}\n{more}")
    assert "There are 30 items; the 10 that were chosen most often are kept" in told(report)
    known = cut().info.catalogue
    assert known is not None
    assert all(name.startswith("film") for name in known.items)


def test_choices_in_one_moment_are_a_sentence(home: Path) -> None:
    bring("user,item,time\n" + "\n".join(f"u{i % 5},i{i // 5},2024-01-01" for i in range(60)))
    with pytest.raises(TrainyardError, match="do not tell what was earlier"):
        cut()


def test_times_may_be_seconds(home: Path) -> None:
    bring("user,item,time\n" + "\n".join(f"u{i % 5},i{i // 5},{1_700_000_000 + i}" for i in range(60)))
    prepared = cut()
    assert np.count_nonzero(prepared.inputs[prepared.indices("test")]) > 0


def test_names_are_known_however_they_are_written(home: Path) -> None:
    long = "film " + "or how it was made " * 10
    bring(rows().replace("film 1,", f"{long},").replace("film 2,", "Cafe\u0301,").replace("film 3,", "7,"))
    info = cut().info
    assert info.catalogue is not None
    wanted = [info.catalogue.numbers[name] for name in (long[:80].strip(), "Caf\u00e9", "7")]
    choices = modalities["choices"]
    given = [long, "Cafe\u0301", "7"]
    table = pd.DataFrame({"user": ["ann"] * 3, "movie": given})
    numbers = pd.DataFrame({"user": ["ann"], "movie": [7.0]})
    for inputs, expected in (
        (choices.parse([given], info), wanted),
        (choices.decode("\n".join(given).encode(), "a.txt", info).inputs, wanted),
        (choices.decode(table.to_csv(index=False).encode(), "a.csv", info).inputs, wanted),
        (choices.decode(numbers.to_parquet(), "a.parquet", info).inputs, wanted[2:]),
    ):
        assert inputs[0, : len(expected)].tolist() == expected


def test_one_long_name_does_not_make_all_others_as_long() -> None:
    words = np.array(["pen", "ink"] * 1_000 + ["x" * 100_000], object)
    tracemalloc.start()
    names, codes, first = _coded(words)
    facts = ItemColumn("about", "category", tuple(words)).features()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50_000_000
    assert [names[code] for code in codes[:3]] == ["pen", "ink", "pen"]
    assert first.tolist() == [1, 0, 2_000]
    assert facts.sum(axis=0).tolist() == [1_000, 1_000, 1]


def test_a_run_is_trained_on_what_was_brought_and_answers(store: Store) -> None:
    bring(rows())
    run = store.runs.create(RunSpec.build({"dataset": "my-choices", "choices": "mine", "epochs": 1}), slot="terminal")
    fit.train_run(store, run)
    run = store.runs.get(run.id)
    assert run.state is RunState.COMPLETED, run.message
    answered = LoadedModels().answer(run.id, [Instances(b'{"instances": [["film 1", "film 2"]]}')])[0]
    [one] = json.loads(answered)["predictions"]
    assert one["chosen"] == ["film 1", "film 2"]
    assert len(one["items"]) == 8
