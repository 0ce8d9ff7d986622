"""A run as a script: every model's script is executed, and ends with the weights of the run."""

import ast
import io
import json
import os
import runpy
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from engine.cli import main
from engine.datasets.base import datasets
from engine.errors import TrainyardError
from engine.models.base import models
from engine.preparation.prepare import prepare
from engine.runs import Run, RunSpec, without_unused
from engine.scripting.files import ScriptFiles, packed_data, write_files, zip_files
from engine.scripting.layout import WIDTH, comment, wrapped
from engine.scripting.learned import Learned
from engine.scripting.origin import Origin
from engine.scripting.values import literal
from engine.scripting.write import script_files
from engine.settings import settings
from engine.store import Store
from engine.training import fit
from tests.plugged import plugged
from tests.tiny import TINY, TinyImages

pytestmark = pytest.mark.usefixtures("kept_preparations")
RANDOM = {"rotation": 20.0, "flip": "horizontal", "shift": 0.1, "contrast": 0.3, "zoom": 0.1}
SOUNDS = {"hide_time": 0.2, "hide_pitch": 0.2, "noise": 0.5, "shift_ms": 20, "versions": 3, "normalisation": "band"}
SPEECH = {"hide_time": 0.1, "hide_pitch": 0.2, "clip_norm": 1.0}
CASES: dict[str, dict[str, Any]] = {
    "mlp": {"dataset": "tiny-images"},
    "cnn": {"dataset": "tiny-images", "batch_normalisation": True, "l2": 0.01, **RANDOM},
    "resnet": {"dataset": "tiny-images", "optimizer": "sgd", "schedule": "cosine"},
    "vit": {"dataset": "tiny-images", "optimizer": "adamw", "clip_norm": 1.0},
    "efficientnet-lite0": {"dataset": "tiny-images", "resolution": 96},
    "centernet-lite0": {"dataset": "tiny-scenes", "filters": 16},
    "centernet": {"dataset": "tiny-scenes", "filters": 8},
    "embedding-cnn": {
        "dataset": "tiny-twins",
        "loss": "arcface",
        "filters": 8,
        "embedding_size": 8,
        "shift": 0.1,
        "tint": 0.2,
    },
    "linear": {"dataset": "tiny-table", "class_weights": True, "schedule": "exponential"},
    "boosted-trees": {"dataset": "tiny-table", "class_weights": True, "leaf_examples": 3, "columns_tried": 0.5},
    "residual-mlp": {"dataset": "tiny-values", "loss": "huber", "schedule": "plateau", "plateau_patience": 1},
    "lstm": {"dataset": "tiny-texts", "bidirectional": True},
    "gru": {"dataset": "tiny-texts"},
    "textcnn": {"dataset": "tiny-texts", "embedding": "glove", "word_dropout": 0.1, "signs": True},
    "bag-of-embeddings": {"dataset": "tiny-chinese", "optimizer": "rmsprop"},
    "tf-idf": {"dataset": "tiny-texts", "dropout": 0.2, "vocabulary_size": 1_000},
    "transformer": {"dataset": "tiny-texts", "loss": "mean-squared-error"},
    "bert": {"dataset": "tiny-texts", "tuning": "lora", "lora_rank": 2, "sequence_length": 20},
    "gpt": {"dataset": "tiny-lines", "depth": 1},
    "lstm-lm": {"dataset": "tiny-lines", "units": 16, "optimizer": "adamw"},
    "transformer-seq2seq": {"dataset": "tiny-pairs", "width": 32, "layers": 2},
    "pointer-generator": {"dataset": "tiny-pairs", "task": "summarization", "width": 32, "layers": 1},
    "gru-attention": {"dataset": "tiny-pairs", "units": 16, "label_smoothing": 0.0},
    "series-gru": {"dataset": "tiny-series", "units": 8},
    "tcn": {"dataset": "tiny-series", "filters": 8, "depth": 2, "forecast": "point"},
    "patch-transformer": {"dataset": "tiny-series", "depth": 1},
    "matrix-factorisation": {"dataset": "tiny-choices", "units": 8},
    "two-tower": {"dataset": "tiny-choices", "units": 8},
    "gru4rec": {"dataset": "tiny-choices", "units": 8},
    "crnn": {"dataset": "tiny-sounds"},
    "audio-cnn": {"dataset": "tiny-sounds", **SOUNDS},
    "audio-transformer": {"dataset": "tiny-sounds"},
    "ctc-crnn": {"dataset": "tiny-speech", "units": 8, "filters": 8, **SPEECH},
    "mel-decoder": {"dataset": "tiny-voices", "filters": 16, "embedding": 8},
    "flow-matching": {"dataset": "tiny-pictures", "task": "image-generation", "filters": 8, "embedding": 16},
    "vae": {
        "dataset": "tiny-pictures",
        "task": "image-generation",
        "filters": 8,
        "units": 16,
        "latent": 2,
        "warm_up": 3,
    },
    "ctc-conformer": {"dataset": "tiny-speech", "filters": 8, "width": 16, "depth": 1, "heads": 2},
}
"""For each model the dataset, and enough else that between them every kind of part is met."""
COMMON: dict[str, Any] = {"epochs": 2, "batch_size": 16, "patience": 0, "seed": 3, "deterministic": True}


