"""A proxy that logs people in: it names one person in a header of each request, websockets included, as a trusted proxy does.

Browsers let nobody add headers to a websocket, so a test cannot do it there.
"""

import asyncio
import threading
from concurrent.futures import Future

HEADER = "X-Forwarded-Email"
_MOST_BYTES = 65_536


class Proxy:
    """A port of loopback on which everybody is `name`. Each connection carries one request, or one websocket."""

    def __init__(self, name: str, port: int) -> None:
        self._name, self._behind = name, port
        self._loop = asyncio.new_event_loop()
        opened: Future[int] = Future()
        self._thread = threading.Thread(target=self._run, args=(opened,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{opened.result(10)}"

    def close(self) -> None:
        """End it with all its connections."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self, opened: "Future[int]") -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._come, "127.0.0.1", 0))
        opened.set_result(server.sockets[0].getsockname()[1])
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.run_until_complete(asyncio.sleep(0.1))
        self._loop.close()

    async def _come(self, client: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        """Pass one request on with the header."""
        try:
            first, _, rest = (await client.readuntil(b"\r\n\r\n")).partition(b"\r\n")
            there, send = await asyncio.open_connection("127.0.0.1", self._behind)
        except (asyncio.IncompleteReadError, OSError):  # a browser opens connections that it does not use
            answer.close()
            return
        lines = [line for line in rest.split(b"\r\n") if not line.lower().startswith(HEADER.lower().encode())]
        if not any(line.lower().startswith(b"upgrade:") for line in lines):
            lines = [line for line in lines if not line.lower().startswith(b"connection:")]
            lines.insert(0, b"Connection: close")
        send.write(b"\r\n".join([first, f"{HEADER}: {self._name}".encode(), *lines]))
        await asyncio.gather(_pass(client, send), _pass(there, answer))


async def _pass(read: asyncio.StreamReader, write: asyncio.StreamWriter) -> None:
    """Hand on what comes until it ends."""
    try:
        while some := await read.read(_MOST_BYTES):
            write.write(some)
            await write.drain()
    except OSError:
        pass
    finally:
        write.close()
