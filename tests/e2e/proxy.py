"""A proxy as stands before a shared dashboard: it says in a header who somebody is, and passes everything on."""

import asyncio
import threading


class Proxy:
    """Listens on a free port of loopback until it is closed; whoever comes through it is `name`."""

    def __init__(self, port: int, name: str, header: str = "X-Forwarded-Email") -> None:
        self._behind, self._line = port, f"\r\n{header}: {name}\r\nHost:".encode()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._serve(), self._loop).result(10)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _serve(self) -> asyncio.Server:
        return await asyncio.start_server(self._meet, "127.0.0.1", 0)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._behind)
        await asyncio.gather(
            self._pass(reader, inner_writer, named=True), self._pass(inner_reader, writer, named=False)
        )

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, named: bool) -> None:
        """Requests of a browser have one Host each, and it sends the head of a request at once."""
        try:
            while data := await reader.read(1 << 16):
                writer.write(data.replace(b"\r\nHost:", self._line) if named else data)
                await writer.drain()
        except ConnectionError:
            return
        finally:
            writer.close()

    def close(self) -> None:
        """Listen no more."""
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
