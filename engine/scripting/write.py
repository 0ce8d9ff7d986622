"""From a spec to the sections of a script. Builds the network, so it belongs into a process that may import Keras."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from engine.datasets.prepare import PreparedDataset, prepare
from engine.runs import RunSpec
from engine.schedules import Schedule
from engine.scripting.data import texts_array
from engine.scripting.files import ScriptFiles
from engine.scripting.graph import Graph, remembered_order
from engine.scripting.layout import wrapped
from engine.scripting.network import Written, write_augmentation, write_network
from engine.scripting.objects import Objects
from engine.scripting.origin import Origin, heading
from engine.scripting.sections import Section, notebook_file, python_file
from engine.scripting.templates import DIGEST, PICK_SEQUENCES, POSITIONS, PRETRAINED, TEXTS
from engine.scripting.transplant import Transplant
from engine.scripting.values import literal, written_short
from engine.tasks.base import DataInfo
from engine.training.callbacks import SteadySeeds
from engine.training.features import copies_within_budget, learn
from engine.training.network import Network, build_network
from engine.training.pipeline import bucket

_CHUNK, _FEATURE_BATCH, _EVALUATION_BATCH = 256, 32, 512  # as training has them


@dataclass(frozen=True)
class Script:
    """The sections, and the arrays that they read beside the examples."""

    sections: list[Section]
    constants: dict[str, np.ndarray] = field(default_factory=dict)


def script_files(spec: RunSpec, origin: Origin) -> ScriptFiles:
    """Script and notebook of a run."""
    script = write_script(spec, origin)
    return ScriptFiles(python_file(script.sections), notebook_file(script.sections), script.constants)


def write_script(spec: RunSpec, origin: Origin) -> Script:
    """Write the script of a run. Raises `TrainyardError` where the data is missing, or a part cannot be written."""
    data = prepare(spec.dataset)
    info = learn(spec, data)
    before = keras.config.dtype_policy()
    try:
        if spec.training.mixed_precision:
            keras.config.set_dtype_policy("mixed_float16")
        with remembered_order() as made:
            network = build_network(spec, info)
        return _Writer(spec, data, info, network, made).script(origin)
    finally:
        keras.config.set_dtype_policy(before)
        keras.utils.clear_session()


class _Writer:
    """Writes section after section, and collects what the first ones must hold: imports, constants."""

    def __init__(
        self, spec: RunSpec, data: PreparedDataset, info: DataInfo, network: Network, made: dict[int, int]
    ) -> None:
        self.spec, self.data, self.info, self.network = spec, data, info, network
        self.transplant = Transplant()
        self.objects = Objects(self.transplant, self._constant)
        self.graph = Graph(made, self.objects, self.transplant)
        self.arrays: dict[str, np.ndarray] = {}
        self.imports = self.transplant.imports
        self.imports |= {"import json", "import keras", "import numpy as np"}
        self.strings = False
        self.exact = spec.training.deterministic
        changes = spec.augmentation
        self.copies = 1
        if changes is not None and changes.active() and changes.copies > 1 and network.features is not None:
            shape = network.features.output_shape[1:]
            self.copies = copies_within_budget(changes, shape, len(data.indices("train")))
        rows = data.inputs[data.indices("train")[:1]]
        self.kind = "rows" if rows.dtype.names else "texts" if rows.dtype == object else "array"
        self.whole = rows.dtype != np.float32
        lengths = type(spec.model).lengths
        self.sequences = lengths(spec.model, np.zeros((1, 1), np.int32)) is not None

    def script(self, origin: Origin) -> Script:
        """All sections. What is written last stands first: it is known only then what the rest needs."""
        written = write_network(self.spec, self.info, self.network, self.graph, self.objects, self.arrays.__setitem__)
        network = self._network(written)
        training = [self._preparation(), self._order(), self._fit(written)]
        judging = self._judging(written)
        data = self._data()
        pieces = _gathered(self.transplant.pieces)
        sections = [
            Section("", heading(self.spec, self.data, origin), ""),
            Section("Settings", "What to change first.", self._settings()),
            Section("Data", "Exported from Trainyard: one array for each split and kind.", data),
            *([Section("Parts", "What Keras does not bring.", pieces)] if pieces else []),
            *network,
            *training,
            judging,
        ]
        return Script([section for section in sections if section.code or section.words], self.arrays)

    # -- plain values -------------------------------------------------------------------------------------------------

    def _constant(self, value: Any, hint: str) -> str:
        """A plain value: as it is where it is short, by its name in data.npz where it is long."""
        if written_short(value):
            return literal(value)
        name = f"constants/{hint}"
        if isinstance(value, list | tuple) and all(isinstance(part, str) for part in value):
            self.arrays[name] = texts_array(list(value))
            self.strings = True
            return f'texts("{name}")'
        self.arrays[name] = np.asarray(value)
        code = f'data["{name}"]'
        return code if isinstance(value, np.ndarray) else f"{code}.tolist()"

    def _settings(self) -> str:
        training, lines = self.spec.training, list[str]()
        named: dict[str, str] = {
            "SEED": literal(training.seed),
            "EPOCHS": literal(training.epochs),
            "BATCH_SIZE": literal(self._batch_size()),
            "LEARNING_RATE": literal(self.spec.optimizer.learning_rate),
        }
        if training.patience:
            named["PATIENCE"] = f"{training.patience}  # epochs without a better {self.spec.task.objective}"
        if self.info.labels:
            labels = list(self.info.labels)
            named["CLASSES"] = self._constant(labels, "classes") if written_short(labels) else ""
        if "NUM_CLASSES" in self.transplant.constants and named.get("CLASSES"):
            self.transplant.constants["NUM_CLASSES"] = "len(CLASSES)"
        named |= {name: code for name, code in self.transplant.constants.items() if name not in named}
        lines += _sorted_imports(self.imports)
        lines += ["", *(wrapped(f"{name} = {code}") for name, code in named.items() if code)]
        lines += ["", "keras.utils.set_random_seed(SEED)"]
        if self.exact:
            lines.append("tf.config.experimental.enable_op_determinism()")
        if training.mixed_precision:
            lines += [
                'if tf.config.list_physical_devices("GPU"):  # on a CPU 16 bits are slower',
                '    keras.config.set_dtype_policy("mixed_float16")',
            ]
        return "\n".join(lines)

    def _batch_size(self) -> int:
        return min(self.spec.training.batch_size, len(self.data.indices("train")))

    # -- data ---------------------------------------------------------------------------------------------------------

    def _data(self) -> str:
        lines = ['with np.load("data.npz") as file:', "    data = dict(file)"]
        strings = self.strings or self.kind != "array"
        if self.info.labels and not written_short(list(self.info.labels)):
            self._constant(list(self.info.labels), "classes")
            strings = True
        if strings:
            lines += ["", "", *TEXTS.split("\n")]
        if self.kind == "rows":
            lines += ["", "", *self._rows()]
        if strings or self.kind == "rows":
            lines += ["", ""]
        if self.info.labels and not written_short(list(self.info.labels)):
            lines.append('CLASSES = texts("constants/classes")')
        read = {"rows": 'rows("{}")', "texts": 'tf.constant(texts("{}_inputs"))', "array": 'data["{}_inputs"]'}[
            self.kind
        ]
        for split in ("train", "validation", "test"):
            lines.append(f'{split}_inputs, {split}_targets = {read.format(split)}, data["{split}_targets"]')
        return "\n".join(lines)

    def _rows(self) -> list[str]:
        parts = []
        if self.info.named("number"):
            parts.append('"numbers": data[f"{split}_numbers"]')
        if self.info.named("category"):
            parts.append('"categories": tf.constant(texts(f"{split}_categories"))')
        return [
            "def rows(split):",
            f'    """The columns {_kinds(self.info)} of one split."""',
            wrapped(f"return {{{', '.join(parts)}}}", "    "),
        ]

    # -- network ------------------------------------------------------------------------------------------------------

    def _network(self, written: Written) -> list[Section]:
        words = f"{self.spec.model.title}: {self.spec.model.summary()}"
        if self.info.learned:
            words += " What its first layers know of the data was learned from the training split."
        views = [
            "",
            "# What is saved takes inputs as people have them and answers as they want it; what is trained is a part of it.",
        ]
        sections = [Section("Network", words, "\n".join([*written.layers, *views, *written.models]))]
        if written.pretrained:
            sections.append(Section("Pretrained weights", "These layers do not begin at random.", PRETRAINED))
        if written.trained == "trained":
            lines = write_augmentation(self.network, self.graph)
            said = "Random changes to what is trained on, anew in each step; in inference they do nothing."
            sections.append(Section("Augmentation", said, "\n".join(lines)))
        return sections

    # -- training -----------------------------------------------------------------------------------------------------

    def _preparation(self) -> Section:
        """What the fitted model takes: targets as its loss wants them, features that are computed once."""
        encode = self.transplant.method(self.spec.task, "encode_targets", info=self.info)
        lines = [f"{split}_y = {encode}({split}_targets)" for split in ("train", "validation", "test")]
        words = "Targets as the loss takes them."
        source = {split: f"{split}_inputs" for split in ("train", "validation", "test")}
        if self.network.features is not None:
            words = "Targets as the loss takes them; features, which stay the same in all epochs, are computed once."
            lines += ["", "", *self._computed(), "", ""]
            source = {split: f"computed({name})" for split, name in source.items()}
            if self.copies > 1:
                lines += self._versions()
                source["train"] = "np.concatenate([computed(version) for version in versions])"
        if self.sequences:
            lengths = self.transplant.method(self.spec.model, "lengths")
            lines += [f"{split}_x = {code}" for split, code in source.items()]
            lines += [f"{split}_lengths = {lengths}({split}_x)" for split in source]
        else:
            lines += [f"{split}_x = {code}" for split, code in source.items()]
        return Section("Preparation", words, "\n".join(lines))

    def _computed(self) -> list[str]:
        self.imports.add("import numpy as np")
        lines = [
            "def computed(inputs):",
            '    """What the frozen part makes of the inputs, computed once."""',
            f"    found = features.predict(inputs, batch_size={_FEATURE_BATCH}, verbose=0)",
        ]
        if None in self.network.features.output_shape[1:]:  # type: ignore[union-attr]
            lines.append("    return found.to_tensor().numpy() if isinstance(found, tf.RaggedTensor) else found")
        else:
            lines[-1:] = [f"    return features.predict(inputs, batch_size={_FEATURE_BATCH}, verbose=0)"]
        return lines

    def _versions(self) -> list[str]:
        vary = self.transplant.method(self.spec.augmentation, "vary")
        return [
            "# Versions of the training split that are changed at random; each epoch draws one of each example.",
            f"parts = np.split(train_inputs, range({_CHUNK}, len(train_inputs), {_CHUNK}))",
            "versions = [train_inputs]",
            f"for number in range(1, {self.copies}):",
            "    rng = np.random.default_rng([SEED, number])",
            f"    versions.append(np.concatenate([{vary}(part, rng) for part in parts]))",
            "",
        ]

    def _order(self) -> Section:
        """Batches by position, in an order that is a function of seed and epoch."""
        lines = [
            "def order_of(epoch):",
            '    """Positions of the training examples in the order of an epoch: a function of the seed and its number."""',
            "    rng = np.random.default_rng([SEED, epoch])",
        ]
        if not self.sequences and self.copies == 1:
            lines.append("    return rng.permutation(len(train_y))")
        else:
            lines.append("    order = rng.permutation(len(train_y))")
        if self.copies > 1:
            lines.append(f"    order = order + len(train_y) * rng.integers(0, {self.copies}, len(train_y))")
        if self.sequences:
            arranged = self.transplant.function(bucket)
            lines.append(f"    return {arranged}(order, train_lengths, BATCH_SIZE, rng)")
        elif self.copies > 1:
            lines.append("    return order")
        target = "where % len(train_y)" if self.copies > 1 else "where"
        lines += ["", "", *POSITIONS.split("\n"), ""]
        if self.sequences:
            lines += [
                "",
                *PICK_SEQUENCES.split("\n"),
                "",
                "",
                "training = batches(positions, train_x, train_y, train_lengths)",
            ]
        else:
            images = "tf.cast(tf.gather(kept_x, where), tf.float32)" if self._casts() else "tf.gather(kept_x, where)"
            lines += ["kept_x, kept_y = tf.constant(train_x), tf.constant(train_y)", "training = positions.map("]
            lines += [f"    lambda where: ({images}, tf.gather(kept_y, {target}))", ").prefetch(2)"]
        self.imports |= {"import math", "import tensorflow as tf"}
        words = "The examples stay in memory; a batch is picked by its positions."
        return Section("Batches", words, "\n".join(lines))

    def _casts(self) -> bool:
        return self.network.features is None and self.whole

    def _fit(self, written: Written) -> Section:
        lines: list[str] = []
        trained = written.trained
        rate = "LEARNING_RATE"
        schedule = self.spec.schedule
        if type(schedule).build is not Schedule.build:
            build = self.transplant.method(schedule, "build")
            lines += [f"schedule = {build}(LEARNING_RATE, total_steps=EPOCHS * STEPS)"]
            rate = "schedule"
        options = dict(self.spec.task.compile_options(self.info))
        lines += self._compile(trained, rate, options)
        lines += ["", *self._callbacks()]
        weights = self.spec.task.class_weight(self.data.targets[self.data.indices("train")], self.info)
        arguments = ["training", f"validation_data={self._validation()}"]
        if not self.sequences:
            arguments.append(f"validation_batch_size={_EVALUATION_BATCH}")
        arguments += ["epochs=EPOCHS", "steps_per_epoch=STEPS"]
        if weights is not None:
            arguments.append(
                f"class_weight={self.transplant.method(self.spec.task, 'class_weight', info=self.info)}(train_targets)"
            )
        arguments += ["callbacks=callbacks", "verbose=2"]
        lines += [f"{trained}.fit(", *(f"    {argument}," for argument in arguments), ")"]
        optimizer = f"{self.spec.optimizer.title}, {self.spec.schedule.title}"
        return Section("Training", f"{optimizer}; the weights of the best epoch are kept.", "\n".join(lines))

    def _compile(self, trained: str, rate: str, options: Mapping[str, Any]) -> list[str]:
        optimizer = self.spec.optimizer.build(self.spec.optimizer.learning_rate)
        code = self.objects.construction(_own(optimizer, self.exact), {"learning_rate": rate})
        arguments = [f"optimizer={code}"]
        for name, value in options.items():
            arguments.append(f"{name}={self.objects.expression(value, name)}")
        arguments.append("jit_compile=False")
        return [f"{trained}.compile(", *(wrapped(argument, "    ") + "," for argument in arguments), ")"]

    def _callbacks(self) -> list[str]:
        task, schedule = self.spec.task, self.spec.schedule
        patience = "PATIENCE" if self.spec.training.patience else "EPOCHS"
        best = (
            f'keras.callbacks.EarlyStopping("{task.objective}", mode="{"max" if task.maximize else "min"}", '
            f"patience={patience}, restore_best_weights=True)"
        )
        items = [best]
        if schedule.reacts:
            values = schedule.model_dump()
            items.append(
                'keras.callbacks.ReduceLROnPlateau("val_loss", '
                f"factor={values['plateau_factor']!r}, patience={values['plateau_patience']!r})"
            )
        if (
            self.exact
            and any(v.name == "seed_generator_state" for v in self.network.core.non_trainable_variables)
            and self._recurrent()
        ):
            items.insert(0, f"{self.transplant.function(SteadySeeds)}()")
        return ["callbacks = [", *(wrapped(item, "    ") + "," for item in items), "]"]

    def _recurrent(self) -> bool:
        kinds = keras.layers.RNN | keras.layers.Bidirectional
        return any(isinstance(layer, kinds) for layer in self.network.core.layers)

    def _validation(self) -> str:
        return (
            "by_length(validation_x, validation_y, validation_lengths)"
            if self.sequences
            else "(validation_x, validation_y)"
        )

    def _judging(self, written: Written) -> Section:
        given = (
            "by_length(test_x, test_y, test_lengths)"
            if self.sequences
            else f"test_x, test_y, batch_size={_EVALUATION_BATCH}"
        )
        lines = []
        if len(self.data.indices("test")):
            lines += [f"metrics = {written.trained}.evaluate({given}, return_dict=True, verbose=0)"]
            lines += ['metrics = {f"test_{name}": round(value, 6) for name, value in metrics.items()}']
        else:
            lines += ["metrics = {}"]
        if self.exact:
            self.imports.add("import hashlib")
            lines += ["", *DIGEST.split("\n")]
        lines += ["", 'model.save("model.keras")', "print(json.dumps(metrics))"]
        return Section("Judging", "Once, on examples that no decision was made with.", "\n".join(lines))


def _gathered(pieces: list[str]) -> str:
    """Constants below each other, functions and classes apart."""
    text, block = "", False
    for piece in pieces:
        apart = block or "\n" in piece
        text += piece if not text else f"\n\n\n{piece}" if apart else f"\n{piece}"
        block = "\n" in piece
    return text


def _own(optimizer: Any, exact: bool) -> Any:
    """The optimizer as Keras has it, where the last bit does not matter."""
    cls = next(base for base in type(optimizer).__mro__ if getattr(keras.optimizers, base.__name__, None) is base)
    return optimizer if exact else cls.from_config(optimizer.get_config())


def _kinds(info: DataInfo) -> str:
    names = [column.name for column in info.columns]
    return f"({len(names)})"


def _sorted_imports(lines: set[str]) -> list[str]:
    """The standard library first, then the others, a gap between them; modules before names."""
    if {"from keras import layers", "from keras import ops"} <= lines:
        lines = lines - {"from keras import layers", "from keras import ops"} | {"from keras import layers, ops"}
    ordered = sorted(lines, key=lambda line: (line.startswith("from"), line))
    own = [line for line in ordered if line.split()[1].split(".")[0] in sys.stdlib_module_names]
    return [*own, "", *(line for line in ordered if line not in own)]
