"""`python scripts/audit.py`: ask pip-audit about the pinned packages. A vulnerability fails; no answer does not, and is said."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TIMEOUT_SECONDS = 120
_NO_SERVICE = "no answer in time"
LISTS = ("requirements.txt", "requirements-dev.txt")


def judge(report: dict[str, Any]) -> tuple[int, str]:
    """Return exit code and words for what pip-audit has written."""
    packages = report.get("dependencies", [])
    found = [
        f"{one['name']} {one['version']}: {', '.join(flaw['id'] for flaw in one['vulns'])}"
        f" (mended in {', '.join(sorted({v for flaw in one['vulns'] for v in flaw['fix_versions']})) or 'no version'})"
        for one in packages
        if one.get("vulns")
    ]
    unknown = [one["name"] for one in packages if "skip_reason" in one]
    if found:
        return 1, "Known vulnerabilities:\n  " + "\n  ".join(found)
    if not packages or len(unknown) == len(packages):
        return 0, "NOT AUDITED: no vulnerability service answered. Run `make audit` on a machine that reaches one."
    words = f"No known vulnerability in {len(packages) - len(unknown)} packages."
    return 0, words + (f" NOT AUDITED, since the service does not know them: {', '.join(unknown)}." if unknown else "")


def judge_failure(said: str) -> tuple[int, str]:
    """Return exit code and words where pip-audit has written no report: only for want of a service may the check go on."""
    if any(words in said for words in (_NO_SERVICE, "ConnectionError", "ConnectTimeout", "ReadTimeout")):
        return judge({})
    return 2, f"pip-audit failed:\n{said.strip()[-2_000:]}"


def main() -> int:
    """Audit, print, and return the exit code: 1 for a vulnerability, 2 where pip-audit itself failed."""
    lists = [part for name in LISTS for part in ("-r", str(ROOT / name))]
    command = [
        sys.executable,
        "-m",
        "pip_audit",
        *lists,
        "--no-deps",
        "--disable-pip",
        "-f",
        "json",
        "--progress-spinner=off",
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        done = subprocess.CompletedProcess(command, 1, "", _NO_SERVICE)
    code, words = judge(json.loads(done.stdout)) if done.stdout.strip() else judge_failure(done.stderr)
    print(words)
    return code


if __name__ == "__main__":
    sys.exit(main())
