"""The Data page: an upload is recognised, can be corrected, and is imported; every dataset can be inspected."""

import re
from urllib.parse import urlencode

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from engine.datasets.base import datasets
from engine.datasets.stored.base import OwnDataset
from engine.imports.collected import read_stored
from engine.imports.sets import describe_set, list_sets
from engine.preparation.prepare import prepare
from engine.runs import RunSpec, RunState
from engine.store import Store
from tests.pages.opening import labels, open_page, press, words
from tests.test_archive import pictures, zipped
from tests.test_layouts import topics
from tests.test_own_data import flowers, imported, reviews, upload


def give(at: AppTest, filename: str, data: bytes, number: int = 0) -> AppTest:
    """Upload a file into the form."""
    at.get_by_key(f"own.file-{number}").upload(filename, data)
    at.run()
    assert not at.exception, at.exception[0].message
    return at


def named(at: AppTest, name: str) -> AppTest:
    """Write the name of the set."""
    next(field for field in at.text_input if field.label == "Name").set_value(name).run()
    return at


def frame(at: AppTest, column: str) -> "object":
    """The table that has a column of this name."""
    return next(table.value for table in at.dataframe if column in table.value.columns)


# -- the list ----------------------------------------------------------------------------------------------------------


def test_the_list_has_ones_own_first_and_then_all_others(store: Store) -> None:
    imported(upload(flowers()), "花.csv", title="花")
    table = frame(open_page("data"), "origin")
    assert table["name"].tolist()[0] == "mine"  # type: ignore[index]
    assert table["title"].tolist()[0] == "花"  # type: ignore[index]
    others = [name for name in datasets if not issubclass(datasets[name], OwnDataset)]
    assert table["name"].tolist()[1:] == others  # type: ignore[index]


