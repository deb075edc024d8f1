"""A listener in this process, and connections to it that say exactly what a test tells them to."""

import asyncio
import socket
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager
from threading import Thread
from typing import Any, Self

from journey.ingest.hl7v2.er7 import Message, parse
from journey.mllp.figures import Figures
from journey.mllp.framing import Frames, framed
from journey.mllp.listener import Listener
from journey.mllp.taking import taking
from journey.settings import Settings


class Listening:
    """Listens on a port of its own, in a thread, until it is told to stop."""

    def __init__(self, url: str, **settings: Any) -> None:
        self.settings = Settings.load(database_url=url, mllp_port=0, **settings)
        self.figures = Figures()
        self._told = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._address: Future[tuple[str, int]] = Future()
        self._thread = Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.address = self._address.result(20)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def tell(self) -> None:
        """To stop, as a signal would."""
        assert self._loop
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._told.set)

    def stop(self) -> None:
        self.tell()
        self._thread.join(30)
        assert not self._thread.is_alive()

    def count(self, name: str, **labels: str) -> float:
        return self.figures.registry.get_sample_value(f"journey_mllp_{name}", labels) or 0

    def _run(self) -> None:
        try:
            asyncio.run(self._listen())
        except BaseException as error:
            if self._address.done():
                raise
            self._address.set_exception(error)

    async def _listen(self) -> None:
        self._loop = asyncio.get_running_loop()
        assert self.settings.database_url
        with taking(self.settings.database_url, self.settings) as taken:
            async with Listener(taken, self.settings, self.figures).listening() as address:
                self._address.set_result(address)
                await self._told.wait()


class Talk:
    """One connection."""

    def __init__(self, connection: socket.socket) -> None:
        connection.settimeout(20)
        self.socket = connection
        self._frames = Frames(1 << 20)
        self._heard: list[bytes] = []

    def say(self, data: bytes) -> None:
        self.socket.sendall(data)

    def hear(self) -> Message:
        """The next acknowledgement. Fails where the connection ends first."""
        while not self._heard:
            data = self.socket.recv(1 << 16)
            assert data, "the connection was closed"
            self._heard += [each.raw for each in self._frames.feed(data)]
        return parse(self._heard.pop(0))

    def ask(self, raw: bytes) -> Message:
        self.say(framed(raw))
        return self.hear()

    def is_over(self) -> bool:
        """Whether the other end has closed it, with nothing more said."""
        try:
            return not self._heard and self.socket.recv(1) == b""
        except ConnectionError:
            return True


@contextmanager
def talk(address: tuple[str, int]) -> Iterator[Talk]:
    with closing(socket.create_connection(address, 20)) as connection:
        yield Talk(connection)


def told(answer: Message) -> tuple[str, str]:
    """The code, and the id of the message that it is about."""
    return answer.value("MSA", 1), answer.value("MSA", 2)
