"""Imported data: from an upload to a trained network, with versions, deletion, and hostile uploads."""

import io
import json
import wave
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest

from engine.cli import main
from engine.data_info import DataInfo
from engine.datasets.base import datasets
from engine.datasets.stored.base import OwnDataset
from engine.errors import TrainyardError
from engine.imports import sets as own_module
from engine.imports.importing import import_data
from engine.imports.own_kinds import own_kinds
from engine.imports.sets import Problem, describe_set, list_sets, problems_csv, problems_of, suggest_name
from engine.imports.understand import understand
from engine.imports.understood import Choice
from engine.imports.versions import delete_set, next_version
from engine.models.base import Model, models
from engine.own_data import delete_own_data, uses_of
from engine.preparation.prepare import PreparedDataset, prepare
from engine.runs import RunSpec, RunState
from engine.settings import settings
from engine.store import Store
from engine.training import fit
from tests.bad_files.make import sounds, tables
from tests.test_archive import everything_under, limit, pictures, png, unzipped, zipped

CHINESE = "编号,长度,颜色,类别\n"


def upload(text: str, encoding: str = "utf-8") -> io.BytesIO:
    """A table as somebody uploads it."""
    return io.BytesIO(text.encode(encoding))


def imported(source: io.BytesIO | Path, filename: str, name: str = "mine", **values: Any) -> Any:
    """Import what is understood, with some of it overruled."""
    found = understand(source, filename, values.get("kind"))
    chosen = {
        "kind": found.kind,
        "roles": found.roles if found.kind == "table" else {},
        "text_column": found.text_column,
        "label_column": found.label_column,
    }
    return import_data(source, filename, Choice(name=name, **chosen | values))


def flowers(rows: int = 60) -> str:
    """A table in Chinese: a numbered column, a number, a category, and the class that both decide."""
    lines = [f"{i + 1},{i % 17 + 0.5},{'红绿蓝'[i % 3]},{'高' if i % 17 + i % 3 > 9 else '低'}" for i in range(rows)]
    return CHINESE + "\n".join(lines) + "\n"


def reviews(rows: int = 40) -> str:
    """Texts with a label each."""
    words = {"good": "a wonderful evening with splendid music", "bad": "a dreadful evening with a tiresome speech"}
    lines = [f"{words[label]} number {i},{label}" for i in range(rows) for label in (("good", "bad")[i % 2],)]
    return "review,sentiment\n" + "\n".join(lines) + "\n"


