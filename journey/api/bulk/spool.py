"""The spool: an answer that is made faster than it is read, kept for its reader without keeping it in memory.

A client that sends all it has before it reads anything would otherwise wait for us while we wait for it.
"""

import asyncio
from collections.abc import AsyncIterator
from tempfile import SpooledTemporaryFile

MEMORY = 1 << 20
"""Bytes unread from which on they are kept on disk."""

MOST = 256 << 20
"""Bytes unread from which on the writer waits for the reader."""

PIECE = 1 << 16


class Spool:
    """One writes and closes it, another iterates over it, in one event loop."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._file = SpooledTemporaryFile(max_size=MEMORY)  # noqa: SIM115 - closed by its reader's end
        self._written = self._read = 0
        self._closed = False
        self._changed = asyncio.Condition()

    async def write(self, data: bytes) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self._written - self._read < self._most)
            self._file.seek(self._written)
            self._file.write(data)
            self._written += len(data)
            self._changed.notify_all()

    async def close(self) -> None:
        """Nothing more is written."""
        async with self._changed:
            self._closed = True
            self._changed.notify_all()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with self._file:
            while piece := await self._next():
                yield piece

    async def _next(self) -> bytes:
        """What is to be read; nothing once there will be nothing more."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._written > self._read or self._closed)
            self._file.seek(self._read)
            piece = self._file.read(PIECE)
            self._read += len(piece)
            if self._read == self._written:  # who reads along needs no disk
                self._file.seek(self._file.truncate(0))
                self._read = self._written = 0
            self._changed.notify_all()
            return piece
