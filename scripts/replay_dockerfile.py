"""Carry out the steps of the Dockerfile in an empty folder, where no container can run. See docs/decisions/0008.

It copies what .dockerignore lets through, runs `pip install` in a new virtual environment (with `--installed`: takes the
packages of this one), starts CMD as the user of the image, and asks HEALTHCHECK. Steps it cannot carry out are named.
"""

import argparse
import fnmatch
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HEALTHY_SECONDS = 90


@dataclass
class Replay:
    """An image that is only a folder: `app` stands for /app, `data` for /data, `bin` for the commands."""

    folder: Path
    installed: bool
    environment: dict[str, str] = field(default_factory=dict)
    user: int | None = None
    health: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.chmod(0o755)
        self.app, self.data = self.folder / "app", self.folder / "data"
        self.app.mkdir()
        self.data.mkdir()
        self.bin = Path(sys.executable).parent
        if not self.installed:
            subprocess.run([sys.executable, "-m", "venv", self.folder / "venv"], check=True)
            self.bin = self.folder / "venv" / "bin"

    def step(self, word: str, rest: str) -> None:
        """Carry out one instruction."""
        match word:
            case "ENV" | "ARG":
                self.environment |= dict(pair.split("=", 1) for pair in shlex.split(rest))
            case "COPY":
                self._copy(*shlex.split(rest))
            case "RUN" if "pip install" in rest and not self.installed:
                subprocess.run(["/bin/sh", "-c", rest], cwd=self.app, env=self._variables(), check=True)
            case "USER":
                self.user = int(rest)
            case "HEALTHCHECK":
                self.health = json.loads(rest[rest.index("CMD") + 3 :])
            case "CMD":
                self.command = json.loads(rest)
            case _:
                self.left_out.append(f"{word} {rest.split('&&')[0].strip()}")

    def _copy(self, *names: str) -> None:
        for path in sent_files():
            if names[0] == "." or path.as_posix() in names[:-1]:
                target = self.app / path
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / path, target)

    def _variables(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TRAINYARD_")}
        path = f"{self.bin}:{kept.get('PATH', '')}"
        return kept | self.environment | {"PATH": path, "TRAINYARD_HOME": str(self.data), "HOME": str(self.data)}

    def serve(self, port: int) -> str:
        """Start CMD on `port`, wait for HEALTHCHECK, end it; return its output. Raise when it stays unhealthy."""
        as_user = self.user if os.getuid() == 0 and self.user and others_may_enter(self.bin / "python") else None
        if as_user is None:
            self.left_out.append(
                f"USER {self.user}: we are not root, or another user cannot start {self.bin / 'python'}"
            )
        else:
            shutil.chown(self.data, as_user, as_user)
        program, *arguments = on_port(self.command, port)
        with (self.folder / "output").open("w+") as output:
            server = subprocess.Popen(
                [self.bin / program, *arguments],
                cwd=self.app,
                env=self._variables() | {"TRAINYARD_EXECUTOR_IDLE_SECONDS": "0.1"},  # nobody is left behind
                user=as_user,
                group=as_user,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
            try:
                healthy = self._wait(server, on_port(self.health, port))
            finally:
                server.send_signal(signal.SIGTERM)
                server.wait(30)
            output.seek(0)
            printed = output.read()
        if not healthy:
            raise SystemExit(f"HEALTHCHECK failed for {HEALTHY_SECONDS} seconds. The program printed:\n{printed}")
        return printed

    def _wait(self, server: "subprocess.Popen[bytes]", health: list[str]) -> bool:
        until = time.monotonic() + HEALTHY_SECONDS
        while time.monotonic() < until and server.poll() is None:
            if subprocess.run([self.bin / health[0], *health[1:]], check=False, capture_output=True).returncode == 0:
                return True
            time.sleep(0.5)
        return False


def instructions(text: str) -> list[tuple[str, str]]:
    """Return instructions of a Dockerfile: continued lines joined, comments left out."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in joined.splitlines()) if word]


def sent_files() -> list[Path]:
    """Return files of the checkout that .dockerignore lets through: the last matching pattern decides."""
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    known = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    sent = []
    for name in filter(None, known.split("\0")):
        path, ignored = Path(name), False
        for rule in rules:
            pattern = rule.removeprefix("!").rstrip("/").removeprefix("**/")
            if any(fnmatch.fnmatch(str(part), pattern) for part in (path, *path.parents)):
                ignored = not rule.startswith("!")
        if not ignored and (ROOT / path).is_file():
            sent.append(path)
    return sent


def on_port(command: list[str], port: int) -> list[str]:
    """Return the same command on a free port of this machine only."""
    return [part.replace("8501", str(port)).replace("0.0.0.0", "127.0.0.1") for part in command]  # nosec B104


def others_may_enter(path: Path) -> bool:
    """Return whether a user without rights can reach `path`, links included."""
    return all(p.stat().st_mode & 0o005 == 0o005 for p in (path, *path.parents, *path.resolve().parents))


def main(arguments: list[str]) -> int:
    """Replay, and report what was and what was not shown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--installed", action="store_true", help="take the packages of this environment")
    parser.add_argument("--port", type=int, default=8599)
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="replay-", ignore_cleanup_errors=True) as folder:
        replay = Replay(Path(folder), chosen.installed)
        for word, rest in instructions((ROOT / "Dockerfile").read_text()):
            replay.step(word, rest)
        replay.serve(chosen.port)
        size = sum(path.stat().st_size for path in replay.app.rglob("*") if path.is_file())
        print(f"Healthy. {size / 1e6:.0f} MB copied.")
    print("Not replayed:", *replay.left_out, sep="\n  ")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
