"""The port: what a broker has to be able to do, which is to keep messages in order and say what it has."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol
from uuid import UUID


class Message(NamedTuple):
    """One event as it is published. Its id is the event's, the same on every repeat."""

    subject: tuple[str, ...]
    """Words, from the general to the particular; an empty one where there is nothing to say."""
    key: UUID | None
    """The journey, whose events have to stay in order."""
    id: str
    cursor: str
    """Its place in the log, as every channel says it."""
    body: bytes


class NotStored(Exception):
    """The broker has not said that it has everything. What it has is asked of it before anything follows."""

    def __init__(self, reason: str) -> None:
        super().__init__(NotStored.__doc__)
        self.reason = reason
        """For logs: the kind of error, or the broker's own fixed sentence."""


class Stream(Protocol):
    """A broker's stream, opened once, and closed whatever happens."""

    async def open(self) -> str | None:
        """Make it ready. The cursor of the last message in it, empty where there never was any, None where
        that is not known. Raises NotStored.
        """

    async def publish(self, batch: Sequence[Message]) -> None:
        """Put these behind what is there, in this order, and come back when all of them are stored.

        Nothing is stored behind what somebody else has put there since `open`, and nothing behind a gap: of
        a batch that fails there is a beginning. Raises NotStored.
        """

    async def lost(self) -> None:
        """Come back only when the connection is lost: raises NotStored."""

    async def close(self) -> None:
        """Raises nothing."""
