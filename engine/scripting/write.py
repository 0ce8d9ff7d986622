"""From a spec to the sections of a script. Builds the network, so it belongs in a process that may import Keras."""

import sys
from dataclasses import dataclass, field

import keras
import numpy as np

from engine.models.base import BOOSTING
from engine.preparation.prepare import prepare
from engine.runs import RunSpec
from engine.scripting.files import ScriptFiles
from engine.scripting.graph import remembered_order
from engine.scripting.layout import wrapped
from engine.scripting.network import Written, write_augmentation, write_network
from engine.scripting.origin import Origin, heading
from engine.scripting.sections import Section, notebook_file, python_file
from engine.scripting.templates import PRETRAINED, TEXTS
from engine.scripting.training import TrainingSections
from engine.scripting.trees import TreesScript, parts_of_dates
from engine.scripting.values import literal, written_short
from engine.training.features import learn
from engine.training.network import build_network


@dataclass(frozen=True)
class Script:
    """The sections, and the arrays that they read besides the examples."""

    sections: list[Section]
    constants: dict[str, np.ndarray] = field(default_factory=dict)


def script_files(spec: RunSpec, origin: Origin) -> ScriptFiles:
    """Return script and notebook of a run."""
    script = write_script(spec, origin)
    return ScriptFiles(python_file(script.sections), notebook_file(script.sections), script.constants)


def write_script(spec: RunSpec, origin: Origin) -> Script:
    """Write the script of a run. Raise `TrainyardError` where the data is missing, or a part cannot be written."""
    data = prepare(spec.dataset)
    info = learn(spec, data)
    if spec.model.fits == BOOSTING:
        return Script(TreesScript(spec, data, info).sections(origin), parts_of_dates(data, info))
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


class _Writer(TrainingSections):
    """Writes section after section; the first ones hold what the others turned out to need: imports, constants."""

    def script(self, origin: Origin) -> Script:
        """Return all sections. The first one is written last: only then is it known what the rest needs."""
        self.check()
        written = write_network(
            self.spec, self.info, self.network, self.graph, self.objects, self.transplant, self.arrays.__setitem__
        )
        network = self._network(written)
        training = [self._preparation(), self._order(), self._fit(written)]
        evaluation = self._evaluation(written)
        data = self._data()
        pieces, scale = _gathered(self.transplant.pieces), "\n".join(self.learned.pieces)
        sections = [
            Section("", heading(self.spec, self.data, origin), ""),
            Section("Settings", "What to change first.", self._settings()),
            Section("Data", "Exported from Trainyard: one array for each split and kind.", data),
            *([Section("Scale", "Means and deviations of the training split alone.", scale)] if scale else []),
            *([Section("Parts", "What Keras does not bring.", pieces)] if pieces else []),
            *network,
            *training,
            evaluation,
        ]
        return Script([section for section in sections if section.code or section.words], self.arrays)

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
        inputs, targets = self.data.arrays("train") if self.spec.task.encodes else (self.data.indices("train"), None)
        if self.spec.task.encodes:
            inputs, _ = self.spec.task.encode(inputs, targets, self.info)
        return min(self.spec.training.batch_size, len(inputs))

    # -- data ---------------------------------------------------------------------------------------------------------

    def _data(self) -> str:
        lines = ['with np.load("data.npz") as file:', "    data = dict(file)"]
        strings = self.strings or self.reading.strings
        if self.info.labels and not written_short(list(self.info.labels)):
            self._constant(list(self.info.labels), "classes")
            strings = True
        if strings:
            lines += ["", "", *TEXTS.split("\n")]
        if self.reading.lines:
            lines += ["", "", *(wrapped(line) for line in self.reading.lines)]
        if strings or self.reading.lines:
            lines += ["", ""]
        if self.info.labels and not written_short(list(self.info.labels)):
            lines.append('CLASSES = texts("constants/classes")')
        for split in ("train", "validation", "test"):
            inputs = self.reading.expression.format(split=split)
            lines.append(f'{split}_inputs, {split}_targets = {inputs}, data["{split}_targets"]')
        return "\n".join(lines)

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
            lines = write_augmentation(self.spec, self.network, self.graph, self.transplant)
            said = "Random changes to the training inputs, different in each step; in inference they do nothing."
            sections.append(Section("Augmentation", said, "\n".join(lines)))
        return sections


def _gathered(pieces: list[str]) -> str:
    """Return constants below each other, functions and classes apart."""
    text, block = "", False
    for piece in pieces:
        apart = block or "\n" in piece
        text += piece if not text else f"\n\n\n{piece}" if apart else f"\n{piece}"
        block = "\n" in piece
    return text


def _sorted_imports(lines: set[str]) -> list[str]:
    """Return the standard library first, then the others, a gap between them; modules before names."""
    if {"from keras import layers", "from keras import ops"} <= lines:
        lines = lines - {"from keras import layers", "from keras import ops"} | {"from keras import layers, ops"}
    ordered = sorted(lines, key=lambda line: (line.startswith("from"), line))
    own = [line for line in ordered if line.split()[1].split(".")[0] in sys.stdlib_module_names]
    return [*own, "", *(line for line in ordered if line not in own)]
