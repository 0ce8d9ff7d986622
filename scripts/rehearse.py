"""Rehearse deploy/compose.yaml on this machine, where no container can run. See docs/decisions/0054.

It takes the commands and settings of compose.yaml, and the nginx file beside it filled in for ports of loopback: a
PostgreSQL server of its own, two dashboards, an executor, the proxy with a certificate of its own, backups. Then it looks
whether all of it holds, and prints JSON.
What it cannot rehearse is named in the output: images, volumes, networks of containers, and certbot.
"""

import argparse
import asyncio
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import websockets
import yaml
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
DEPLOY = ROOT / "deploy"
HOST = "lab.localhost"  # a name of this machine for every browser and for curl; here the header alone says it
LEFT_OUT = ["images", "volumes", "networks of containers", "certbot", "prometheus", "TCP and password of PostgreSQL"]
LONG = {
    "dataset": "digits", "model": "mlp", "units": 64, "epochs": 12, "batch_size": 8, "patience": 0,
    "dropout": 0.3, "deterministic": True, "device": "cpu",
}  # fmt: skip
_VARIABLE = re.compile(r"\$\{(\w+)(?::[-?]([^}]*))?\}")
_PATIENCE_SECONDS = 180.0


class Rehearsal:
    """The services of compose.yaml as processes of this machine, in one folder."""

    def __init__(self, folder: Path, database_url: str, second_url: str) -> None:
        self.folder, self.second_url = folder, second_url
        self.home, self.secrets = folder / "data", folder / "secrets"
        self.ports = {name: free_port() for name in ("http", "https", "dashboard-1", "dashboard-2")}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.home.mkdir()
        self.secrets.mkdir()
        for name in ("cookie_secret", "oidc_client_secret", "metrics_token"):
            (self.secrets / name).write_text(f"{name}-of-a-rehearsal-0123456789-0123456789")
        (self.secrets / "database_url").write_text(database_url)
        self.compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
        self.certificate = make_certificate(folder)

    # -- services --------------------------------------------------------------------------------------------------

    def filled(self, text: str) -> str:
        """Return a value of compose.yaml as it is here: variables filled in, folders of containers replaced."""
        known = {
            "HOST_NAME": HOST,
            "OIDC_METADATA_URL": "https://id.localhost/.well-known/openid-configuration",
            "OIDC_CLIENT_ID": "rehearsal",
            "BACKUP_SECONDS": "0",
            "BACKUP_KEEP": "1",
        }
        text = _VARIABLE.sub(lambda found: known.get(found[1], found[2] or ""), text)
        for inside, here in (("/run/secrets", self.secrets), ("/app", ROOT), ("/backups", self.folder / "backups")):
            text = text.replace(inside, str(here))
        return text.replace("172.30.57.2", "127.0.0.1")

    def environment(self, service: str) -> dict[str, str]:
        """Return the environment of a service: that of compose.yaml, and nothing else of Trainyard."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TRAINYARD_")}
        named = {
            name: self.filled(str(value)) for name, value in self.compose["services"][service]["environment"].items()
        }
        path = f"{Path(sys.executable).parent}:{postgres_programs()}:{kept.get('PATH', '')}"
        quick = {"TRAINYARD_CHECKPOINT_SECONDS": "0.5", "TRAINYARD_MIN_FREE_DISK_MB": "0", "TRAINYARD_SLOTS": "1"}
        return kept | quick | named | {"TRAINYARD_HOME": str(self.home), "PATH": path, "PYTHONUNBUFFERED": "1"}

    def start(self, service: str) -> None:
        """Start a service with the command of compose.yaml, or that of the image."""
        command = self.compose["services"][service].get("command") or image_command()
        words = [self.filled(word) for word in command]
        if service.startswith("dashboard"):
            words = [re.sub(r"(--server.port=)\d+", rf"\g<1>{self.ports[service]}", word) for word in words]
            words = [word.replace("0.0.0.0", "127.0.0.1") for word in words]  # nosec B104
        self._spawn(service, words, self.environment(service))

    def start_proxy(self) -> None:
        """Start nginx with the file of deploy/, filled in as the image of nginx does it."""
        place = self.folder / "nginx"
        place.mkdir()
        values = self.compose["services"]["proxy"]["environment"] | {
            "HOST_NAME": HOST,
            "HTTP_PORT": f"127.0.0.1:{self.ports['http']}",
            "HTTPS_PORT": f"127.0.0.1:{self.ports['https']}",
            "CERTIFICATE": str(self.certificate),
            "CERTIFICATE_KEY": str(self.certificate.with_suffix(".key")),
            "ACME_FOLDER": str(place),
            "DASHBOARD_1": f"127.0.0.1:{self.ports['dashboard-1']}",
            "DASHBOARD_2": f"127.0.0.1:{self.ports['dashboard-2']}",
        }
        template = (DEPLOY / "nginx" / "trainyard.conf.template").read_text()
        site = re.sub(r"\$\{(\w+)\}", lambda found: values.get(found[1], found[0]), template)
        (place / "site.conf").write_text(site)
        scratch = "".join(
            f"{kind}_temp_path {place}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (place / "nginx.conf").write_text(
            f"daemon off; pid {place}/pid; error_log {place}/error.log; worker_processes 1;"
            + ("user root;" if os.geteuid() == 0 else "")
            + "events { worker_connections 512; } http { "
            f"log_format rehearsal '$upstream_addr $status $request_uri'; access_log {place}/access.log rehearsal;"
            f"{scratch} include {place}/site.conf; }}"
        )
        self._spawn("proxy", [find("nginx"), "-p", str(place), "-c", str(place / "nginx.conf")], dict(os.environ))

    def _spawn(self, service: str, words: list[str], environment: dict[str, str]) -> None:
        with (self.folder / f"{service}.log").open("ab") as output:
            self.processes[service] = subprocess.Popen(
                words, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )

    def stop(self, service: str, seconds: float = 90.0) -> int:
        """End a service as Docker does, and return its exit code."""
        process = self.processes.pop(service)
        process.send_signal(signal.SIGTERM)
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise

    def close(self) -> None:
        """End everything, the proxy first."""
        for service in reversed(list(self.processes)):
            try:
                self.stop(service, 30)
            except subprocess.TimeoutExpired:
                continue

    def engine(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run `python -m engine` as in a container of the executor."""
        return subprocess.run(
            [sys.executable, "-m", "engine", *words],
            cwd=ROOT,
            env=self.environment("executor") | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def log(self, service: str) -> str:
        """Return what a service has written."""
        return (self.folder / f"{service}.log").read_text(errors="replace")

    # -- asking ----------------------------------------------------------------------------------------------------

    def get(self, path: str, *, service: str = "https", host: str = HOST, **headers: str) -> tuple[int, Any, str]:
        """Return status, headers and body of an answer; through the proxy unless a dashboard is named."""
        scheme, port = ("https" if service == "https" else "http"), self.ports[service]
        name = f"{host}:{port}" if service in ("http", "https") else host
        wanted = {"Host": name} | {key.replace("_", "-"): value for key, value in headers.items()}
        request = urllib.request.Request(f"{scheme}://127.0.0.1:{port}{path}", headers=wanted)
        opener = urllib.request.build_opener(NoRedirect, urllib.request.HTTPSHandler(context=self.trust()))
        try:
            with opener.open(request, timeout=30) as answer:
                return answer.status, answer.headers, answer.read().decode(errors="replace")
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read().decode(errors="replace")

    def trust(self) -> ssl.SSLContext:
        """Return what trusts the certificate of this rehearsal, and no other."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        context.check_hostname = False  # it is asked by address: a machine need not know the name
        return context

    async def page(self, cookie: str, origin: str) -> int:
        """Open a page as a browser does, by websocket through the proxy; return how many messages draw it."""
        async with websockets.connect(
            f"wss://{HOST}:{self.ports['https']}/_stcore/stream",
            host="127.0.0.1",
            ssl=self.trust(),
            subprotocols=["streamlit"],  # type: ignore[list-item]
            origin=origin,  # type: ignore[arg-type]
            additional_headers={"Cookie": cookie},
            max_size=None,
        ) as socket_:
            asked = BackMsg()
            asked.rerun_script.query_string = ""
            await socket_.send(asked.SerializeToString())
            count = 0
            while True:
                message = ForwardMsg.FromString(await asyncio.wait_for(socket_.recv(), 60))  # type: ignore[arg-type]
                count += 1
                if message.WhichOneof("type") == "script_finished":
                    return count


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """Shows a redirect instead of following it."""

    def redirect_request(self, *_: Any) -> None:
        """Follow none."""


# -- what is looked at ---------------------------------------------------------------------------------------------


def tls(all_: Rehearsal) -> dict[str, Any]:
    """HTTP leads to HTTPS, which answers with the certificate, and old TLS is refused."""
    status, headers, _ = all_.get("/runs?x=1", service="http")
    expect(status == 301 and headers["Location"] == f"https://{HOST}/runs?x=1", f"{status} {headers['Location']}")
    status, _, body = all_.get("/")
    expect(status == 200 and "<title>" in body, f"{status}")
    old = all_.trust()
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    try:
        with socket.create_connection(("127.0.0.1", all_.ports["https"])) as plain, old.wrap_socket(plain):
            raise AssertionError("TLS 1.1 is accepted")
    except (ssl.SSLError, OSError):
        return {}


def headers(all_: Rehearsal) -> dict[str, Any]:
    """The headers of security arrive, and tell browsers that this site is HTTPS."""
    _, found, _ = all_.get("/")
    for name in (
        "Strict-Transport-Security",
        "Content-Security-Policy",
        "X-Content-Type-Options",
        "Permissions-Policy",
    ):
        expect(bool(found[name]), f"no {name}")
    expect("nginx/" not in (found["Server"] or ""), "the proxy tells its version")
    return {"csp_characters": len(found["Content-Security-Policy"])}


def closed_addresses(all_: Rehearsal) -> dict[str, Any]:
    """Metrics are for Prometheus alone; foreign names and pages are refused."""
    token = (all_.secrets / "metrics_token").read_text()
    bearer = f"Bearer {token}"
    statuses = {
        "metrics_through_proxy": (all_.get("/metrics", Authorization=bearer)[0], 404),
        "metrics_without_token": (all_.get("/metrics", service="dashboard-1", host="dashboard-1")[0], 401),
        "streamlit_metrics": (all_.get("/_stcore/metrics")[0], 404),
        "foreign_name": (all_.get("/", service="dashboard-1", host="evil.example")[0], 421),
    }
    for name, (found, wanted) in statuses.items():
        expect(found == wanted, f"{name}: {found}, expected {wanted}")
    status, _, text = all_.get("/metrics", service="dashboard-2", host="dashboard-2", Authorization=bearer)
    expect(status == 200 and "trainyard_database_up 1.0" in text, f"metrics: {status}")
    return {name: found for name, (found, _) in statuses.items()}


def sticky_sessions(all_: Rehearsal) -> dict[str, Any]:
    """A browser stays at one dashboard; many browsers are spread over both."""
    cookies = [route_of(all_) for _ in range(12)]
    served = [upstream_of(all_, cookie) for cookie in cookies]
    again = [upstream_of(all_, cookie) for cookie in cookies]
    expect(served == again, "a browser was sent to another dashboard")
    expect(len(set(served)) == 2, "all browsers are at one dashboard")
    return {"browsers": {where: served.count(where) for where in sorted(set(served))}}


def websocket(all_: Rehearsal) -> dict[str, Any]:
    """A page is drawn over a websocket through TLS, at both dashboards; a page of another site gets none."""
    own = f"https://{HOST}:{all_.ports['https']}"
    counts = [asyncio.run(all_.page(route_of(all_), own)) for _ in range(4)]
    expect(min(counts) > 5, f"{counts} messages")
    try:
        asyncio.run(all_.page(route_of(all_), "https://evil.example"))
    except websockets.InvalidStatus as error:
        return {"messages": counts, "foreign_origin": error.response.status_code}
    raise AssertionError("a page of another site has a websocket")


def draining(all_: Rehearsal) -> dict[str, Any]:
    """While the machine is drained, both dashboards tell load balancers 503, and live."""
    expect(all_.get("/readyz")[0] == 200, "not ready before")
    expect(all_.engine("drain").returncode == 0, "drain failed")
    found = [all_.get("/readyz", service=f"dashboard-{n}") for n in (1, 2)]
    alive = all_.get("/healthz")[0]
    all_.engine("drain", "--off")
    expect([status for status, _, _ in found] == [503, 503], f"{found}")
    expect(alive == 200, f"healthz: {alive}")
    wait_for(lambda: all_.get("/readyz")[0] == 200, "ready again")
    return {"readyz": 503, "healthz": alive}


def exact_resume(all_: Rehearsal) -> dict[str, Any]:
    """A terminated executor leaves its run in the queue; the next one trains it to the weights of one never interrupted."""
    from engine.runs import RunSpec, RunState
    from engine.store import Store

    store = Store((all_.secrets / "database_url").read_text())
    try:
        whole = store.runs.create(RunSpec.build(LONG), "ada")
        wait_for(lambda: not store.runs.get(whole.id).live, "the first run")
        run = store.runs.create(RunSpec.build(LONG), "ada")
        wait_for(lambda: store.runs.get(run.id).step >= 3 * 172 or not store.runs.get(run.id).live, "step 516")
        began = time.monotonic()
        code = all_.stop("executor")
        left = store.runs.get(run.id)
        expect(code == 0 and left.state is RunState.QUEUED, f"exit {code}, {left.state}: {left.message}")
        seconds = time.monotonic() - began
        all_.start("executor")
        wait_for(lambda: not store.runs.get(run.id).live, "the resumed run")
        first, second = store.runs.get(whole.id), store.runs.get(run.id)
        expect(second.state is RunState.COMPLETED, f"{second.state}: {second.message}")
        expect(first.result["weights_sha256"] == second.result["weights_sha256"], "other weights")
        return {"stopped_at_step": left.step, "stop_seconds": round(seconds, 1), "attempts": second.attempt}
    finally:
        store.close()


def logs(all_: Rehearsal) -> dict[str, Any]:
    """Executor and workers log JSON with run and user, and nobody logs a secret."""
    lines = [json.loads(line) for line in all_.log("executor").splitlines() if line.startswith("{")]
    workers = [line for line in lines if line["role"] == "worker"]
    expect(bool(workers), "no line of a worker")
    expect(all({"run", "user", "time", "level"} <= line.keys() for line in workers), "a line without run or user")
    told = "".join(all_.log(service) for service in ("dashboard-1", "dashboard-2", "executor"))
    for secret in all_.secrets.iterdir():
        expect(secret.name == "database_url" or secret.read_text() not in told, f"{secret.name} is in a log")
    return {"lines": len(lines), "of_workers": len(workers)}


def backup_and_restore(all_: Rehearsal) -> dict[str, Any]:
    """The backup service writes a backup while all goes on; it is restored into a second database and home."""
    from engine.store import Store

    (all_.folder / "backups").mkdir()
    all_.start("backup")
    expect(all_.processes.pop("backup").wait(120) == 0, all_.log("backup"))
    (made,) = (all_.folder / "backups").glob("*.zip")
    elsewhere = {"TRAINYARD_HOME": str(all_.folder / "second"), "TRAINYARD_DATABASE_URL": all_.second_url}
    done = all_.engine("restore", str(made), **elsewhere)
    expect(done.returncode == 0, done.stderr)
    old, new = Store((all_.secrets / "database_url").read_text()), Store(all_.second_url)
    try:
        runs = [[(run.id, run.state, run.result, run.curve) for run in store.runs.list()] for store in (old, new)]
        expect(runs[0] == runs[1], "the runs differ")
        kept = [
            sorted(p.relative_to(h) for p in (h / "runs").rglob("*.keras")) for h in (all_.home, all_.folder / "second")
        ]
        expect(bool(kept[0]) and kept[0] == kept[1], "the models differ")
    finally:
        old.close()
        new.close()
    return {"runs": len(runs[0]), "models": len(kept[0]), "bytes": made.stat().st_size}


def doctor(all_: Rehearsal) -> dict[str, Any]:
    """`doctor` finds no problem."""
    done = all_.engine("doctor", "--json")
    expect(done.returncode == 0, done.stdout[-2000:])
    return {}


def one_dashboard_leaves(all_: Rehearsal) -> dict[str, Any]:
    """When a dashboard is stopped, its browsers are served by the other."""
    cookies = [route_of(all_) for _ in range(8)]
    code = all_.stop("dashboard-1", 30)
    statuses = [all_.get("/healthz", Cookie=cookie)[0] for cookie in cookies]
    expect(set(statuses) == {200}, f"{statuses}")
    own = f"https://{HOST}:{all_.ports['https']}"
    return {"exit": code, "messages": asyncio.run(all_.page(cookies[0], own))}


CHECKS: tuple[Callable[[Rehearsal], dict[str, Any]], ...] = (
    *(tls, headers, closed_addresses, sticky_sessions, websocket, draining),
    *(exact_resume, logs, backup_and_restore, doctor, one_dashboard_leaves),
)


# -- tools ---------------------------------------------------------------------------------------------------------


def expect(held: bool, found: str) -> None:
    """Raise with what was found unless it holds."""
    if not held:
        raise AssertionError(found)


def wait_for(condition: Callable[[], object], awaited: str, seconds: float = _PATIENCE_SECONDS) -> None:
    """Wait until `condition` holds."""
    until = time.monotonic() + seconds
    while not condition():
        expect(time.monotonic() < until, f"not within {seconds:g} s: {awaited}")
        time.sleep(0.2)


def route_of(all_: Rehearsal) -> str:
    """Come as a new browser, and return the cookie that chooses its dashboard."""
    _, headers_, _ = all_.get("/healthz")
    given = next(value for value in headers_.get_all("Set-Cookie") if value.startswith("trainyard_route="))
    expect({"Secure", "HttpOnly", "SameSite=Lax"} <= {part.strip() for part in given.split(";")}, given)
    return str(given.partition(";")[0])


def upstream_of(all_: Rehearsal, cookie: str) -> str:
    """Return which dashboard serves a browser."""
    mark = f"/healthz?{time.monotonic_ns()}"
    _, headers_, _ = all_.get(mark, Cookie=cookie)
    expect(headers_.get("Set-Cookie", "").find("trainyard_route") < 0, "a browser with a cookie is given another")
    access = all_.folder / "nginx" / "access.log"
    wait_for(lambda: mark in access.read_text(), "a line in the log of the proxy", 10)
    return next(line for line in access.read_text().splitlines() if line.endswith(mark)).split()[0]


def image_command() -> list[str]:
    """Return CMD of the Dockerfile."""
    (line,) = re.findall(r"^CMD (.*)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    return [str(word) for word in json.loads(line)]


def make_certificate(folder: Path) -> Path:
    """Write a certificate for the name of this rehearsal, signed by itself, with its key beside it."""
    path = folder / "certificate.pem"
    words = f"req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN={HOST}".split()
    names = ["-addext", f"subjectAltName=DNS:{HOST},IP:127.0.0.1"]
    files = ["-keyout", str(path.with_suffix(".key")), "-out", str(path)]
    subprocess.run([find("openssl"), *words, *names, *files], check=True, capture_output=True)
    return path


def find(program: str) -> str:
    """Return the path of a program that this needs."""
    found = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        sys.exit(f"{program} is not installed. On Debian: apt-get install {program}")
    return found


def postgres_programs() -> str:
    """Return the folder of pg_dump and pg_restore, which Debian keeps off the path."""
    return os.pathsep.join(str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True))


def free_port() -> int:
    """Return a port of this machine that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def databases() -> Iterator[tuple[str, str]]:
    """Start a PostgreSQL server with two empty databases."""
    from sqlalchemy import create_engine, text

    from tests import postgres

    os.environ[postgres.REQUIRED] = "1"
    with postgres.server() as url:
        names = ("first", "second")
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as db:
            for name in names:
                db.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        first, second = (url.replace("/postgres?", f"/{name}?") for name in names)
        yield first, second


def main() -> int:
    """Rehearse, print what was found as JSON, and return 1 where something does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave the folder with logs and databases behind")
    keep = parser.parse_args().keep
    began, found = time.monotonic(), {}
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="trainyard-rehearsal-"))
        if not keep:
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
        all_ = Rehearsal(folder, *stack.enter_context(databases()))
        stack.callback(all_.close)
        for service in (
            "dashboard-1",
            "dashboard-2",
            "executor",
        ):  # at once, as Docker does: one of them makes the tables
            all_.start(service)
        all_.start_proxy()
        wait_for(lambda: _all_ready(all_), "two dashboards that are ready")
        for check in CHECKS:
            at = time.monotonic()
            try:
                facts = {"ok": True, **check(all_)}
            except Exception as error:  # noqa: BLE001  # the others are looked at all the same
                facts = {"ok": False, "problem": f"{type(error).__name__}: {error}"[:2000]}
            found[check.__name__] = facts | {"seconds": round(time.monotonic() - at, 1)}
            print(json.dumps({check.__name__: found[check.__name__]}), file=sys.stderr, flush=True)
        ok = all(facts["ok"] for facts in found.values())
        if not ok:
            for service in ("dashboard-1", "dashboard-2", "executor"):
                print(f"--- {service}\n{all_.log(service)[-3000:]}", file=sys.stderr)
    seconds = round(time.monotonic() - began, 1)
    print(json.dumps({"ok": ok, "seconds": seconds, "checks": found, "not_rehearsed": LEFT_OUT}, indent=2))
    return 0 if ok else 1


def _all_ready(all_: Rehearsal) -> bool:
    for service, process in all_.processes.items():
        expect(process.poll() is None, f"{service} ended: {all_.log(service)[-3000:]}")
    try:
        return all(all_.get("/readyz", service=f"dashboard-{n}")[0] == 200 for n in (1, 2))
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main())
