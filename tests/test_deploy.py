"""Files of deploy/: they are what their readers take, and agree with each other and with the settings."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from engine.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
MANIFESTS: list[dict[str, Any]] = [*yaml.safe_load_all((DEPLOY / "kubernetes" / "trainyard.yaml").read_text())]
KNOWN = {f"TRAINYARD_{name.upper()}" for name in Settings.model_fields}


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda made: f"{made['kind']}-{made['metadata']['name']}")
def test_kubernetes_takes_each_manifest(manifest: dict[str, Any]) -> None:
    kubernetes_validate.validate(manifest, "1.33", strict=True)


def test_each_setting_of_a_deployment_exists() -> None:
    named = {name for service in COMPOSE["services"].values() for name in service.get("environment", {})}
    named |= {name for made in MANIFESTS if made["kind"] == "ConfigMap" for name in made["data"]}
    ours = {name.removesuffix("_FILE") for name in named if name.startswith("TRAINYARD_")}
    assert len(ours) > 10
    assert ours - KNOWN == set()


def test_a_stop_leaves_time_for_checkpoints() -> None:
    executor = COMPOSE["services"]["executor"]
    assert executor["environment"]["TRAINYARD_REQUEUE_AT_STOP"] == "true"
    assert int(executor["stop_grace_period"].rstrip("s")) > int(executor["environment"]["TRAINYARD_STOP_GRACE_SECONDS"])


def test_the_server_is_not_newer_than_the_programs_of_the_image_that_copy_it() -> None:
    debian = {"bookworm": 15, "trixie": 17}
    (release,) = re.findall(r"^FROM python:[\w.]+-slim-(\w+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert "postgresql-client" in (ROOT / "Dockerfile").read_text()
    assert int(re.findall(r"postgres:(\d+)", COMPOSE["services"]["postgres"]["image"])[0]) <= debian[release]


def test_secrets_are_files_and_those_that_are_made_are_random_and_stay(tmp_path: Path) -> None:
    for service in COMPOSE["services"].values():
        for name in service.get("environment", {}):
            assert not re.search(r"(SECRET|PASSWORD|TOKEN|DATABASE_URL)$", name), f"{name} is no file"
    script = tmp_path / "make_secrets.sh"
    script.write_bytes((DEPLOY / "make_secrets.sh").read_bytes())
    made = []
    for _ in range(2):
        subprocess.run(["sh", script], check=True, capture_output=True)
        made.append({path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()})
    assert made[0] == made[1]
    assert made[0].keys() >= COMPOSE["secrets"].keys()
    assert made[0]["database_password"] in made[0]["database_url"]
    assert len(made[0]["cookie_secret"]) >= 32
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0


def test_old_backups_go_only_when_there_is_a_new_one(tmp_path: Path) -> None:
    engine = tmp_path / "python"
    engine.write_text('#!/bin/sh\n[ -z "$FAILS" ] && : >"$4"\n')
    engine.chmod(0o755)
    kept = tmp_path / "backups"
    kept.mkdir()
    for day in range(1, 5):
        (kept / f"trainyard-2026010{day}T000000Z.zip").touch()

    def back_up(**more: str) -> int:
        command = ["sh", str(DEPLOY / "backup.sh"), str(kept), "0", "2"]
        path = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
        return subprocess.run(command, env=os.environ | path | more, capture_output=True).returncode

    assert back_up(FAILS="1") == 1
    assert len(list(kept.iterdir())) == 4
    assert back_up() == 0
    newest = sorted(path.name for path in kept.iterdir())
    assert len(newest) == 2
    assert newest[0] == "trainyard-20260104T000000Z.zip"