def tone(hertz: float, seconds: float = 0.6, loud: float = 8000.0) -> bytes:
    """A WAV file."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes((loud * np.sin(2 * np.pi * hertz * np.arange(round(16_000 * seconds)) / 16_000)).astype("<i2"))
    return buffer.getvalue()


def tones(each: int = 5) -> dict[str, bytes]:
    """Two classes of sounds that differ."""
    return {
        f"{label}/{i}.wav": tone(base + 7 * i) for label, base in (("high", 2000), ("low", 200)) for i in range(each)
    }


def prepared(dataset: str, **values: Any) -> PreparedDataset:
    """A dataset with some fields set."""
    return prepare(datasets[dataset].parse(values))


# -- what is understood ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        (pictures(), "images"),
        (tones(), "clips"),
        ({f"{label}/{i}.txt": b"x" for label in "ab" for i in range(3)}, "texts"),
        ({"data/train.csv": b"a,b\n1,2\n3,4\n", "data/README.txt": b"notes"}, "table"),
    ],
)
@pytest.mark.parametrize("folder", [False, True])
def test_the_kind_is_told_by_what_is_inside(
    files: dict[str, bytes], kind: str, folder: bool, home: Path, tmp_path: Path
) -> None:
    source = unzipped(files, tmp_path / "given") if folder else zipped(files)
    assert understand(source, "given.zip").kind == kind


def test_a_table_says_its_encoding_columns_and_a_first_guess_of_their_roles(home: Path) -> None:
    found = understand(upload(flowers(), "gb18030"), "花.csv")
    assert (found.kind, found.encoding, found.rows) == ("table", "GB18030", 60)
    assert found.roles == {"编号": "ignore", "长度": "number", "颜色": "category", "类别": "target"}
    assert found.examples["颜色"] == "红, 绿, 蓝"


def test_a_table_with_long_texts_and_labels_is_one_of_texts(home: Path) -> None:
    found = understand(upload(reviews()), "films.csv")
    assert (found.kind, found.text_column, found.label_column) == ("texts", "review", "sentiment")
    assert understand(upload(reviews()), "films.csv", "table").kind == "table"


def test_short_texts_are_texts_where_nothing_else_could_be_learned_from(home: Path) -> None:
    lines = "\n".join(f"{'好的' if n % 2 else 'no'} {n},{n % 2}" for n in range(20))
    found = understand(upload(f"said,label\n{lines}"), "said.csv")
    assert (found.kind, found.text_column, found.label_column) == ("texts", "said", "label")
    lines = "\n".join(f"name {n},{n},{n % 2}" for n in range(1, 40, 3))
    assert understand(upload(f"name,size,label\n{lines}"), "sizes.csv").kind == "table", "sizes tell something"


def test_what_is_neither_table_nor_archive_is_a_sentence(home: Path) -> None:
    with pytest.raises(TrainyardError, match="is a PNG image, not a table"):
        understand(io.BytesIO(png(1)), "cat.png")
    with pytest.raises(TrainyardError, match=r"not contain images, audio clips or texts \(found: .exe\)"):
        understand(zipped({"a/b.exe": b"MZ"}), "x.zip")


# -- tables ------------------------------------------------------------------------------------------------------------


def test_a_table_becomes_a_dataset_and_trains(store: Store) -> None:
    made = imported(upload(flowers(), "gb18030"), "花.csv").made
    assert (made.reference, made.kind, made.labels) == ("mine", "table", ("低", "高"))
    values = {"dataset": "my-table", "table": "mine", "model": "mlp", "units": 16, "epochs": 2}
    run = store.runs.create(RunSpec.build(values), slot="terminal")
    assert fit.train_run(store, run) is RunState.COMPLETED
    assert 0 <= store.runs.get(run.id).result["test_accuracy"] <= 1


def test_rows_columns_and_gaps_come_back_as_they_were(home: Path) -> None:
    table = flowers().replace("2,1.5,绿,低", "2,,绿,低").replace("3,2.5,蓝", "3,2.5,")
    imported(upload(table), "t.csv")
    examples = datasets["my-table"](table="mine").load()
    assert [(c.name, c.kind) for c in examples.columns] == [("长度", "number"), ("颜色", "category")]
    assert set(examples.columns[1].values) == {"红", "绿", "蓝"}
    assert np.isnan(examples.inputs["numbers"][1, 0])
    assert examples.inputs["categories"][:4, 0].tolist() == ["红", "绿", "", "红"]
    assert examples.inputs["numbers"][3, 0] == 3.5


def test_rows_without_a_target_and_of_rare_classes_are_left_out_and_listed(home: Path) -> None:
    report = imported(upload(flowers() + "61,1,红,\n62,2,绿,怪\n"), "t.csv")
    assert report.made.num_examples == 60
    assert report.made.labels == ("低", "高")
    reasons = {problem.file: problem.reason for problem in report.problems}
    assert "The target '类别' is missing" in reasons["row 62"]
    assert "occurs fewer than 3 times" in reasons["row 63"]
    assert problems_of("mine") == list(report.problems)


def test_numbers_with_few_values_can_be_classes_or_values_and_many_only_values(home: Path) -> None:
    few = "a,b,y\n" + "".join(f"{i % 7},{i % 5},{i % 4 * 10}\n" for i in range(80))
    assert imported(upload(few), "t.csv", "few").made.tasks == ("tabular-classification", "tabular-regression")
    as_classes, as_values = (
        RunSpec.build({"dataset": "my-table", "table": "few", "task": task}).dataset
        for task in ("tabular-classification", "tabular-regression")
    )
    assert prepare(as_classes).info.labels == ("0", "10", "20", "30")
    assert prepare(as_values).info.labels == ()
    assert prepare(as_values).info.target == "y"
    assert sorted(set(prepare(as_values).targets.tolist())) == [0, 10, 20, 30]
    many = "a,y\n" + "".join(f"{i % 7},{i * 1.25}\n" for i in range(80))
    assert imported(upload(many), "t.csv", "many").made.tasks == ("tabular-regression",)


def test_a_task_that_the_target_does_not_suit_is_a_sentence(home: Path) -> None:
    imported(upload(flowers()), "t.csv")
    spec = RunSpec.build({"dataset": "my-table", "table": "mine", "task": "tabular-regression"})
    with pytest.raises(TrainyardError, match="'类别' of the table 'mine' can only be predicted as classes"):
        prepare(spec.dataset)


def test_roles_can_be_chosen(home: Path) -> None:
    roles: dict[str, Any] = {"长度": "target", "颜色": "category", "编号": "number"}
    assert imported(upload(flowers()), "t.csv", roles=roles).made.tasks == (
        "tabular-classification",
        "tabular-regression",
    )
    roles = {"类别": "target", "颜色": "number", "长度": "category"}
    report = imported(upload(flowers()), "t.csv", roles=roles)
    assert report.problems == (
        Problem("column '颜色'", "Cells that are not numbers count as missing: 60, the first in row 2: '红'."),
    )
    assert report.made.reference == "mine@2"


@pytest.mark.parametrize(
    ("roles", "reason"),
    [
        ({"长度": "number"}, "Exactly one column must be the target, the value to predict; now it is none"),
        ({"长度": "target", "类别": "target"}, "now it is '长度', '类别'"),
        ({"类别": "target"}, "There is no column to predict from"),
        ({"类别": "target", "长度": "number", "颜色": "group", "编号": "group"}, "Only one column can be the group"),
        ({"类别": "target", "宽度": "number"}, "No column named '宽度'"),
        ({"类别": "target", "长度": "number", "颜色": "split"}, "has the value '红'. Allowed are train, validation"),
    ],
)
def test_roles_that_do_not_fit_are_refused_and_nothing_is_left(roles: Any, reason: str, home: Path) -> None:
    with pytest.raises(TrainyardError, match=reason):
        imported(upload(flowers()), "t.csv", roles=roles)
    assert everything_under(settings().datasets_path) in ([], ["folders"])


def test_equal_rows_and_rows_of_a_group_stay_in_one_split(home: Path) -> None:
    lines = [f"{i % 9},{i % 4},p{i // 6},{'xy'[i % 2]}" for i in range(120)]
    imported(
        upload("a,b,who,y\n" + "\n".join(lines) + "\n"),
        "t.csv",
        roles={"a": "number", "b": "number", "who": "group", "y": "target"},
    )
    examples = datasets["my-table"](table="mine").load()
    assert examples.groups is not None
    keys = [tuple(row) for row in examples.inputs["numbers"].tolist()]
    for i in range(120):
        for j in range(i):
            if i // 6 == j // 6 or keys[i] == keys[j]:
                assert examples.groups[i] == examples.groups[j]


def test_a_split_column_decides_the_splits(home: Path) -> None:
    words = ["train"] * 40 + ["Validation"] * 10 + ["test"] * 10
    lines = [f"{i},{'高低'[i % 2]},{word}" for i, word in enumerate(words)]
    imported(
        upload("a,y,part\n" + "\n".join(lines) + "\n"),
        "t.csv",
        roles={"a": "number", "y": "target", "part": "split"},
    )
    data = prepared("my-table", table="mine")
    assert {split: len(data.indices(split)) for split in ("train", "validation", "test")} == {
        "train": 40, "validation": 10, "test": 10,
    }  # fmt: skip
    assert set(data.inputs[data.indices("test")]["numbers"][:, 0].tolist()) == set(range(50, 60))


def test_a_category_with_too_many_values_is_refused(home: Path) -> None:
    table = "a,b,y\n" + "".join(f"{i % 7},v{i},{'xy'[i % 2]}\n" for i in range(1_200))
    with pytest.raises(TrainyardError, match="Column 'b' has 1,200 different values; a category may have 1,000"):
        imported(upload(table), "t.csv", roles={"a": "number", "b": "category", "y": "target"})


# -- texts -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def _word_model() -> Iterator[None]:
    """A network of a few weights that takes texts."""

    class Words(Model):
        """Mean of word embeddings."""

        modalities: ClassVar[tuple[str, ...]] = ("text",)

        def learn(self, inputs: np.ndarray, info: DataInfo) -> dict[str, Any]:
            return {"words": sorted({word for text in inputs for word in text.split()})}

        def preprocess(self, x: Any, info: DataInfo) -> Any:
            from keras import layers

            return layers.TextVectorization(
                vocabulary=info.learned.get("words", ["a"]), output_sequence_length=6, name="words"
            )(x)

        def freezes(self, info: DataInfo) -> bool:
            return True

        def body(self, x: Any) -> Any:
            from keras import layers

            return layers.GlobalAveragePooling1D(name="mean")(layers.Embedding(500, 4, name="meaning")(x))

    models.register("few-words")(Words)
    yield
    models.unregister("few-words")


@pytest.mark.usefixtures("_word_model")
def test_texts_become_a_dataset_and_train(store: Store) -> None:
    made = imported(upload(reviews()), "films.csv", name="films").made
    assert (made.kind, made.counts) == ("texts", {"bad": 20, "good": 20})
    values = {"dataset": "my-texts", "texts": "films", "model": "few-words", "epochs": 2, "batch_size": 8}
    run = store.runs.create(RunSpec.build(values), slot="terminal")
    assert fit.train_run(store, run) is RunState.COMPLETED
    assert "test_accuracy" in store.runs.get(run.id).result


def test_a_zip_of_text_files_is_the_same_dataset_as_a_table(home: Path) -> None:
    table = pd.read_csv(upload(reviews()))
    files = {f"{row.sentiment}/{i}.txt": row.review.encode("gb18030") for i, row in enumerate(table.itertuples())}
    first = imported(upload(reviews()), "films.csv", name="table")
    second = imported(zipped(files), "films.zip", name="files")
    assert first.made.counts == second.made.counts
    found = [sorted(datasets["my-texts"](texts=name).load().inputs.tolist()) for name in ("table", "files")]
    assert found[0] == found[1]


def test_rows_without_text_or_label_are_listed(home: Path) -> None:
    report = imported(upload(reviews() + 'lonely words without any label at all,\n" ",good\n'), "films.csv")
    assert {problem.file: problem.reason for problem in report.problems} == {
        "row 42": "The label is missing.",
        "row 43": "The text is missing.",
    }


def test_equal_texts_stay_in_one_split_and_so_does_an_author(home: Path) -> None:
    columns = {"kind": "texts", "text_column": "text", "label_column": "label"}
    lines = [f"text number {i % 30} is long enough for a text column,{'ab'[i % 2]},author{i % 5}" for i in range(60)]
    imported(upload("text,label,who\n" + "\n".join(lines) + "\n"), "t.csv", name="plain", **columns)
    groups = datasets["my-texts"](texts="plain").load().groups
    assert groups is not None
    assert len(set(groups.tolist())) == 30
    imported(upload("text,label,who\n" + "\n".join(lines) + "\n"), "t.csv", name="by", group_column="who", **columns)
    groups = datasets["my-texts"](texts="by").load().groups
    assert groups is not None
    assert len(set(groups.tolist())) == 5


# -- sounds ------------------------------------------------------------------------------------------------------------


def test_sounds_are_cut_or_filled_to_the_chosen_length(home: Path) -> None:
    report = imported(zipped(tones() | {"low/long.wav": tone(150, 3.0), "low/torn.wav": b"RIFF????WAVE"}), "t.zip")
    assert (report.made.kind, report.made.counts) == ("clips", {"high": 5, "low": 6})
    assert [problem.file for problem in report.problems] == ["low/torn.wav"]
    data = prepared("my-clips", clips="mine", clip_seconds=1.5)
    assert data.info.shape == (24_000,)
    assert data.inputs.dtype == np.int16
    short = data.inputs[:][data.targets == 0]
    assert np.abs(short[:, :9_600]).max() > 5_000
    assert not short[:, 9_600:].any()


def test_silence_is_left_out_and_nothing_else_than_silence_is_refused(home: Path) -> None:
    silent = {f"quiet/{i}.wav": tone(100, loud=0) for i in range(4)}
    report = imported(zipped(tones() | silent), "t.zip")
    assert report.made.labels == ("high", "low")
    assert all("is silent from beginning to end" in problem.reason for problem in report.problems[:4])
    everything = {f"{label}/{i}.wav": tone(100, loud=0) for label in "ab" for i in range(4)}
    with pytest.raises(TrainyardError, match="At least two classes with 3 or more different audio clips"):
        imported(zipped(everything), "t.zip", "silence")
    assert [own.reference for own in list_sets()] == ["mine"]


def test_equal_sounds_count_once(home: Path) -> None:
    copies = {f"copies/{i}.wav": tone(440) for i in range(9)}
    report = imported(zipped(tones() | copies), "t.zip")
    assert report.made.labels == ("high", "low")
    assert "The class has 1 different audio clips" in report.problems[-1].reason


# -- names, versions, what is kept -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("My Leaves 2024", "my-leaves-2024"),
        ("花", "my-data"),
        ("café crème", "cafe-creme"),
        ("../x", "x"),
        ("-", "my-data"),
    ],
)
def test_a_file_name_suggests_a_plain_name(text: str, name: str) -> None:
    assert suggest_name(text) == name
    assert own_module.NAME.fullmatch(suggest_name(text))


def test_a_title_may_be_in_any_script_and_the_content_hash_is_the_fingerprint(home: Path) -> None:
    first = imported(upload(flowers()), "花.csv", title="花\u202e 😀\n<b>")
    second = imported(upload(flowers()), "花.csv")
    assert first.made.title == "花 😀 <b>"
    assert first.made.fingerprint == second.made.fingerprint == describe_set("mine@2").fingerprint
    assert imported(upload(flowers(61)), "花.csv").made.fingerprint != first.made.fingerprint
    assert [own.reference for own in list_sets("table")] == ["mine", "mine@2", "mine@3"]
    assert list_sets("texts") == []


def test_a_version_is_used_like_a_name_and_others_stay(home: Path) -> None:
    imported(upload(flowers()), "t.csv")
    imported(upload(flowers(30)), "t.csv")
    sizes = [len(prepared("my-table", table=reference).targets) for reference in ("mine", "mine@2")]
    assert sizes == [60, 30]
    with pytest.raises(TrainyardError, match="includes a version"):
        imported(upload(flowers()), "t.csv", "mine@7")
    for wrong in ("mine@0", "mine@02", "mine@", "@2", "../mine", "mine@99999"):
        with pytest.raises(TrainyardError):
            datasets["my-table"].parse({"table": wrong})


def test_sets_of_images_that_were_imported_before_there_were_kinds_still_work(home: Path) -> None:
    imported(zipped(pictures()), "pets.zip", "pets")
    about = settings().datasets_path / "folders" / "pets" / "folder.json"
    old = {"format": 1, "labels": ["cat", "dog"], "counts": {"cat": 5, "dog": 5}, "problems": 3, "fingerprint": "f"}
    about.write_text(json.dumps(old))
    found = describe_set("pets")
    assert (found.kind, found.title, found.num_examples, found.num_problems) == ("images", "pets", 10, 3)
    assert prepared("folder", folder="pets", image_size=28).info.labels == ("cat", "dog")


@pytest.mark.parametrize(
    "written", ["{", "[]", "{}", '{"format": 2, "kind": "table"}', '{"format": 9}', '{"format": 1}']
)
def test_a_set_whose_record_is_broken_is_a_sentence_and_not_listed(written: str, home: Path) -> None:
    imported(upload(flowers()), "t.csv")
    imported(upload(flowers()), "t.csv", "other")
    (settings().datasets_path / "folders" / "mine" / "folder.json").write_text(written)
    assert [own.reference for own in list_sets()] == ["other"]
    with pytest.raises(TrainyardError):
        describe_set("mine")
    delete_set("mine")


def test_a_set_of_another_kind_is_not_taken(home: Path) -> None:
    imported(upload(flowers()), "t.csv")
    assert not datasets["folder"](folder="mine").available()
    with pytest.raises(TrainyardError, match="'mine' is not on this machine"):
        prepare(datasets["my-texts"](texts="mine"))


def test_one_import_under_a_name_goes_on_at_a_time(home: Path) -> None:
    with next_version("mine") as (_, folder):
        with pytest.raises(TrainyardError, match="Another import named 'mine' is running"):
            imported(upload(flowers()), "t.csv")
        imported(upload(flowers()), "t.csv", "other")
        (folder / "folder.json").write_text("{}")
    assert everything_under(settings().datasets_path / "folders") == [
        "mine", "mine/folder.json", "other", "other/folder.json", "other/table.npz",
    ]  # fmt: skip


def test_what_a_killed_import_left_is_swept_away(home: Path) -> None:
    leftover = settings().datasets_path / "folders" / ".import-killed"
    leftover.mkdir(parents=True)
    (leftover / "spool").write_bytes(b"half")
    imported(upload(flowers()), "t.csv")
    assert not leftover.exists()


def test_a_disk_that_is_full_of_sets_takes_no_more(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    imported(zipped(pictures(150)), "pets.zip", "pets")
    limit(monkeypatch, own_data_budget_mb=1)
    with pytest.raises(TrainyardError, match="TRAINYARD_OWN_DATA_BUDGET_MB"):
        imported(zipped(pictures(400)), "pets.zip", "more")
    assert [own.reference for own in list_sets()] == ["pets"]


def test_the_list_of_problems_holds_no_formula() -> None:
    text = problems_csv([Problem("=HYPERLINK(1)", "bad, very"), Problem("花.png", "torn")]).decode("utf-8-sig")
    assert text.splitlines() == ["file,reason", '\'=HYPERLINK(1),"bad, very"', "花.png,torn"]


# -- deleting ----------------------------------------------------------------------------------------------------------


def test_a_set_that_a_run_needs_is_not_deleted_and_what_was_prepared_goes_with_it(store: Store) -> None:
    imported(upload(flowers()), "t.csv")
    imported(upload(flowers()), "t.csv")
    run = store.runs.create(RunSpec.build({"dataset": "my-table", "table": "mine"}))
    with pytest.raises(TrainyardError, match=f"'mine' is in use by run {run.id}, queued, running or paused"):
        delete_own_data(store, "mine")
    assert uses_of(store, "mine@2").live == ()
    store.attempts.claim("cpu-0", run.id)
    store.attempts.end(store.runs.get(run.id), RunState.FAILED, "broken")
    assert uses_of(store, "mine") == type(uses_of(store, "mine"))("mine", (), (run.id,))
    folders = [prepared("my-table", table=name).path for name in ("mine", "mine@2")]
    delete_own_data(store, "mine")
    assert [folder.exists() for folder in folders] == [False, True]
    assert [own.reference for own in list_sets()] == ["mine@2"]
    with pytest.raises(TrainyardError, match="'mine' is not on this machine"):
        delete_own_data(store, "mine")


def test_the_command_asks_before_it_deletes_what_ended_runs_used(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    imported(upload(flowers()), "t.csv")
    run = store.runs.create(RunSpec.build({"dataset": "my-table", "table": "mine"}))
    assert main(["delete-dataset", "mine", "--yes"]) == 1
    store.attempts.claim("cpu-0", run.id)
    store.attempts.end(store.runs.get(run.id), RunState.COMPLETED)
    assert main(["delete-dataset", "mine"]) == 1
    assert f"Run {run.id} used the dataset 'mine'" in capsys.readouterr().err
    assert main(["delete-dataset", "mine", "--yes"]) == 0
    assert list_sets() == []


# -- the command -------------------------------------------------------------------------------------------------------


def test_the_command_understands_overrules_and_reports(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "花.csv"
    path.write_text(flowers() + "61,1,红,\n", encoding="gb18030")
    assert main(["import", str(path), "--name", "bloom", "--ignore", "颜色", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["name"], said["dataset"], said["table"], said["tasks"]) == (
        "bloom", "my-table", "bloom", ["tabular-classification"],
    )  # fmt: skip
    assert said["roles"]["columns"]["颜色"] == "ignore"
    assert [problem["file"] for problem in said["problems"]] == ["row 62"]
    assert main(["import", str(path), "--name", "bloom", "--target", "长度"]) == 0
    assert "--dataset my-table --table bloom@2" in capsys.readouterr().out
    assert describe_set("bloom@2").roles["columns"]["类别"] == "category"
    assert main(["import", str(path), "--target", "宽度"]) == 1
    assert "No column named '宽度'" in capsys.readouterr().err


def test_an_identifier_that_repeats_is_offered_as_the_group_on_the_command_line_and_in_the_preview(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "visits.csv"
    path.write_text("patient,pulse,ill\n" + "".join(f"{i // 3},{60 + i / 8},{'ny'[i // 3 % 2]}\n" for i in range(90)))
    [remark] = understand(path, path.name).remarks
    assert remark.startswith(
        "The column 'patient' looks like an identifier that repeats: 30 different values in 90 rows."
    )
    assert main(["import", str(path)]) == 0
    assert remark in capsys.readouterr().out
    assert main(["import", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["remarks"] == [remark]
    assert main(["import", str(path), "--name", "grouped", "--group-column", "patient"]) == 0
    assert remark not in capsys.readouterr().out
    data = prepared("my-table", table="grouped")
    patients = [set((data.indices(split) // 3).tolist()) for split in ("train", "validation", "test")]
    assert sum(map(len, patients)) == len(set.union(*patients)) == 30


# -- uploads that mean harm --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["clips", "texts"])
@pytest.mark.parametrize("name", ["../evil.txt", "/etc/evil.txt", "..\\evil.wav", "C:\\evil.wav"])
def test_names_that_climb_out_are_refused_for_every_kind(kind: str, name: str, home: Path, tmp_path: Path) -> None:
    bad = io.BytesIO()
    with zipfile.ZipFile(bad, "w") as archive:
        for inside, data in tones().items():
            archive.writestr(inside, data)
        info = zipfile.ZipInfo("x")
        info.filename = name
        archive.writestr(info, b"evil")
    with pytest.raises(TrainyardError, match="points outside of the archive"):
        imported(bad, "t.zip", kind=kind)
    assert not [path for path in everything_under(tmp_path) if "evil" in path]


def test_a_zip_in_a_zip_is_not_opened(home: Path) -> None:
    inner = zipped(tones()).getvalue()
    report = imported(zipped(tones() | {"low/more.wav": inner, "low/more.zip": inner}), "t.zip")
    assert {problem.file for problem in report.problems} == {"low/more.wav", "low/more.zip"}
    with pytest.raises(TrainyardError, match="is a zip archive"):
        understand(zipped({"data.csv": zipped({"a.csv": b"a,b\n1,2\n"}).getvalue()}), "t.zip")


@pytest.mark.parametrize("kind", ["clips", "texts", "images"])
def test_a_bomb_of_any_kind_is_stopped(kind: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, max_archive_mb=30, max_image_mb=20, max_clip_mb=20)
    bomb = zipped({f"{label}/{i}.txt": bytes(15_000_000) for label in "ab" for i in range(4)})
    with pytest.raises(TrainyardError, match="unpacks to more than 30 MB"):
        imported(bomb, "t.zip", kind=kind)
    assert everything_under(settings().datasets_path) == ["folders"]


def test_a_packed_table_that_is_a_bomb_is_stopped(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, max_table_mb=1, max_image_mb=1, max_clip_mb=1)
    with pytest.raises(TrainyardError, match="unpacks to more than 1 MB"):
        understand(zipped({"data.csv": b"1,2\n" * 2_000_000}), "t.zip")


def test_sounds_that_unpack_to_too_much_are_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, max_dataset_mb=1)
    with pytest.raises(TrainyardError, match="take more than 1 MB"):
        imported(zipped({f"{x}/{i}.wav": tone(100 + i, 8.0) for x in "ab" for i in range(4)}), "t.zip")


def test_very_many_tiny_files_are_bounded_and_their_problems_too(home: Path) -> None:
    names = [f"{'ab'[i % 2]}/{i}.txt" for i in range(20_000)]
    report = imported(
        zipped(
            dict.fromkeys(names, b"") | {f"{x}/w{i}.txt": f"word {i}".encode() for x in "ab" for i in range(3)},
            zipfile.ZIP_STORED,
        ),
        "t.zip",
    )
    assert report.made.counts == {"a": 3, "b": 3}
    assert len(report.problems) == 10_001
    assert report.problems[-1].reason == "10,000 more problems are not listed."


def test_a_hundred_thousand_tables_are_told_to_be_too_many(home: Path) -> None:
    """Each is compared with no other: that would take minutes."""
    many = zipped({f"{'ab'[i % 2]}/{i}.csv": b"" for i in range(100_000)}, zipfile.ZIP_STORED)
    with pytest.raises(TrainyardError, match=r"not contain images, audio clips or texts \(found: .csv\)"):
        understand(many, "t.zip")


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        (
            "cat.png",
            png(1),
            "is a PNG image, not a table or a zip. Put images, audio clips or texts into a zip with a folder",
        ),
        ("dog.wav", tone(300), "is a WAV audio file, not a table or a zip"),
        ("photo.heic", b"\0\0\0\x18ftypheic", "is a HEIC photo, not a table or a zip"),
        ("film.mp4", b"\0\0\0\x18ftypisom", r"is an MP4 file \(a video, or audio as M4A\), not a table or a zip"),
        ("pets.rar", b"Rar!\x1a\x07\0", "is a RAR archive, not a table or a zip"),
        ("pets.tar.gz", b"\x1f\x8b\x08", "is a gzip archive, not a table or a zip"),
        ("logo.svg", b"<svg/>", "is an SVG drawing, not a table or a zip"),
        ("sales.xls", b"\xd0\xcf\x11\xe0", "is an old Excel or Word document, not a table or a zip"),
        ("empty.zip", b"", r"is empty \(0 bytes\)"),
        ("torn.zip", zipped(tones()).getvalue()[:-99], "The file is not a zip archive, or is damaged"),
        ("pets.zip", zipped({"../evil.png": b""}).getvalue(), "The archive is refused: '../evil.png' points outside"),
        ("sales.xlsx", zipped({"[Content_Types].xml": b""}).getvalue(), "It is an Excel workbook or another office"),
    ],
)
@pytest.mark.parametrize("from_disk", [False, True])
def test_one_file_that_cannot_be_imported_is_named_and_told_what_would_do(
    name: str, data: bytes, said: str, from_disk: bool, home: Path, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(data)
    source: Path | io.BytesIO = tmp_path / name if from_disk else io.BytesIO(data)
    with pytest.raises(TrainyardError, match=f"^'{name}':? {said}"):
        understand(source, name)


def test_every_odd_sound_in_an_archive_is_taken_or_listed_by_its_name(home: Path) -> None:
    odd = sounds()
    report = imported(zipped(tones() | {f"odd/{name}": data for name, data in odd.items()}), "t.zip")
    good = {"eight_channels.wav", "192_khz.wav", "float64.wav", "24_bits.wav", "8_bits.wav", "aiff.wav"}
    assert report.made.counts == {"high": 5, "low": 5, "odd": len(good)}
    assert {problem.file for problem in report.problems} == {f"odd/{name}" for name in odd if name not in good}
    assert all(repr(problem.file.removeprefix("odd/")) in problem.reason for problem in report.problems)


def test_texts_in_any_encoding_are_taken_and_what_is_none_is_listed_by_its_name(home: Path) -> None:
    good = {f"{label}/{i}.txt": f"words {label} {i}".encode() for label in "ab" for i in range(3)}
    read = {
        "a/utf16.txt": "\ufeffeinige Wörter".encode("utf-16-le"),
        "a/wide.txt": "einige Wörter, mehr".encode("utf-16-be"),
        "a/gb18030.txt": CHINESE.encode("gb18030"),
        "a/latin.txt": "très déçu".encode("latin-1"),
        "a/mixed.txt": "très déçu, ".encode() * 3 + "très déçu".encode("latin-1"),
        "a/formula.txt": b"=HYPERLINK(1)",
    }
    refused = {
        "b/empty.txt": b"",
        "b/blank.txt": b" \n\t",
        "b/long.txt": b"x" * 1_000_000,
        "b/zeros.txt": bytes(99),
        "b/cat.txt": png(1),
        "b/zip.txt": zipped({"a": b"b"}).getvalue(),
    }
    report = imported(zipped(good | read | refused), "t.zip", kind="texts")
    assert report.made.counts == {"a": 3 + len(read), "b": 3}
    guessed = {"a/latin.txt", "a/mixed.txt"}
    reasons = {problem.file: problem.reason for problem in report.problems}
    assert set(reasons) == set(refused) | guessed
    assert all(repr(name.removeprefix("b/")) in reasons[name] for name in refused)
    assert "read as Western European" in reasons["a/latin.txt"]
    texts = set(datasets["my-texts"](texts="mine").load().inputs.tolist())
    assert {"einige Wörter", "einige Wörter, mehr", CHINESE.strip(), "très déçu", "=HYPERLINK(1)"} <= texts


def test_every_odd_table_is_understood_and_imported_or_a_sentence_that_names_it(home: Path) -> None:
    usable = []
    for name, data in tables().items():
        for source, filename in ((io.BytesIO(data), name), (zipped({name: data}), "t.zip")):
            said = ""
            try:
                usable.append(understand(source, filename).from_table)
            except TrainyardError as error:
                said = str(error)
            assert not said or repr(name) in said
            with pytest.raises(TrainyardError):  # none of them has enough rows to be learned from
                imported(source, filename)
    assert usable == [True] * 33  # each twice, and one inside of zip.csv, which is opened once and not twice
    assert everything_under(settings().datasets_path) in ([], ["folders"])


def test_names_in_every_script_are_classes(home: Path) -> None:
    labels = ["猫", "Кот", "قطة", "बिल्ली", "แมว", "ねこ", "고양이", "γάτα", "😺", "a b", "<b>x", "cat\u202egnp"]
    files = {f"{label}/{i}.txt": f"{label} {i}".encode() for label in labels for i in range(3)}
    found = imported(zipped(files), "t.zip").made
    assert set(found.labels) == {"".join(c for c in label if c.isprintable()) for label in labels}


def test_rows_keep_their_number_when_others_are_left_out_before(home: Path) -> None:
    report = imported(upload(flowers(3) + "ragged\n" + flowers().partition("\n")[2] + "1,1,红,\n"), "t.csv")
    assert [problem.file for problem in report.problems] == ["row 5", "row 66"]
    lines = [json.dumps(row) for row in pd.read_csv(upload(reviews())).to_dict("records")]
    lines[2] = "{"
    lines += ['{"review": "no label, but words that are many enough"}']
    report = imported(upload("\n".join(lines)), "films.jsonl", name="films")
    assert [problem.file for problem in report.problems] == ["row 3", f"row {len(lines)}"]


def test_numbers_that_are_none_long_cells_and_formulas_cost_their_cell_or_row_alone(home: Path) -> None:
    odd = ["1,inf,红,高", "1,NaN,红,高", "1,1e300,红,高", f"1,2,{'x' * 900_000},高", "1,2,=1+1,高"]
    report = imported(upload(flowers() + "\n".join(odd) + "\n"), "t.csv")
    assert report.made.num_examples == 64
    assert list(report.problems) == [
        Problem("row 65", "A cell has more than 100,000 characters (TRAINYARD_MAX_CELL_CHARACTERS)."),
        Problem("column '长度'", "Infinite numbers count as missing: 1."),
        Problem("column '长度'", "1 numbers are too large and count as missing."),
    ]
    examples = datasets["my-table"](table="mine").load()
    assert np.isnan(examples.inputs["numbers"][60:63, -1]).all()
    assert np.isfinite(examples.inputs["numbers"][:60, -1]).all()
    assert "=1+1" in examples.columns[-1].values


def test_a_table_of_ten_million_columns_is_a_sentence_alone_and_in_an_archive(home: Path) -> None:
    wide = b",".join([b"a"] * 10_000_000) + b"\n"
    for source, filename in ((io.BytesIO(wide), "wide.csv"), (zipped({"wide.csv": wide}), "t.zip")):
        with pytest.raises(
            TrainyardError, match=r"^'wide\.csv' .* more than 1,000 cells \(TRAINYARD_MAX_TABLE_COLUMNS\)"
        ):
            understand(source, filename)


def test_a_table_of_one_class_and_a_ragged_table(home: Path) -> None:
    with pytest.raises(
        TrainyardError, match="At least two classes with 3 or more different rows each are needed; there is only 'x'"
    ):
        imported(
            upload("a,y\n" + "".join(f"{i % 7},x\n" for i in range(20))), "t.csv", roles={"a": "number", "y": "target"}
        )
    report = imported(upload(flowers() + "1,2\n1,2,3,4,5,6\n"), "t.csv")
    assert [problem.file for problem in report.problems] == ["row 62", "row 63"]
    with pytest.raises(TrainyardError, match="classes, more than"):
        imported(upload("a,b,y\n" + "".join(f"{i},{i % 3},w{i // 3}\n" for i in range(4_000))), "t.csv", kind="table",
                 roles={"a": "number", "y": "target"})  # fmt: skip


def test_wrong_letters_are_reported(home: Path) -> None:
    data = reviews().encode() + "caf\xe9 and other words that are long enough,good\n".encode("latin-1")
    report = imported(io.BytesIO(data), "t.csv")
    assert any("UTF-8" in problem.reason or "encoding" in problem.reason for problem in report.problems)


def test_an_interrupted_import_leaves_nothing(home: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_data(zipped(tones(20)), "t.zip", Choice("clips", "mine"), stop)
    assert everything_under(settings().datasets_path) == ["folders"]


def test_deleting_follows_no_name_out_of_the_store(home: Path) -> None:
    for wrong in ("..", "../../x", ".import-x", ""):
        with pytest.raises(TrainyardError):
            delete_set(wrong)


def test_an_import_that_takes_too_long_ends_with_a_sentence_and_keeps_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINYARD_IMPORT_SECONDS", "0.000001")
    settings.cache_clear()
    with pytest.raises(TrainyardError, match="TRAINYARD_IMPORT_SECONDS"):
        imported(upload(reviews()), "films.csv")
    assert list_sets() == []


def test_the_number_of_a_version_is_not_used_again_after_it_was_deleted(home: Path) -> None:
    for expected in ("mine", "mine@2", "mine@3"):
        assert imported(upload(reviews()), "films.csv").made.reference == expected
    delete_set("mine@3")
    delete_set("mine")
    assert imported(upload(reviews()), "films.csv").made.reference == "mine@4"
    assert [own.reference for own in list_sets()] == ["mine@2", "mine@4"]


def test_folders_of_pictures_are_no_table(home: Path) -> None:
    with pytest.raises(TrainyardError, match="'table' is made of one table, not of files in folders"):
        imported(zipped(pictures()), "pets.zip", kind="table")


def test_rights_are_asked_for_every_kind_of_imported_sets() -> None:
    for kind in own_kinds().values():
        assert issubclass(datasets[kind.dataset], OwnDataset), (
            "who may use a set is asked where a dataset is one of these"
        )
