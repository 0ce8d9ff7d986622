"""Requests that nobody sends by mistake, as raw bytes: each kind of attack makes them from a seeded generator."""

import base64
import json
import os
import socket
import struct
import zlib
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.e2e.dashboard import ROOT, Dashboard

TIMEOUT_SECONDS = 20.0
MOST_BYTES = 200_000  # of an answer that are looked at
AT_ONCE = 8
PREDICT = "/api/v1/models/run-1:predict"
SECRETS = {name: f"planted-{name.lower()}" for name in ("TRAINYARD_COOKIE_SECRET", "TRAINYARD_OIDC_CLIENT_SECRET")}
"""To be set for the dashboard, and to be found nowhere."""
_STEPS = ("../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..%5c", "..\\", "..%252f", "....//", "..%c0%af", "/", "%00/")
_FOLDERS = (
    "/",
    "/static/",
    "/static/js/",
    "/media/",
    "/vendor/",
    "/component/",
    "/app/static/",
    "/api/v1/runs/",
    "/_stcore/",
)
_TARGETS = (
    "etc/passwd",
    "proc/self/environ",
    "trainyard.db",
    "app.py",
    "runs/1/model.keras",
    ".streamlit/secrets.toml",
)


@dataclass
class Found:
    """What a series of requests has brought about."""

    statuses: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    """Answers that tell of a crash: 500."""
    leaks: list[str] = field(default_factory=list)
    """Answers with a path, a trace or a secret in them."""


def traversal(random: Random) -> bytes:
    """A file outside of what is served."""
    path = random.choice(_FOLDERS) + random.choice(_STEPS) * random.randint(1, 8) + random.choice(_TARGETS)
    return _request("GET", path)


def foreign_host(random: Random) -> bytes:
    """A name that somebody else pointed here."""
    name = random.choice(("evil.example", "127.0.0.1.evil.example", "localhost@evil.example", "", "a" * 5_000, "[::1"))
    return _request(random.choice(("GET", "POST")), random.choice(("/", PREDICT)), host=name)


def foreign_origin(random: Random) -> bytes:
    """A page of another site that posts, uploads or connects."""
    origin = random.choice(
        ("http://evil.example", "null", "http://localhost:3000", "file://", "http://127.0.0.1.evil.example")
    )
    if random.random() < 0.5:
        return _handshake(f"Origin: {origin}")
    return _request("POST", PREDICT, f"Origin: {origin}\r\nContent-Type: application/json", b'{"instances": [1]}')


def forged(random: Random) -> bytes:
    """A cookie, token or header that says who asks."""
    junk = base64.urlsafe_b64encode(random.randbytes(random.randint(1, 200))).decode()
    header = random.choice(
        (
            f"Cookie: _streamlit_user={junk}",
            f"Cookie: _streamlit_session={junk}; _streamlit_xsrf={junk}",
            f"Authorization: Bearer {junk}",
            "Authorization: Bearer",
            "X-Forwarded-Email: admin@example.org",
            f"Authorization: Basic {junk}",
        )
    )
    return (
        _handshake(header)
        if random.random() < 0.3
        else _request("GET", random.choice(("/", "/api/v1/models", "/system")), header)
    )


def broken_json(random: Random) -> bytes:
    """A body that is no JSON, or of a shape nobody expects."""
    body = random.choice(
        (
            random.randbytes(200),
            b"[" * 100_000,
            b'{"instances": ' * 5_000,
            b'{"instances": [NaN, Infinity, 1e999]}',
            b'{"instances": [[[1]], [[2, 3]]]}',
            json.dumps({"instances": [{"b64": "!!!"}]}).encode(),
            json.dumps({"instances": "x" * 100_000}).encode(),
            json.dumps({"instances": [10**400]}).encode(),
            b'{"instances": null, "instances": [], "parameters": {"__class__": 1}}',
            b"\xff\xfe{}",
        )
    )
    kind = random.choice(
        ("application/json", "application/json; charset=utf-16", "text/plain", "multipart/form-data", "\x7f")
    )
    return _request("POST", PREDICT, f"Content-Type: {kind}", body)


def hostile_file(random: Random) -> bytes:
    """A file that is not what its name says, is cut off, or unpacks to far too much."""
    content = random.choice(
        (_bomb(), _png(8, 8)[: random.randint(1, 60)], random.randbytes(500), _svg(), b"PK\x03\x04" + b"\0" * 60, b"")
    )
    name = random.choice(
        (
            "a.png",
            "../../etc/passwd",
            "a.png\x00.exe",
            "x" * 3_000,
            "é\ud800.png".encode("utf-8", "surrogatepass").decode("latin-1"),
        )
    )
    head = f'--b\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'.encode(
        "latin-1", "replace"
    )
    end = random.choice((b"\r\n--b--\r\n", b"", b"\r\n--c--\r\n"))
    return _request("POST", PREDICT, "Content-Type: multipart/form-data; boundary=b", head + content + end)


def stray_upload(random: Random) -> bytes:
    """An upload to the pages for a session that does not exist, or one that names a path."""
    path = f"/_stcore/upload_file/{random.choice(('x', '..%2f..', 'a' * 500))}/{random.choice(('y', '%00', '..'))}"
    body = (
        b'--b\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\n'
        + random.randbytes(1_000)
        + b"\r\n--b--\r\n"
    )
    return _request(
        random.choice(("PUT", "DELETE", "POST")), path, "Content-Type: multipart/form-data; boundary=b", body
    )


