"""Sending: messages one after the other over MLLP, each when the one before has been acknowledged.

A lost connection is made again and the message sent again, so nothing is passed over and nothing overtakes;
who receives has to know a message that comes twice.
"""

import socket
import ssl
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from threading import Event as Signal
from time import monotonic
from typing import Any, NamedTuple, Self

from journey.ingest.files import Found, Unreadable
from journey.ingest.hl7v2.er7 import Unparseable, parse
from journey.ingest.hl7v2.said import LONGEST as LONGEST_ID
from journey.mllp.framing import Frames, framed
from journey.mllp.header import Asked, Header, header

CHUNK = 1 << 16
LONGEST = 1 << 20
"""Bytes of an acknowledgement: more is none."""

CODES = frozenset({"AA", "AE", "AR", "CA", "CE", "CR"})
"""Table 0008."""

PAUSES = (0.1, 0.3, 1.0, 3.0)
"""Seconds before a lost connection is made again; the last one from then on."""


class Lost(Exception):
    """The connection could not be made, or ended before the acknowledgement; the message says how."""


class Answer(NamedTuple):
    """What came back."""

    code: str
    """MSA-1: AA, AE, AR, CA, CE or CR; "" where none was asked for."""
    said: str = ""
    """What is wrong, in the receiver's words: ERR-8, else MSA-3."""

    @property
    def is_refusal(self) -> bool:
        return self.code[1:] in {"E", "R"}


@dataclass(frozen=True)
class Receiving:
    """Where messages go, and how long is waited for what."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    timeout: float = 30.0
    """Seconds to connect, and for an acknowledgement."""
    patience: float = 60.0
    """Seconds for which a receiver that is away is tried again."""


@dataclass
class Sent:
    """What became of them so far."""

    messages: int = 0
    accepted: int = 0
    refused: int = 0
    unanswered: int = 0
    """Asked for no acknowledgement (MSH-15, MSH-16)."""
    again: int = 0
    """Times a message was sent once more."""
    codes: Counter[str] = field(default_factory=Counter)
    unreadable: list[Unreadable] = field(default_factory=list)
    stopped: str | None = None
    """Why the rest was not sent."""

    def figures(self) -> dict[str, Any]:
        """For programs."""
        counted = {
            name: getattr(self, name) for name in ("messages", "accepted", "refused", "unanswered", "again")
        }
        unreadable = [{"source": each.source, "reason": each.reason} for each in self.unreadable]
        return counted | {"codes": dict(self.codes), "unreadable": unreadable, "stopped": self.stopped}

    def count(self, answer: Answer) -> None:
        self.messages += 1
        if not answer.code:
            self.unanswered += 1
            return
        self.codes[answer.code] += 1
        self.refused += answer.is_refusal
        self.accepted += not answer.is_refusal


def send(
    receiving: Receiving,
    messages: Iterable[Found | Unreadable],
    told: Callable[[Found, Answer], None] = lambda found, answer: None,  # noqa: ARG005 - nobody listens
) -> Sent:
    """Every message, in order. Ends early where the receiver stays away; `told` hears each answer."""
    sent = Sent()
    with Sender(receiving) as sender:
        for found in messages:
            if isinstance(found, Unreadable):
                sent.unreadable.append(found)
                continue
            try:
                answer = sender.send(found.raw)
            except Lost as end:
                sent.stopped = str(end)
                break
            finally:
                sent.again = sender.again
            sent.count(answer)
            told(found, answer)
    return sent


class Sender:
    """One connection at a time, made when it is needed."""

    def __init__(self, receiving: Receiving) -> None:
        self._to = receiving
        self._socket: socket.socket | None = None
        self._frames = Frames(LONGEST)
        self._waiting = Signal()
        self.again = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._leave()

    def send(self, raw: bytes) -> Answer:
        """The answer to a message, sent as often as that takes. Raises Lost when patience is at its end."""
        until = monotonic() + self._to.patience
        wanted = header(raw)
        for attempt in count():
            try:
                return self._answer(raw, wanted)
            except (OSError, Lost) as error:
                self._leave()
                pause = PAUSES[min(attempt, len(PAUSES) - 1)]
                if monotonic() + pause > until:
                    raise Lost(_sentence(self._to, error)) from None
            self._waiting.wait(pause)
            self.again += 1
        raise AssertionError("It is tried until it is told, or patience is at its end")

    def _answer(self, raw: bytes, wanted: Header) -> Answer:
        connection = self._socket or self._connect()
        connection.sendall(framed(raw))
        levels = _levels(wanted)
        if not levels:
            return Answer("")
        until = monotonic() + self._to.timeout
        while True:
            connection.settimeout(max(until - monotonic(), 0.001))
            data = connection.recv(CHUNK)
            if not data:
                raise Lost("the connection was closed before the acknowledgement")
            for frame in self._frames.feed(data):
                answer = _read(frame.raw, wanted)
                if answer and (answer.code[0] in levels or answer.is_refusal):
                    return answer

    def _connect(self) -> socket.socket:
        to = self._to
        connection = socket.create_connection((to.host, to.port), to.timeout)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if to.tls is not None:
            connection = to.tls.wrap_socket(connection, server_hostname=to.host)
        self._socket, self._frames = connection, Frames(LONGEST)
        return connection

    def _leave(self) -> None:
        if self._socket is not None:
            with suppress(OSError):
                self._socket.close()
            self._socket = None


def _levels(wanted: Header) -> str:
    """The first letters of the answers of which one is sure to come and says most; "" where none is sure."""
    if not wanted.is_enhanced:
        return "A"
    if wanted.apply is Asked.ALWAYS:
        return "A"
    return "C" if wanted.accept is Asked.ALWAYS else ""


def _read(raw: bytes, wanted: Header) -> Answer | None:
    """The answer to this message; None where it is something else, or late and to another one."""
    try:
        message = parse(raw)
    except Unparseable:
        return None
    code = message.value("MSA", 1).strip().upper()
    about = [segment.raw(2)[:LONGEST_ID] for segment in message.all("MSA")]
    if code not in CODES or about[0] not in {wanted.control_id, ""}:
        return None
    return Answer(code, message.value("ERR", 8) or message.value("MSA", 3))


def _sentence(to: Receiving, error: Exception) -> str:
    how = "no answer in time" if isinstance(error, TimeoutError) else str(error) or type(error).__name__
    return f"{to.host}:{to.port} cannot be reached, or does not answer: {how}."