@pytest.fixture(autouse=True)
def _tiny(home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """The tiny datasets are registered, and the script runs in a folder of its own."""
    monkeypatch.setattr(datasets, "_entries", {name: datasets[name] for name in datasets})
    for name, dataset in TINY.items():
        datasets.register(name)(dataset)
    monkeypatch.chdir(tmp_path)
    yield
    keras.backend.clear_session()


def train(store: Store, **values: Any) -> Run:
    """A run that the engine has trained."""
    common = without_unused(models[values["model"]], COMMON)
    run = store.runs.create(RunSpec.build(common | values), "ada", slot="terminal")
    fit.train_run(store, run)
    keras.backend.clear_session()
    return store.runs.get(run.id)


def written(run: Run, *, notebook: bool = False) -> str:
    """The text of its script, which lies in the current folder with its data."""
    files = script_files(run.parsed(), Origin.of(run))
    write_files(Path(), files, run.parsed(), notebook=notebook)
    return files.notebook if notebook else files.python


def execute(path: str = "train.py") -> dict[str, Any]:
    """Run a script in this process; what its last line says."""
    keras.backend.clear_session()
    said = io.StringIO()
    with redirect_stdout(said):
        runpy.run_path(path)
    return json.loads(said.getvalue().splitlines()[-1])


def test_every_model_has_its_case() -> None:
    assert set(CASES) == set(models)


@pytest.mark.parametrize("model", list(CASES))
def test_the_script_of_a_deterministic_run_ends_with_the_same_weights(store: Store, model: str) -> None:
    run = train(store, model=model, **CASES[model])
    text = written(run)
    found = execute()
    assert found["weights_sha256"] == run.result["weights_sha256"]
    for name in set(found) & set(run.result) - {"weights_sha256", "test_cross_entropy"}:
        assert found[name] == pytest.approx(run.result[name], rel=1e-3, abs=1e-5), name
    assert found.keys() & {
        "test_accuracy",
        "test_rmse",
        "test_perplexity",
        "test_mase",
        "test_recall10",
        "test_unit_error_rate",
        "test_mel_l1",
        "test_loss",
    }
    assert ("# -- Pretrained weights" in text) == (
        model in ("efficientnet-lite0", "centernet-lite0", "textcnn", "tf-idf", "bert", "two-tower")
    )
    assert "engine" not in {part.split(".")[0] for part in imported(text)}
    if model != "efficientnet-lite0":
        assert max(map(len, text.splitlines())) <= 120
        linted = subprocess.run([sys.executable, "-m", "ruff", "check", "--isolated", "train.py"], capture_output=True)
        assert linted.returncode == 0, linted.stdout


def test_the_script_of_a_run_that_learned_logarithms_ends_with_the_same_weights(store: Store) -> None:
    run = train(store, model="mlp", dataset="tiny-prices")
    text = written(run)
    found = execute()
    assert found["weights_sha256"] == run.result["weights_sha256"]
    assert found["test_rmse"] == pytest.approx(run.result["test_rmse"], rel=1e-3)
    assert "TARGET_MEAN" in text


@pytest.mark.parametrize("dataset", ["tiny-values", "tiny-prices"])
def test_the_script_of_trees_for_numbers_ends_with_the_same_trees(store: Store, dataset: str) -> None:
    run = train(store, model="boosted-trees", dataset=dataset, patience=1, epochs=20, leaf_examples=3)
    assert imported(written(run)) == {"hashlib", "json", "collections", "numpy", "sklearn.base", "sklearn.ensemble"}
    found = execute()
    assert found["weights_sha256"] == run.result["weights_sha256"]
    assert found["test_rmse"] == pytest.approx(run.result["test_rmse"], rel=1e-4)


def imported(text: str) -> set[str]:
    """The modules that a script imports."""
    nodes = list(ast.walk(ast.parse(text)))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return names | {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}


def test_a_script_needs_nothing_of_the_program(store: Store) -> None:
    run = train(store, model="mlp", dataset="tiny-table")
    text = written(run)
    done = subprocess.run(  # -I: neither the working folder nor PYTHONPATH is searched
        [sys.executable, "-I", "train.py"], capture_output=True, text=True, env=_environment(), timeout=200, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["weights_sha256"] == run.result["weights_sha256"]
    assert imported(text) <= {"hashlib", "json", "math", "numpy", "tensorflow", "keras"}
    saved = keras.saving.load_model("model.keras")
    assert [weights.shape for weights in saved.get_weights()]


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "TRAINYARD_HOME")}


