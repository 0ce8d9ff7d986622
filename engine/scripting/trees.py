"""The script of boosted trees: scikit-learn's estimator, fitted some rounds at a time until no epoch is better. No Keras."""

import numpy as np

from engine.data_info import DataInfo
from engine.modalities.table.matrix import MOST_CATEGORIES, to_matrix
from engine.models.boosted_trees import BoostedTrees
from engine.preparation.prepare import SPLITS, PreparedDataset
from engine.runs import RunSpec
from engine.scripting.layout import wrapped
from engine.scripting.origin import Origin, heading
from engine.scripting.sections import Section
from engine.scripting.templates import TEXTS
from engine.scripting.values import literal
from engine.training.growing import options_of

PACKAGES = ("scikit-learn", "numpy")
_PROMISE = "The same packages grow the same trees on the same kind of CPU."
_LEARN_CODES = '''def codes_of(column):
    """The values of a column in training, the most frequent first: a value's place is its code."""
    counts = Counter(value for value in column if value)
    return sorted(counts, key=lambda value: (-counts[value], value))


KNOWN = [codes_of(column) for column in zip(*texts("train_categories"))]'''
_CODES = """    for column, known in zip(zip(*texts(f"{split}_categories")), KNOWN):
        codes = {value: code for code, value in enumerate(known[:MOST_CODES])} | {"": np.nan}
        other = MOST_CODES if len(known) > MOST_CODES else np.nan
        columns.append([codes.get(value, other) for value in column])"""
_LOSSES = {
    True: '''def loss_of(model):
    """Cross-entropy on the validation split."""
    probabilities = model.predict_proba(validation_x)
    truth = np.searchsorted(model.classes_, data["validation_targets"])
    return -np.log(probabilities[np.arange(len(truth)), truth]).mean()''',
    False: '''def loss_of(model):
    """Root mean squared error on the validation split."""
    return np.sqrt(np.mean((values(model, validation_x) - data["validation_targets"]) ** 2))''',
}
_LOOP = """best, kept, waited = np.inf, EPOCHS, 0
for epoch in range(1, EPOCHS + 1):
    model.set_params(max_iter=epoch * ROUNDS).fit({given})
    loss = loss_of(model)
    if epoch < FIRST_BEST:
        continue
    if loss < best:
        best, kept, waited = loss, epoch, 0
    else:
        waited += 1
    if PATIENCE and waited >= PATIENCE:
        break

model = clone(model).set_params(max_iter=kept * ROUNDS, warm_start=False)
model.fit({given})"""
_WEIGHTS = """counts = np.bincount(train_y)
WEIGHTS = (len(train_y) / (NUM_CLASSES * np.maximum(counts, 1)))[train_y]"""
_DIGEST = """digest = hashlib.sha256()
nodes = np.concatenate([tree.nodes for trees in model._predictors for tree in trees])
for name in ("feature_idx", "num_threshold", "value"):
    digest.update(np.ascontiguousarray(nodes[name]).data)
metrics["weights_sha256"] = digest.hexdigest()
print(json.dumps(metrics))"""


