"""Stands between a client and the server, and loses what it is told to lose, at exactly that moment."""

import socket
from contextlib import suppress
from pathlib import Path
from threading import Lock, Thread
from typing import Self

from psycopg.conninfo import conninfo_to_dict, make_conninfo

PORT = "5432"


class Proxy:
    """A Unix socket that leads to the server. `lose_question` and `lose_answer` name the bytes by which the
    one to lose is known; it never arrives, and both ends find the connection closed.
    """

    def __init__(self, url: str, folder: Path) -> None:
        there = conninfo_to_dict(url)
        self.url = make_conninfo(url, host=str(folder), port=PORT)
        self._server = f"{there['host']}/.s.PGSQL.{there.get('port', PORT)}"
        self._here = folder / f".s.PGSQL.{PORT}"
        self._lock = Lock()
        self._open: set[socket.socket] = set()
        self._listener: socket.socket | None = None
        self.lose_question: bytes | None = None
        self.lose_answer: bytes | None = None
        self.lost = 0

    def __enter__(self) -> Self:
        self.begin()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def begin(self) -> None:
        """Let clients in, again."""
        self._here.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self._here))
        self._listener.listen()
        Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def end(self) -> None:
        """Cut every connection and let nobody in: as if the server were gone."""
        if self._listener is not None:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        self._here.unlink(missing_ok=True)
        with self._lock:
            for each in self._open:
                _cut(each)

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._server)
                with self._lock:
                    self._open |= {client, server}
                for source, target, asks in ((client, server, True), (server, client, False)):
                    Thread(target=self._pump, args=(source, target, asks), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, asks: bool) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                if self._loses(data, asks):
                    break
                target.sendall(data)
        _cut(source)
        _cut(target)

    def _loses(self, data: bytes, asks: bool) -> bool:
        with self._lock:
            known_by = self.lose_question if asks else self.lose_answer
            if known_by is None or known_by not in data:
                return False
            if asks:
                self.lose_question = None
            else:
                self.lose_answer = None
            self.lost += 1
            return True


def _cut(each: socket.socket) -> None:
    with suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
    each.close()
