"""The directions of imports, the list of requirements, and proof that the guards work."""

import ast
import importlib.util
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CODE = ("engine", "ui", "pages")
UNSEEN = {"psycopg", "cmaes", "plotly"}
"""Required, but never imported by us: SQLAlchemy does so for a URL, Optuna for a sampler, and Streamlit for the charts of plug-ins."""

NAMED = {"httptools": 'http="httptools"', "uvloop": 'loop="uvloop"'}
"""Required, and chosen by name where uvicorn is configured, which imports them: for as long as these words stand there."""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the code and of the rules, in which a test may break them."""
    for name in CODE:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("app.py", "pyproject.toml", ".importlinter"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def plant(tree: Path, file: str, code: str) -> None:
    """Append `code` to a file of the copy."""
    path = tree / file
    path.write_text(f"{path.read_text()}\n{code}\n")


def ruff(tree: Path) -> str:
    """Return what ruff reports about imports of TensorFlow in the copy."""
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--select",
        "TID253",
        "--no-cache",
        "--output-format=concise",
        ".",
    ]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True).stdout


def lint_imports(tree: Path) -> str:
    """The report of import-linter on the copy."""
    program = Path(sys.executable).parent / "lint-imports"
    return subprocess.run([program, "--no-cache"], cwd=tree, capture_output=True, text=True).stdout


def test_imports_point_one_way() -> None:
    report = lint_imports(ROOT)
    assert " 0 broken." in report, report


def test_the_unbroken_code_passes_ruff() -> None:
    assert "All checks passed!" in ruff(ROOT)


@pytest.mark.parametrize("file", ["app.py", "ui/lab.py", "pages/train.py", "engine/models/mlp.py", "engine/runs.py"])
def test_ruff_catches_an_import_of_keras_at_module_level(copy: Path, file: str) -> None:
    plant(copy, file, "import keras")
    assert f"{file}:" in ruff(copy)


@pytest.mark.parametrize(
    ("file", "code", "broken"),
    [
        ("ui/lab.py", "def sneak():\n    import keras", "No page imports TensorFlow or Keras"),
        ("pages/train.py", "def sneak():\n    from tensorflow import data", "No page imports TensorFlow or Keras"),
        ("ui/lab.py", "def sneak():\n    from engine.training import fit", "No chain of imports"),
        ("engine/runs.py", "def sneak():\n    from engine.serving import networks", "No chain of imports"),
        ("engine/store/store.py", "def sneak():\n    import keras", "What keeps the books of runs"),
        ("engine/store/studies.py", "def sneak():\n    import optuna", "Only the search knows Optuna"),
        ("engine/tasks/base.py", "from engine.runs import RunSpec", "Inside the engine"),
        ("engine/settings.py", "from ui import charts", "Pages draw with ui"),
        ("engine/devices.py", "import streamlit", "The engine knows neither"),
    ],
)
def test_import_linter_catches_a_planted_import(copy: Path, file: str, code: str, broken: str) -> None:
    plant(copy, file, code)
    verdicts = [line for line in lint_imports(copy).splitlines() if line.startswith(broken)]
    assert any("BROKEN" in line for line in verdicts), verdicts


def test_every_import_is_a_pinned_requirement_and_every_requirement_is_imported() -> None:
    required = {name for name, _ in pins("requirements.txt")}
    optional = {name for name, _ in pins("requirements-ray.txt")}  # imported only where a setting asks for it
    imported = {distribution(module) for module in third_party_imports() - optional}
    assert imported - required == set(), "imported, but not in requirements.txt"
    server = (ROOT / "engine" / "serving" / "server.py").read_text(encoding="utf-8")
    named = {name for name, words in NAMED.items() if words in server}
    assert named - required == set(), "named, but not in requirements.txt"
    assert required - imported - named - UNSEEN == set(), "in requirements.txt, but imported or named nowhere"


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_the_tests_run_on_the_pinned_versions(file: str) -> None:
    wrong = {name: version for name, version in pins(file) if metadata.version(name) != version}
    assert not wrong


def test_the_gpu_list_pins_the_same_tensorflow() -> None:
    assert dict(pins("requirements-gpu.txt"))["tensorflow"] == dict(pins("requirements.txt"))["tensorflow"]


def pins(file: str) -> list[tuple[str, str]]:
    """Normalised name and version of each line."""
    found = re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==(\S+)$", (ROOT / file).read_text(), re.MULTILINE)
    return [(normalised(name), version) for name, version in found]


def normalised(name: str) -> str:
    """The form in which names of distributions compare."""
    return re.sub(r"[-_.]+", "-", name).lower()


def third_party_imports() -> set[str]:
    """Top-level modules that the program imports, at any depth in a file, and that are not ours or Python's."""
    files = [ROOT / "app.py", *(path for folder in CODE for path in (ROOT / folder).rglob("*.py"))]
    found: set[str] = set()
    for node in (node for path in files for node in ast.walk(ast.parse(path.read_text()))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found - set(CODE) - set(sys.stdlib_module_names)


def distribution(module: str) -> str:
    """The distribution that a module comes from: the one named like it where several do."""
    names = {normalised(name) for name in metadata.packages_distributions().get(module, [])}
    assert names, f"{module} is imported and not installed" if not importlib.util.find_spec(module) else module
    return module if module in names else min(names)
