"""The dashboard never loads TensorFlow, Keras, scikit-learn or statistics to draw an empty page: seen from inside a process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
VISIT = """
import sys
from streamlit.testing.v1 import AppTest
from ui import lab
from ui.navigation import FOLDER, PAGES

class Cold:
    def ready(self):
        return False

lab.predictor = Cold
for entry in VISITED:
    at = AppTest.from_file(str(FOLDER.parent / "ui" / "shell.py"), default_timeout=120)
    at.switch_page(str(FOLDER / f"{entry.name}.py"))
    at.run()
    assert not at.exception, (entry.name, at.exception[0].message)
    assert at.title, entry.name
import app
app._import_pages()
EXTRA
print(sorted({name.split(".")[0] for name in sys.modules} & {"tensorflow", "keras", "sklearn", "scipy", "statsmodels"}))
"""


def loaded(home: Path, visited: str = "PAGES", extra: str = "") -> str:
    """Return the modules of TensorFlow and Keras that a process has loaded after it drew these pages."""
    done = subprocess.run(
        [sys.executable, "-c", VISIT.replace("VISITED", visited).replace("EXTRA", extra)],
        cwd=ROOT,
        env=os.environ | {"TRAINYARD_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip().splitlines()[-1]


def test_drawing_every_page_loads_nothing_heavy(tmp_path: Path) -> None:
    assert loaded(tmp_path) == "[]"


@pytest.mark.slow
def test_the_guard_sees_keras_when_it_is_loaded(tmp_path: Path) -> None:
    assert "keras" in loaded(tmp_path, visited="PAGES[:1]", extra="import keras")
