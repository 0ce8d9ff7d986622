"""The documents: generated pages are fresh, links lead somewhere, and the commands of the README work."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from engine.augmentations.base import augmentations
from engine.datasets.base import datasets
from engine.models.base import models
from engine.optimizers import optimizers
from engine.runs import Training
from engine.schedules import schedules
from engine.spec import Spec
from engine.tasks.base import tasks

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PROSE = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
ENTRIES = [
    *((DOCS / "models.md", spec) for spec in models.values()),
    *((DOCS / "datasets.md", spec) for spec in datasets.values()),
    *(
        (DOCS / "training.md", spec)
        for registry in (tasks, optimizers, schedules, augmentations)
        for spec in registry.values()
    ),
]


def run(*command: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a command in the checkout, with this Python first on the PATH."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    variables = os.environ | {"PATH": path, "VIRTUAL_ENV": ""} | environment
    return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=240)


def test_the_reference_pages_are_what_the_declarations_say() -> None:
    done = run(sys.executable, "scripts/reference.py", "--check")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("document", "spec"), ENTRIES, ids=lambda item: getattr(item, "name", None))
def test_every_entry_has_its_section_and_every_field_its_line(document: Path, spec: type[Spec]) -> None:
    text = document.read_text()
    assert re.search(rf"^###? {re.escape(spec.title)} \(`{spec.name}`\)$", text, re.MULTILINE)
    for field in spec.fields():
        assert f"- **`{field.name}`**" in text
        assert " ".join(field.help.split()) in text


def test_every_field_of_training_has_its_line() -> None:
    text = (DOCS / "training.md").read_text()
    for field in Training.fields():
        assert f"- **`{field.name}`**" in text


@pytest.mark.parametrize("document", PROSE, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files_and_headings_that_exist(document: Path) -> None:
    for target in re.findall(r"\]\((?!https?://)([^)\s]+)\)", document.read_text()):
        name, _, anchor = target.partition("#")
        found = (document.parent / name) if name else document
        assert found.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", found.read_text(), re.MULTILINE)
            headings += re.findall(r'<a id="([\w-]+)"></a>', found.read_text())
            assert anchor in {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


def test_the_list_of_decisions_is_complete() -> None:
    listed = re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", (DOCS / "decisions" / "README.md").read_text())
    assert listed == sorted(path.name for path in (DOCS / "decisions").glob("0*.md"))


def test_the_targets_that_the_readme_names_exist() -> None:
    named = set(re.findall(r"\bmake ([a-z0-9]+)", (ROOT / "README.md").read_text())) - {"that"}
    known = set(re.findall(r"^([a-z0-9]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {"run", "test", "check", "e2e"} <= named <= known


def test_the_dockerfile_passes_hadolint() -> None:
    done = run("hadolint", "--no-color", "Dockerfile")
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_the_dockerfile_s_steps_make_a_healthy_dashboard() -> None:
    done = run(sys.executable, "scripts/replay_dockerfile.py", "--installed")
    assert done.returncode == 0, done.stderr
    assert "Healthy." in done.stdout


@pytest.mark.slow
def test_the_commands_of_the_readme_work_in_their_order(tmp_path: Path) -> None:
    commands = re.findall(r"^\$ (.+)$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert len(commands) > 5
    for command in commands:
        if not command.startswith("source "):  # `run` puts this environment first, as that does
            done = run(*shlex.split(command), TRAINYARD_HOME=str(tmp_path / "home"))
            assert done.returncode == 0, f"{command}\n{done.stderr}"
            assert done.stdout, command


SHIPPED = [path for path in sorted((ROOT / "data").glob("*/*")) if path.parent.name != "licenses"]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_every_shipped_file_is_listed_with_its_licence(path: Path) -> None:
    rows = (ROOT / "data" / "README.md").read_text().splitlines()
    place = path.relative_to(ROOT / "data").as_posix()

    def lists(row: str) -> bool:
        """Whether the first cell names it, or one beside it that differs in its ending."""
        words = [word.rstrip("*") for word in re.findall(r"`([^`]+)`", row.split("|")[1])]
        return any(
            word in place or ("/" in word and word.partition(".")[0] == place.partition(".")[0]) for word in words
        )

    told = [row for row in rows if row.startswith("| `") and lists(row)]
    assert told, place
    licences = {name for row in told for name in re.findall(r"\(licenses/([^)]+)\)", row)}
    assert all((ROOT / "data" / "licenses" / name).is_file() for name in licences)
