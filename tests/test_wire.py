"""The connection between two workers of a group."""

import os
import socket
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from engine.group import Group
from engine.wire import Wire, receive


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    one, other = socket.socketpair()
    yield one, other
    one.close()
    other.close()


def tcp() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.create_connection(server.getsockname())
        return client, server.accept()[0]


def test_messages_and_arrays_arrive_as_they_were_sent() -> None:
    lost = threading.Event()
    one, other = (Wire(end, 5.0, lambda wire: lost.set()) for end in tcp())
    arrays = [np.arange(300_000, dtype=np.float32), np.array([7], np.int64), np.zeros((0, 2))]
    one.send({"state": 3}, arrays)
    one.send({"go": {"epoch": 1}})
    message, found = other.inbox.get(timeout=30)
    assert message == {"state": 3}
    for was, found_now in zip(arrays, found, strict=True):
        np.testing.assert_array_equal(was, found_now)
        assert was.dtype == found_now.dtype
    assert other.inbox.get(timeout=30) == ({"go": {"epoch": 1}}, [])
    one.part({"end": True})
    assert other.inbox.get(timeout=30) == ({"end": True}, [])
    other.part({})
    assert not lost.is_set()


def test_an_end_that_is_gone_and_one_that_is_silent_are_lost() -> None:
    for silent in (False, True):
        lost = threading.Event()
        here, there = tcp()
        Wire(here, 0.5 if silent else 30.0, lambda wire, lost=lost: lost.set())  # type: ignore[misc]
        if not silent:
            there.close()
        assert lost.wait(30)
        there.close()


def test_an_end_that_gives_signs_of_life_is_not_lost() -> None:
    lost = threading.Event()
    one, other = (Wire(end, 2.5, lambda wire: lost.set()) for end in tcp())
    assert not lost.wait(4)
    one.part({})
    other.part({})


def test_what_is_no_message_of_ours_is_refused(ends: tuple[socket.socket, socket.socket]) -> None:
    one, other = ends
    one.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    with pytest.raises(ValueError, match="none of ours"):
        receive(other)


def test_objects_are_not_unpickled(ends: tuple[socket.socket, socket.socket]) -> None:
    one, other = ends
    hostile = np.array([os.getcwd], dtype=object)
    threading.Thread(target=lambda: _send_pickled(one, hostile), daemon=True).start()
    with pytest.raises(ValueError, match="allow_pickle"):
        receive(other)


def _send_pickled(end: socket.socket, array: np.ndarray) -> None:
    import io
    import struct

    stream = io.BytesIO()
    np.savez(stream, array)
    end.sendall(struct.pack("!IQ", 2, len(stream.getvalue())) + b"{}" + stream.getvalue())


def test_what_each_worker_knows_survives_the_way_to_it() -> None:
    first, second = Group.of(["a", "b"], [1, 2], 3)
    assert Group.from_dict(second.to_dict()) == second
    assert (first.lead, second.lead, second.index, second.count) == ("a:3", "a:3", 1, 2)
    assert second.addresses == ("a:1", "b:2")
    assert first.token == second.token != Group.of(["a", "b"], [1, 2], 3)[0].token
