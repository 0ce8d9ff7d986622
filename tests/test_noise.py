"""The output of libraries stays out of the terminal, and is kept."""

import os
import subprocess
import sys
from pathlib import Path

CODE = """
import os, sys, warnings, logging
from engine.cli.noise import keep_noise_out
keep_noise_out()
os.write(2, b"said past Python\\n")
warnings.warn("a warning of others")
logging.getLogger("PIL.Image").warning("a log of others")
logging.getLogger("engine.something").warning("ours")
print("error: ours, too", file=sys.stderr)
"""


def test_only_what_trainyard_says_reaches_the_terminal(tmp_path: Path) -> None:
    environment = os.environ | {"TRAINYARD_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, check=True)
    assert done.stderr == "WARNING engine.something: ours\nerror: ours, too\n"
    log = (tmp_path / "logs" / "commands.log").read_text()
    for words in ("said past Python", "a warning of others", "a log of others", "engine.something: ours"):
        assert words in log


def test_a_log_that_cannot_be_written_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where the folder should be")
    environment = os.environ | {"TRAINYARD_HOME": str(tmp_path / "home")}
    done = subprocess.run([sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, check=True)
    assert "said past Python" in done.stderr
    assert "error: ours, too" in done.stderr