class TreesScript:
    """Writes section after section."""

    def __init__(self, spec: RunSpec, data: PreparedDataset, info: DataInfo) -> None:
        assert isinstance(spec.model, BoostedTrees)
        self.spec, self.model, self.data, self.info = spec, spec.model, data, info
        self.classes = bool(info.num_classes)
        self.texts = bool(info.learned["codes"])
        self.logarithm = bool(info.learned.get("targets", {}).get("logarithm"))
        self.weighted = self.classes and bool(spec.values().get("class_weights"))

    def sections(self, origin: Origin) -> list[Section]:
        """Return all of it."""
        words = f"{self.model.title}: {self.model.summary()}"
        return [
            Section("", heading(self.spec, self.data, origin, PACKAGES, _PROMISE), ""),
            Section("Settings", "What to change first.", self._settings()),
            Section("Data", "Exported from Trainyard: one array for each split and kind.", self._data()),
            Section(
                "Columns", "What trees take: one number for each column, NaN where it is missing.", self._columns()
            ),
            Section("Model", words, self._model()),
            Section(
                "Training",
                "An epoch is some rounds of boosting; the best one on the validation split is kept.",
                self._loop(),
            ),
            Section("Evaluation", "Once, on examples that no decision was made with.", self._evaluation()),
        ]

    @property
    def _estimator(self) -> str:
        return f"HistGradientBoosting{'Classifier' if self.classes else 'Regressor'}"

    def _settings(self) -> str:
        training = self.spec.training
        named = {
            "SEED": training.seed, "EPOCHS": training.epochs, "ROUNDS": self.model.rounds, "PATIENCE": training.patience,
            "FIRST_BEST": min(training.first_best, training.epochs),
        }  # fmt: skip
        if self.weighted:
            named["NUM_CLASSES"] = self.info.num_classes
        counter = ["from collections import Counter", ""] if self.texts else [""]
        head = ["import hashlib", "import json", *counter, "import numpy as np", "from sklearn.base import clone"]
        return "\n".join(
            [*head, f"from sklearn.ensemble import {self._estimator}", "", *(f"{k} = {v}" for k, v in named.items())]
        )

    def _data(self) -> str:
        lines = ['with np.load("data.npz") as file:', "    data = dict(file)"]
        return "\n".join([*lines, "", "", *TEXTS.split("\n")] if self.texts else lines)

    def _columns(self) -> str:
        learned, lines = self.info.learned, list[str]()
        if self.texts:
            lines += [f"MOST_CODES = {MOST_CATEGORIES}", "", "", *_LEARN_CODES.split("\n"), "", ""]
        lines += ["def matrix(split):", '    """One row for each example."""', "    columns = []"]
        lines += _CODES.split("\n") if self.texts else []
        if learned["numbers"]:
            places = literal(learned["numbers"])
            lines.append(f'    numbers = data[f"{{split}}_numbers"][:, {places}].astype(np.float64)')
            lines.append("    columns += list(numbers.T.clip(-1e300, 1e300))")
        if learned["parts"]:
            lines.append('    columns += list(data[f"{split}_parts"].T)')
        if not (self.texts or learned["numbers"] or learned["parts"]):
            lines.append('    columns.append(np.zeros(len(data[f"{split}_targets"])))')
        lines += ["    return np.array(columns, np.float64).T", "", ""]
        lines.append('train_x, validation_x, test_x = matrix("train"), matrix("validation"), matrix("test")')
        targets = 'data["train_targets"]'
        return "\n".join([*lines, f"train_y = np.log({targets})" if self.logarithm else f"train_y = {targets}"])

    def _model(self) -> str:
        options = options_of(self.model, len(self.info.learned["codes"])) | {"warm_start": True}
        given = ", ".join(f"{name}={literal(value)}" for name, value in options.items())
        return wrapped(f"model = {self._estimator}({given}, random_state=SEED)")

    def _loop(self) -> str:
        given = "train_x, train_y, sample_weight=WEIGHTS" if self.weighted else "train_x, train_y"
        lines = [_WEIGHTS, ""] if self.weighted else []
        if not self.classes:
            answer = "np.exp(model.predict(rows))" if self.logarithm else "model.predict(rows)"
            lines += [
                "def values(model, rows):",
                '    """What the trees say, in the unit of the target."""',
                f"    return {answer}",
            ]
            lines += ["", ""]
        return "\n".join([*lines, _LOSSES[self.classes], "", "", _LOOP.format(given=given)])

    def _evaluation(self) -> str:
        if self.classes:
            lines = [
                'truth = data["test_targets"]',
                'metrics = {"test_accuracy": float((model.predict(test_x) == truth).mean())}',
            ]
        else:
            lines = [
                'errors = values(model, test_x) - data["test_targets"]',
                'metrics = {"test_rmse": float(np.sqrt(np.mean(errors**2))), "test_mae": float(np.abs(errors).mean())}',
            ]
        return "\n".join([*lines, *_DIGEST.split("\n")])


def parts_of_dates(data: PreparedDataset, info: DataInfo) -> dict[str, np.ndarray]:
    """Return year, month ... of dates, as columns of each split: a script need not know a calendar."""
    parts = len(info.learned["parts"])
    if not parts:
        return {}
    return {f"{split}_parts": to_matrix(data.arrays(split)[0], info.learned)[:, -parts:] for split in SPLITS}