def oversized(random: Random) -> bytes:
    """Headers or bodies that are too large, or that lie about their length."""
    return random.choice(
        (
            _request("GET", "/", "Cookie: a=" + "x" * 90_000),
            _request("GET", "/" + "a" * 60_000),
            _head("POST", PREDICT, "Content-Type: application/json\r\nContent-Length: 99999999999999") + b"x",
            _head("POST", PREDICT, "Content-Type: application/json\r\nContent-Length: -1") + b"x",
            _head("POST", "/", "Transfer-Encoding: chunked") + b"ffffffff\r\nxx",
            _head("POST", "/", "Transfer-Encoding: chunked\r\nContent-Length: 3") + b"0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
            _request("POST", "/", "", b"x" * 1_100_000),
        )
    )


def no_http(random: Random) -> bytes:
    """Bytes that are no request, and methods and addresses that nobody needs."""
    return random.choice(
        (
            random.randbytes(300),
            b"GET\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            _request(random.choice(("TRACE", "CONNECT", "BREW", "PROPFIND")), "/"),
            _request(
                "GET",
                f"/_stcore/{random.choice(('metrics', 'agent/mcp', 'script-health-check', 'agent/openapi.json'))}",
            ),
            _request(
                "GET",
                "/api/v1/runs/"
                + random.choice(("0", "-1", "99999999999999999999", "%27%20OR%201=1", "1;DROP"))
                + "/report",
            ),
        )
    )


def junk_frames(random: Random) -> bytes:
    """A websocket that opens as a page does, and then sends what is no message."""
    payload = random.choice((random.randbytes(100), b"", b"\x0a\xff\xff\xff\xff\x0f", b"x" * 60_000))
    mask = random.randbytes(4)
    masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))
    size = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + struct.pack(">H", len(payload))
    frame = random.choice(
        (b"\x82" + size + mask + masked, b"\x82\xff" + b"\x7f" * 8 + mask, b"\xf2\x00", b"\x82\x05hello")
    )
    return _handshake("Sec-WebSocket-Protocol: streamlit") + frame


def slow(random: Random) -> bytes:
    """The beginning of a request that never goes on."""
    whole = _request(
        "POST", random.choice(("/", PREDICT)), "Content-Type: application/json", b'{"instances": [1, 2, 3]}'
    )
    return whole[: random.randint(1, len(whole) - 1)]


KINDS: tuple[Callable[[Random], bytes], ...] = (
    traversal, foreign_host, foreign_origin, forged, broken_json, hostile_file, stray_upload, oversized, no_http, junk_frames, slow,
)  # fmt: skip
_LEAVES = frozenset({slow, junk_frames})
"""Kinds after which the client leaves without waiting for an answer that may never come."""


def attack(dashboard: Dashboard, count: int, seed: int = 0) -> Found:
    """Send so many requests, of all kinds in turn and several at once."""
    found = Found()
    marks = [
        b"Traceback (most",
        b'File "',
        b"site-packages",
        b"root:x:0",
        str(ROOT).encode(),
        str(dashboard.home).encode(),
    ]
    marks += [secret.encode() for secret in SECRETS.values()]

    def one(number: int) -> tuple[str, bytes]:
        kind = KINDS[number % len(KINDS)]
        sent = kind(Random(seed * 1_000_003 + number))
        return kind.__name__, _ask(dashboard.port, sent, 0.3 if kind in _LEAVES else TIMEOUT_SECONDS)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        for number, (kind, answer) in enumerate(threads.map(one, range(count))):
            status = answer[9:12].decode("latin-1") if answer.startswith(b"HTTP/1.1 ") else "none"
            found.statuses[status] += 1
            if status == "500":
                found.failures.append(f"{number} {kind}: {answer[:300]!r}")
            found.leaks += [f"{number} {kind}: {mark!r}" for mark in marks if mark in answer]
    return found


def files_of(home: Path) -> set[str]:
    """Return the files below a folder, without logs and what the database and the executor keep for themselves."""
    found = (path.relative_to(home) for path in home.rglob("*") if path.is_file())
    return {
        str(path)
        for path in found
        if path.parts[0] not in {"logs", "executor.wanted"} and not path.name.endswith(("-wal", "-shm", "-journal"))
    }


def _ask(port: int, sent: bytes, timeout_seconds: float) -> bytes:
    """Return what the server answers until it closes, falls silent, or has said enough."""
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS) as connection:
        connection.settimeout(timeout_seconds)
        try:
            connection.sendall(sent)
        except OSError:
            pass  # refused before all was sent: the answer is there
        try:
            while len(answer) < MOST_BYTES and (part := connection.recv(65_536)):
                answer += part
        except OSError:
            pass  # silence, or a reset: what has come counts
    return answer


def _head(method: str, path: str, headers: str = "", host: str = "127.0.0.1") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Connection: close", *([headers] if headers else [])]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def _request(method: str, path: str, headers: str = "", body: bytes = b"", host: str = "127.0.0.1") -> bytes:
    length = f"Content-Length: {len(body)}"
    return _head(method, path, f"{headers}\r\n{length}" if headers else length, host) + body


def _handshake(header: str) -> bytes:
    key = base64.b64encode(os.urandom(16)).decode()
    lines = ("GET /_stcore/stream HTTP/1.1", "Host: 127.0.0.1", "Upgrade: websocket", "Connection: Upgrade", header,
             "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}")  # fmt: skip
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(width: int, height: int) -> bytes:
    rows = zlib.compress(b"\0" * (min(width, 4_000) + 1) * min(height, 4_000), 9)
    head = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def _bomb() -> bytes:
    return _png(60_000, 60_000)


def _svg() -> bytes:
    return b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/><script>alert(1)</script></svg>'
