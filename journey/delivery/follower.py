"""Follower: who is sent what, and what may be told to them."""

from typing import Any, NamedTuple, Protocol

from psycopg import Connection

from journey.audit.disclosures import Basis, Channel
from journey.domain.labels import Labels
from journey.feed.envelope import Payload
from journey.feed.filter import Filter


class Clearance(NamedTuple):
    """What an owner's key lets be told: of whose journeys, which types, and up to which labels; and as which
    types of FHIR resources. None: all.
    """

    teams: frozenset[str] | None
    types: frozenset[str] | None
    labels: Labels | None
    resources: frozenset[str] | None = None


class Clear(Protocol):
    """Asks what the key lets be told for a purpose, now; None: it holds no more, or does not let follow."""

    def __call__(self, connection: Connection[Any], owner: str, purpose: str) -> Clearance | None: ...


class Follower(Protocol):
    """Who is sent what, and what for: whoever subscribed, or a broker."""

    @property
    def wanted(self) -> Filter: ...

    @property
    def payload(self) -> Payload: ...

    @property
    def recipient(self) -> str: ...

    @property
    def recipient_address(self) -> str | None: ...

    @property
    def purpose(self) -> str: ...

    @property
    def basis(self) -> Basis: ...

    @property
    def channel(self) -> Channel: ...

    @property
    def reference(self) -> str: ...


class LeaseLost(Exception):
    """Somebody else works on the subscription, or it is gone."""

    def __init__(self) -> None:
        super().__init__(LeaseLost.__doc__)