def test_a_run_that_did_not_ask_for_the_last_bit_gets_plain_keras_and_the_same_metrics(store: Store) -> None:
    run = train(store, model="mlp", dataset="tiny-images", deterministic=False)
    text = written(run)
    assert "optimizer=keras.optimizers.Adam(LEARNING_RATE)" in text
    assert "determinism" not in text.split("# -- Settings")[1]
    assert execute()["test_accuracy"] == pytest.approx(run.result["test_accuracy"], abs=0.06)


def test_the_cells_of_the_notebook_do_the_same_one_after_the_other(store: Store) -> None:
    run = train(store, model="bag-of-embeddings", dataset="tiny-texts")
    notebook = json.loads(written(run, notebook=True))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    identities = [cell["id"] for cell in notebook["cells"]]
    assert len(set(identities)) == len(identities)
    kinds = [cell["cell_type"] for cell in notebook["cells"]]
    assert set(kinds) == {"markdown", "code"}
    assert kinds[0] == "markdown"
    said, names = io.StringIO(), {"__name__": "__main__"}
    for cell in notebook["cells"]:
        assert cell.keys() >= {"cell_type", "id", "metadata", "source"}
        if cell["cell_type"] == "code":
            assert (cell["outputs"], cell["execution_count"]) == ([], None)
            with redirect_stdout(said):
                exec("".join(cell["source"]), names)
    assert json.loads(said.getvalue().splitlines()[-1])["weights_sha256"] == run.result["weights_sha256"]


def test_the_scale_of_a_table_is_computed_by_the_script_and_fits_other_data(store: Store) -> None:
    run = train(store, dataset="tiny-values", model="linear")
    text = written(run)
    assert "MEANS, DEVIATIONS = np.nanmean(columns, axis=0), np.nanstd(columns, axis=0)" in text
    assert "offset=(-MEANS).tolist()" in text
    assert "layers.Rescaling(TARGET_DEVIATION, offset=TARGET_MEAN" in text
    assert execute()["weights_sha256"] == run.result["weights_sha256"]
    with np.load("data.npz") as file:
        other = dict(file) | {"train_numbers": file["train_numbers"] + 7}
    np.savez("data.npz", **other)  # type: ignore[arg-type]
    execute()
    centre = keras.saving.load_model("model.keras").get_layer("centre")
    assert centre.offset == pytest.approx((-np.nanmean(other["train_numbers"].astype("float64"), axis=0)).tolist())


def test_a_scale_that_the_lines_would_not_give_is_written_as_it_is() -> None:
    data = prepare(RunSpec.build({"dataset": "tiny-values", "model": "linear"}).dataset)
    learned = {"mean": [1.0, 2.0], "deviation": [1.0, 1.0], "targets": {"mean": 0.5, "deviation": 1.0}}
    known = Learned(data, replace(data.info, learned=learned))
    assert known.expression("centre_offset", [-1.0, -2.0]) == known.expression("unit_offset", 0.5) == ""
    assert known.pieces == []
    other = Learned(data, replace(data.info, learned={"targets": {"quantiles": [1.0]}}))
    assert other.expression("deviation", 1.0) == ""


