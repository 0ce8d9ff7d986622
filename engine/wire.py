"""A connection between two workers of a group: messages, and a sign of life every second in both directions.

Messages are JSON, followed by arrays in the format of numpy without pickles. Whoever is silent for too long, or whose connection
ends, is lost.
"""

import io
import json
import queue
import socket
import struct
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

Message = dict[str, Any]
_HEAD = struct.Struct("!IQ")  # bytes of JSON, bytes of arrays
_MOST_JSON_BYTES = 1_000_000
_PULSE_SECONDS = 1.0
_PULSE: Message = {"pulse": 1}


class Wire:
    """One end of a connection. Threads listen and give signs of life; `lost` is called once, by a thread, when the other end is."""

    def __init__(self, connection: socket.socket, silent_seconds: float, lost: Callable[["Wire"], None]) -> None:
        self._connection, self._lost = connection, lost
        self._sending = threading.Lock()
        self._closed = threading.Event()
        self.inbox: queue.Queue[tuple[Message, list[np.ndarray]]] = queue.Queue()
        """What the other end has said."""
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(silent_seconds)
        for work in (self._listen, self._pulse):
            threading.Thread(target=work, name="wire", daemon=True).start()

    def send(self, message: Message, arrays: Sequence[np.ndarray] = ()) -> None:
        """Send a message. To an end that is lost nothing is sent: the listening thread finds out."""
        with suppress(OSError), self._sending:
            send(self._connection, message, arrays)

    def part(self, message: Message) -> None:
        """Send a last message. From now on nobody is lost: the connection ends when the other end closes it, or this process ends."""
        self._closed.set()
        self.send(message)

    def _pulse(self) -> None:
        while not self._closed.wait(_PULSE_SECONDS):
            self.send(_PULSE)

    def _listen(self) -> None:
        try:
            while True:
                found = receive(self._connection)
                if found[0] != _PULSE:
                    self.inbox.put(found)
        except (OSError, ValueError):
            self._connection.close()
            if not self._closed.is_set():
                self._lost(self)


def send(connection: socket.socket, message: Message, arrays: Sequence[np.ndarray] = ()) -> None:
    """Send a message. Raise `OSError` where the other end is gone."""
    content, rest = json.dumps(message).encode(), _packed(arrays)
    connection.sendall(_HEAD.pack(len(content), len(rest)) + content)
    connection.sendall(rest)


def receive(connection: socket.socket) -> tuple[Message, list[np.ndarray]]:
    """Return the next message. Raise `OSError` where the other end is gone or silent, `ValueError` where it talks something else."""
    json_bytes, array_bytes = _HEAD.unpack(_read(connection, _HEAD.size))
    if json_bytes > _MOST_JSON_BYTES:
        raise ValueError(f"A message of {json_bytes} bytes is none of ours.")
    return json.loads(_read(connection, json_bytes)), _unpacked(_read(connection, array_bytes))


def _read(connection: socket.socket, size: int) -> bytearray:
    found = bytearray()
    while len(found) < size:
        some = connection.recv(min(size - len(found), 1 << 20))
        if not some:
            raise ConnectionResetError("The other end is gone.")
        found += some
    return found


def _packed(arrays: Sequence[np.ndarray]) -> bytes:
    if not arrays:
        return b""
    stream = io.BytesIO()
    np.savez(stream, *arrays)
    return stream.getvalue()


def _unpacked(content: bytearray) -> list[np.ndarray]:
    if not content:
        return []
    with np.load(io.BytesIO(bytes(content)), allow_pickle=False) as file:
        return [file[f"arr_{i}"] for i in range(len(file.files))]
