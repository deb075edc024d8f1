"""Framing: messages out of bytes and into them, whoever carries those.

    VT message FS CR

Bytes before VT are noise and passed over. VT within a message begins another: the first was cut short. What
ends is FS CR, or FS where the next message follows at once; FS before anything else belongs to the message.
"""

import re
from typing import NamedTuple

START, END = b"\x0b", b"\x1c\r"
_FS = b"\x1c"

HEAD = 4096
"""Bytes kept of a message that is too long: its header is among them."""

_TURN = re.compile(rb"\x0b|\x1c[\r\x0b]")


def framed(raw: bytes) -> bytes:
    """The message as it goes over a connection."""
    return START + raw + END


class Framed(NamedTuple):
    """What stood between VT and FS CR; of a message that is too long, the beginning."""

    raw: bytes
    is_whole: bool = True


class Frames:
    """The messages of one connection. Memory holds one of at most `longest` bytes, and what came with it."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._held = bytearray()
        self._looked = 0
        self._head: bytes | None = None
        self.is_inside = False
        """Whether a message has begun and not ended."""
        self.begun = 0
        """Messages that have begun so far."""
        self.cut_short = 0
        """Those of them that ended where another began."""
        self.noise = 0
        """Bytes that stood outside of any."""

    def feed(self, data: bytes) -> list[Framed]:
        """The messages that these bytes complete."""
        self._held += data
        found: list[Framed] = []
        while self._begins():
            turn = _TURN.search(self._held, self._looked)
            if turn is None:
                self._wait()
                break
            if turn[0] == START:
                self.cut_short += 1
            elif (content := self._content(turn.start())).raw.strip(b"\r\n\t "):
                found.append(content)
            self._leave(turn.start() if turn[0] == START else turn.start() + 1)
        return found

    def _begins(self) -> bool:
        """Whether a message is under way, or begins in what is held."""
        if self.is_inside:
            return True
        start = self._held.find(START)
        noise = start if start >= 0 else len(self._held)
        self.noise += len(self._held[:noise].translate(None, b"\r\n"))
        del self._held[: noise + 1]
        if start >= 0:
            self.is_inside = True
            self.begun += 1
        return self.is_inside

    def _content(self, end: int) -> Framed:
        if self._head is None and end <= self._longest:
            return Framed(bytes(self._held[:end]))
        return Framed(self._head or bytes(self._held[:HEAD]), is_whole=False)

    def _leave(self, end: int) -> None:
        """What follows the message stays, the CR of its end and the VT of the next among it."""
        del self._held[:end]
        self._looked, self._head, self.is_inside = 0, None, False

    def _wait(self) -> None:
        """Remember what was looked through, and no more of a message that is too long."""
        self._looked = len(self._held) - self._held.endswith(_FS)
        if self._head is None and self._looked > self._longest:
            self._head = bytes(self._held[:HEAD])
        if self._head is not None:
            del self._held[: self._looked]
            self._looked = 0