TABLE = "size,colour,weather,price\n" + "".join(
    f"{'' if i % 7 == 0 else i % 11},{['红', 'blue', ''][i % 3]},{['wet', 'dry'][i % 2]},{3 * (i % 11) + i % 2}\n"
    for i in range(80)
)


@pytest.mark.parametrize("task", ["tabular-regression", "tabular-classification"])
def test_an_imported_table_with_gaps_is_told_in_the_script(
    store: Store, capsys: pytest.CaptureFixture[str], task: str
) -> None:
    Path("prices.csv").write_text(TABLE, encoding="utf-8")
    target = "price" if task == "tabular-regression" else "weather"
    assert main(["import", "prices.csv", "--target", target, "--json"]) == 0
    table = json.loads(capsys.readouterr().out.splitlines()[-1])["table"]
    run = train(store, dataset="my-table", table=table, model="mlp", task=task)
    text = written(run)
    assert f"My table ({table})" in text
    assert execute()["weights_sha256"] == run.result["weights_sha256"]


HOSTILE = ('a"""\nimport os', "it's \\", "{x}\n# b", '"); raise SystemExit(1) #')


def test_names_of_classes_and_columns_stay_texts(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TinyImages, "labels", HOSTILE)
    monkeypatch.setattr(TinyImages, "licence", 'free"""\nraise SystemExit(1)')
    monkeypatch.setattr(TinyImages, "title", "T\r\nraise SystemExit(1)\u2028raise SystemExit(1)")
    run = train(store, dataset="tiny-images", model="linear", epochs=1)
    tree = ast.parse(written(run))
    assigned = {ast.unparse(node.targets[0]): node.value for node in tree.body if isinstance(node, ast.Assign)}
    assert ast.literal_eval(assigned["CLASSES"]) == list(HOSTILE)
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Raise)]
    assert execute()["weights_sha256"] == run.result["weights_sha256"]


def test_many_classes_are_read_from_the_data(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TinyImages, "labels", tuple(f'class number "{i}"' for i in range(24)))
    run = store.runs.create(RunSpec.build({"dataset": "tiny-images", "model": "linear", "epochs": 1}), "ada")
    assert 'CLASSES = texts("constants/classes")' in written(run)
    assert execute().keys() >= {"test_accuracy"}


def test_a_plug_in_gets_its_script_for_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.augmentations.base import augmentations
    from engine.modalities.base import modalities
    from engine.tasks.base import tasks

    for registry in (modalities, tasks, datasets, models, augmentations):
        monkeypatch.setattr(registry, "_entries", {name: registry[name] for name in registry})
    try:
        import tests.series  # noqa: F401

        run = train(store, task="interval", dataset="waves", model="series-mlp")
        written(run)
        found = execute()
        assert found["weights_sha256"] == run.result["weights_sha256"]
        assert found["test_mae"] == pytest.approx(run.result["test_mae"], rel=1e-3)
    finally:
        sys.modules.pop("tests.series", None)