def test_choosing_a_row_opens_it_and_the_way_back_leads_to_the_list(store: Store) -> None:
    imported(upload(flowers()), "花.csv", title="花")
    at = open_page("data")
    at.session_state["data.list"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    at.run()
    assert at.title[0].value == "花"
    assert (at.query_params["dataset"], at.query_params["set"]) == ("my-table", "mine")
    press(at, "All datasets")
    assert at.title[0].value == "Data"
    assert "dataset" not in at.query_params


@pytest.mark.parametrize("query", [{"dataset": "nonsense"}, {"dataset": "my-table", "set": "gone"},
                                   {"dataset": "my-table", "set": "../../etc"}])  # fmt: skip
def test_an_address_that_leads_nowhere_is_a_sentence_above_the_list(query: dict[str, str], store: Store) -> None:
    at = open_page("data", **query)
    assert at.error
    assert at.title[0].value == "Data"


# -- importing ---------------------------------------------------------------------------------------------------------


def test_a_chinese_table_is_shown_named_and_imported(store: Store) -> None:
    at = give(open_page("data"), "花.csv", (flowers() + "61,1,红,\n").encode("gb18030"))
    assert "61 rows, 4 columns, read as GB18030" in words(at)
    assert "**类别** is predicted from 2 other columns" in words(at)
    press(named(at, "bloom"), "Import")
    assert "60 examples imported as 'bloom'" in at.success[0].value
    assert "row 62" in frame(at, "reason")["file"].tolist()  # type: ignore[index]
    assert describe_set("bloom").title == "花"
    assert at.get("page_link")[0].proto.label == "Train on it"
    assert "dataset=my-table" in at.get("page_link")[0].proto.query_string


def test_a_file_that_is_read_wrongly_can_be_read_otherwise(store: Store) -> None:
    at = give(
        open_page("data"),
        "trees.csv",
        b"4.0,1.1,oak\n" + b"".join(b"%d.5,%d.5,elm\n0.5,%d,oak\n" % (i, i % 7, i % 5) for i in range(30)),
    )
    assert "column 3" in frame(at, "role")["column"].tolist()  # type: ignore[index]
    file_id = at.get_by_key("own.file-0").value.file_id
    at.get_by_key(f"own.header-{file_id}").set_value("yes").run()
    assert frame(at, "role")["column"].tolist() == ["4.0", "1.1", "oak"]  # type: ignore[index]


def test_a_role_can_be_changed_before_the_import(store: Store) -> None:
    at = give(open_page("data"), "花.csv", flowers().encode())
    key = "own.roles-" + at.get_by_key("own.file-0").value.file_id
    edits = {3: {"role": "ignore"}}
    at.session_state[key] = {"edited_rows": edits, "added_rows": [], "deleted_rows": []}
    at.run()
    assert "Exactly one column must be the target" in at.warning[0].value
    assert "Import" not in [button.label for button in at.button]
    edits = {number: {"role": "ignore"} for number in (1, 2)}
    at.session_state[key] = {"edited_rows": edits, "added_rows": [], "deleted_rows": []}
    at.run()
    assert "No column is left to predict from" in at.warning[0].value
    assert "Import" not in [button.label for button in at.button]
    edits = {3: {"role": "ignore"}, 1: {"role": "target"}}
    at.session_state[key] = {"edited_rows": edits, "added_rows": [], "deleted_rows": []}
    at.run()
    press(named(at, "bloom"), "Import")
    assert describe_set("bloom").roles["target"] == "长度"


def test_texts_are_understood_and_the_kind_can_be_overruled(store: Store) -> None:
    at = give(open_page("data"), "films.csv", reviews().encode())
    assert at.get_by_key("own.text").value == "review"
    assert at.get_by_key("own.label").value == "sentiment"
    press(named(at, "films"), "Import")
    assert describe_set("films").kind == "texts"
    at = give(at, "films.csv", reviews().encode(), number=1)
    assert "this becomes version 2" in words(named(at, "films"))


def test_broken_files_in_folders_of_classes_cannot_be_imported(store: Store) -> None:
    sound = pictures()
    broken = dict.fromkeys(sound, b"torn")
    cats = {name: data for name, data in sound.items() if name.startswith("cat/")}
    for files, words_of_it in ((broken, "there is none"), (broken | cats, "there is only 'cat'")):
        at = give(open_page("data"), "pets.zip", zipped(files).getvalue())
        assert words_of_it in at.error[0].value
        assert "Import" not in [button.label for button in at.button]


def test_pictures_show_their_classes_and_what_is_broken_is_listed(store: Store) -> None:
    at = give(open_page("data"), "pets.zip", zipped(pictures() | {"cat/torn.png": b"torn", "x.png": b"y"}).getvalue())
    assert "11 files in 2 classes" in words(at)
    assert "x.png" in frame(at, "reason")["file"].tolist()  # type: ignore[index]
    press(named(at, "pets"), "Import")
    assert "10 examples imported as 'pets'" in at.success[0].value
    assert set(frame(at, "reason")["file"]) == {"cat/torn.png", "x.png"}  # type: ignore[index]


def test_folders_in_folders_are_offered_as_classes_by_level(store: Store) -> None:
    at = give(open_page("data"), "topics.zip", zipped(topics()).getvalue())
    assert "Folders are nested" in at.info[0].value
    assert sorted(frame(at, "class")["class"]) == ["animals", "plants"]  # type: ignore[index]
    levels = [box for box in at.selectbox if str(box.key).startswith("own.level-")]
    assert [box.value for box in levels] == ["class", "none"]
    levels[0].set_value("group").run()
    levels = [box for box in at.selectbox if str(box.key).startswith("own.level-")]
    levels[1].set_value("class").run()
    assert sorted(frame(at, "class")["class"]) == ["cat", "dog", "oak", "rose"]  # type: ignore[index]
    assert "Left out: 3 of 19 files." in at.warning[0].value
    press(named(at, "topics"), "Import")
    assert describe_set("topics").counts == {"cat": 4, "dog": 4, "oak": 4, "rose": 4}
    assert "group" in read_stored("topics", "images").more


def test_names_that_are_formulas_stay_words_in_tables_that_browsers_save(store: Store) -> None:
    files = {name.replace("cat/", "=1+1/"): data for name, data in pictures().items()} | {"@SUM(A1).png": b"torn"}
    at = give(open_page("data"), "pets.zip", zipped(files).getvalue())
    assert frame(at, "class")["class"].tolist() == ["'=1+1", "dog"]  # type: ignore[index]
    assert frame(at, "reason")["file"].tolist() == ["'@SUM(A1).png"]  # type: ignore[index]


def test_columns_and_cells_that_are_formulas_stay_words_beside_their_roles(store: Store) -> None:
    lines = ["=1+1,size,kind", *(f"@A{n % 3},{n},{'ab'[n % 2]}" for n in range(40))]
    at = give(open_page("data"), "sums.csv", "\n".join(lines).encode())
    roles = frame(at, "role")
    assert roles["column"].tolist() == ["'=1+1", "size", "kind"]  # type: ignore[index]
    assert roles["examples"][0].startswith("'@A")  # type: ignore[index]
    press(named(at, "sums"), "Import")
    assert "40 examples imported as 'sums'" in at.success[0].value


@pytest.mark.parametrize(
    ("filename", "data", "said"),
    [
        ("x.zip", b"no zip", "'x.zip' has no rows"),
        ("x.csv", b"", "is empty"),
        ("x.csv", b"PK\x03\x04" + bytes(50), "not a zip archive"),
        ("x.csv", b"\x89PNG\r\n\x1a\n" + bytes(50), "is a PNG image"),
        ("x.zip", zipped({"a/b.exe": b"MZ"}).getvalue(), "not contain images, audio clips or texts"),
        ("x.zip", zipped({"a.png": b"x", "b.png": b"y"}).getvalue(), "None of these files can be imported"),
    ],
)
def test_what_cannot_be_read_is_a_sentence_and_nothing_can_be_imported(
    filename: str, data: bytes, said: str, store: Store
) -> None:
    at = give(open_page("data"), filename, data)
    assert said in at.error[0].value
    assert "Import" not in labels(at)


def test_a_name_that_is_not_plain_is_a_sentence_and_the_form_stays(store: Store) -> None:
    at = give(open_page("data"), "花.csv", flowers().encode())
    press(named(at, "../evil"), "Import")
    assert "is not a valid dataset name" in at.error[0].value
    assert list_sets() == []
    press(named(at, "fine"), "Import")
    assert [own.reference for own in list_sets()] == ["fine"]


# -- looking into it ---------------------------------------------------------------------------------------------------


def test_a_dataset_shows_its_splits_hash_and_problems(store: Store) -> None:
    imported(upload(flowers() + "61,1,红,\n"), "花.csv", title="花")
    at = open_page("data", dataset="my-table", set="mine")
    shown = {metric.label: metric.value for metric in at.metric}
    assert shown["Examples"] == "60"
    assert sum(int(shown[name]) for name in ("Train", "Validation", "Test")) == 60
    assert "Content hash" in words(at)
    assert "row 62" in frame(at, "reason")["file"].tolist()  # type: ignore[index]


def test_examples_are_paged_and_filtered_by_split_and_class(store: Store) -> None:
    at = open_page("data", dataset="digits")
    at.session_state["data.tab"] = "Examples"
    at.run()
    assert len(captions(at)) == 24
    at.get_by_key("data.class").set_value(3).run()
    assert set(captions(at)) == {"3"}
    first = [shown.value for shown in at.get("html")]
    at.pagination[0].set_value(2).run()
    assert [shown.value for shown in at.get("html")] != first
    at.get_by_key("data.split").set_value("test").run()
    assert set(captions(at)) == {"3"}


def test_validation_examples_can_be_watched_in_training(store: Store) -> None:
    at = open_page("data", dataset="digits")
    at.session_state["data.tab"] = "Examples"
    at.run()
    assert watch_links(at) == []  # of the training split
    at.get_by_key("data.split").set_value("validation").run()
    at.get_by_key("data.class").set_value(3).run()
    [query] = watch_links(at)
    prepared = prepare(RunSpec.build({"dataset": "digits"}).dataset)
    where = prepared.indices("validation")
    threes = where[prepared.targets[where] == 3][:12]
    assert query == urlencode({"dataset": "digits", "watched": ",".join(map(str, threes))})


def watch_links(at: AppTest) -> list[str]:
    """Return the queries of the links that lead to a training which shows these examples."""
    return [link.proto.query_string for link in at.get("page_link") if link.proto.label == "Watch these in training"]


def captions(at: AppTest) -> list[str]:
    """Return the captions below the pictures."""
    return [word for shown in at.get("html") for word in re.findall(r'alt="([^"]*)"', str(shown.value))]


def test_a_check_is_asked_for_once_and_shows_what_it_found(store: Store) -> None:
    imported(zipped(pictures(6)), "pets.zip", "pets")
    at = open_page("data", dataset="folder", set="pets")
    at.session_state["data.tab"] = "Health"
    at.run()
    assert "always answering" in at.success[0].value
    at.get_by_key("health.duplicates").click().run(timeout=120)
    assert any("No example is duplicated in another split" in element.value for element in at.success)
    assert "health.duplicates" not in [button.key for button in at.button]


def test_a_dataset_that_is_not_here_offers_to_fetch_it(store: Store) -> None:
    assert "Fetch" in labels(open_page("data", dataset="cifar10"))


# -- deleting ----------------------------------------------------------------------------------------------------------


def test_deleting_asks_and_is_refused_while_a_run_needs_it(store: Store) -> None:
    imported(upload(flowers()), "花.csv")
    run = store.runs.create(RunSpec.build({"dataset": "my-table", "table": "mine"}))
    at = open_page("data", dataset="my-table", set="mine")
    assert f"in use by run {run.id}" in at.warning[0].value
    assert "Delete for good" not in labels(at)
    store.attempts.claim("cpu-0", run.id)
    store.attempts.end(store.runs.get(run.id), RunState.COMPLETED)
    at.run()
    assert f"Run {run.id} used the dataset" in at.warning[0].value
    assert "Delete for good" not in labels(at)
    at.get_by_key("data.sure").check().run()
    press(at, "Delete for good")
    assert list_sets() == []
    assert at.title[0].value == "Data"


def test_what_was_imported_is_explored_at_an_address_of_its_own(store: Store) -> None:
    at = open_page("data", lang="en")
    at.get_by_key("own.file-0").upload("pets.zip", zipped(pictures(8)).getvalue())
    at.run()
    press(at, "Import")
    press(at, "Explore it")
    assert dict(at.query_params) == {"lang": "en", "dataset": "folder", "set": "pets"}
    at.session_state["data.tab"] = "Examples"
    at.run()
    assert at.title[0].value == "pets"


def test_the_train_page_leads_here_and_takes_what_was_imported(store: Store) -> None:
    at = open_page("train", dataset="folder")
    assert "No dataset of your own is chosen" in at.info[0].value
    assert "Import your own data" in [link.proto.label for link in at.get("page_link")]
    imported(zipped(pictures(8)), "pets.zip", "pets")
    at = open_page("train", dataset="folder", folder="pets")
    assert "Train" in labels(at)
    assert np.isin("pets", at.get_by_key("form.dataset").options)