def test_a_layer_whose_code_cannot_be_read_is_a_sentence(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def body(self: Any, x: Any) -> Any:
        return keras.layers.Lambda(lambda x: x + 1, name="more")(keras.layers.Flatten()(x))

    monkeypatch.setattr(models["linear"], "body", body)
    run = store.runs.create(RunSpec.build({"dataset": "tiny-images", "model": "linear"}), "ada")
    with pytest.raises(TrainyardError, match=r"'more': it is a Lambda layer"):
        script_files(run.parsed(), Origin.of(run))


def test_the_first_lines_say_what_the_script_does_not_repeat() -> None:
    spec = RunSpec.build({"dataset": "tiny-images", "model": "linear"})
    origin = Origin(run_id=9, parent_id=4, steered=True, dataset_hash="another", versions={"keras": "3.0.0"})
    text = " ".join(script_files(spec, origin).python.replace("\n# ", " ").split())
    for words in ("as in run 9", "keras==3.0.0", "the weights of run 4", "Settings were changed while the run trained"):
        assert words in text
    assert "The dataset has changed since" in text
    assert "Licence: CC0-1.0." in text


def test_the_command_writes_the_script_with_its_data(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    run = store.runs.create(RunSpec.build({"dataset": "tiny-texts", "model": "textcnn", "epochs": 1}), "ada")
    assert main(["script", str(run.id), "--output", "there", "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told == {"run": run.id, "files": ["there/train.py", "there/data.npz"]}
    assert main(["script", str(run.id), "--notebook"]) == 0
    assert f"cd run-{run.id} && jupyter lab train.ipynb" in capsys.readouterr().out
    with np.load("there/data.npz", allow_pickle=False) as file:
        assert all(file[name].dtype != object for name in file.files)
    assert main(["script", "99"]) == 1
    Path("taken").write_text("a file")
    assert main(["script", str(run.id), "--output", "taken"]) == 1
    assert "Choose another folder with --output." in capsys.readouterr().err


def test_a_zip_holds_the_data_only_where_it_is_small(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = store.runs.create(RunSpec.build({"dataset": "tiny-images", "model": "linear"}), "ada")
    spec = run.parsed()
    files = ScriptFiles.from_dict(json.loads(json.dumps(script_files(spec, Origin.of(run)).to_dict())))
    data = packed_data(files, spec)
    assert names(zip_files(files, data, spec, run, notebook=False)) == ["train.py", "README.txt", "data.npz"]
    monkeypatch.setattr("engine.scripting.files.size_bytes", lambda data: settings().max_script_data_mb * 1_000_000 + 1)
    data = packed_data(files, spec)
    packed = zip_files(files, data, spec, run, notebook=True)
    assert names(packed) == ["train.ipynb", "README.txt"]
    readme = zipfile.ZipFile(io.BytesIO(packed)).read(f"run-{run.id}/README.txt").decode()
    assert f"python -m engine script {run.id} --notebook" in readme


def names(packed: bytes) -> list[str]:
    """The files in the one folder of a zip."""
    return [name.split("/", 1)[1] for name in zipfile.ZipFile(io.BytesIO(packed)).namelist()]


def test_the_predictor_writes_scripts_for_pages() -> None:
    from engine.serving.predictor import work

    spec = RunSpec.build({"dataset": "tiny-images", "model": "linear"})
    answer = work()["script"]({"spec": spec.to_dict(), "origin": Origin(run_id=3).to_dict()})
    assert "as in run 3" in ScriptFiles.from_dict(json.loads(json.dumps(answer))).python


# -- values and lines -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [0, -1.5, 1 / 255, 1e-9, True, None, *HOSTILE, "\0\ud800", [1, (2,), {"a'": "b"}], float("inf"), [0.1] * 3],
    ids=ascii,
)
def test_a_value_is_written_so_that_it_can_be_read_again(value: Any) -> None:
    assert eval(literal(value)) == value


def test_a_long_line_is_broken_within_its_brackets() -> None:
    line = f'x = layers.Dense({", ".join(f"option_{i}={i}" for i in range(20))}, name="a, (b")(x)'
    broken = wrapped(line)
    assert max(map(len, broken.split("\n"))) <= WIDTH
    assert ast.dump(ast.parse(broken)) == ast.dump(ast.parse(line))


def test_a_comment_holds_whatever_is_said() -> None:
    text = comment("a\r\n\u2028import os\x0cb " * 20)
    assert all(line.startswith("# ") for line in text.splitlines())
    assert not ast.parse(text).body


def test_without_its_data_there_is_no_script(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run = store.runs.create(RunSpec.build({"dataset": "tiny-images", "model": "linear"}), "ada")
    monkeypatch.setattr(TinyImages, "available", lambda self: False)
    with pytest.raises(TrainyardError, match="are missing"):
        script_files(run.parsed(), Origin.of(run))


ANSWERS = {
    "reversal": {"dataset": "mirrored", "model": "writer"},
    "one-box": {"dataset": "rectangles", "model": "mlp"},
    "copying": {"dataset": "stripes", "model": "mlp"},
}
"""Tasks that feed their networks something else than an input and a target: the plug-in `tests.answers`."""


CHANGED = {"moved boxes": ("one-box", {"rotation": 10.0, "shift": 0.1}), "changed stripes": ("copying", {"shift": 0.1})}


@pytest.mark.parametrize("case", [*ANSWERS, *CHANGED])
def test_a_task_that_feeds_its_own_network_gets_its_script_too(
    store: Store, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    with plugged("tests.answers", monkeypatch):
        task, more = CHANGED.get(case, (case, {}))
        run = train(store, task=task, **ANSWERS[task], **more)
        text = written(run)
        assert execute()["weights_sha256"] == run.result["weights_sha256"]
        assert "engine" not in {part.split(".")[0] for part in imported(text)}
