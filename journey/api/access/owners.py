"""Owners: what a key lets be told to others, asked where something is sent on its behalf."""

from typing import Any

from psycopg import Connection

from journey.api.access.caller import Caller
from journey.api.access.ring import HELD, held
from journey.api.access.scopes import ANY, resource_of
from journey.api.access.table import Permission
from journey.delivery.follower import Clearance
from journey.domain.event import EVENTS
from journey.fhir.every import KINDS


def clearance(connection: Connection[Any], owner: str, purpose: str) -> Clearance | None:
    """What the key lets be told for this purpose, now; None: it was revoked, or may not follow the log."""
    row = connection.execute(HELD, (owner,)).fetchone()
    caller = held(owner, row) if row else None
    if caller is None or not caller.may(Permission.FEED, None):
        return None
    return Clearance(caller.teams, _types(caller), caller.cleared(purpose), _resources(caller))


def _resources(caller: Caller) -> frozenset[str] | None:
    """Likewise, of FHIR resources."""
    if caller.may(Permission.FEED, ANY):
        return None
    return frozenset(each for each in KINDS if caller.may(Permission.FEED, each))


def _types(caller: Caller) -> frozenset[str] | None:
    """Those that its scopes let through; None for all."""
    if caller.may(Permission.FEED, ANY):
        return None
    return frozenset(each for each in EVENTS if caller.may(Permission.FEED, resource_of(each)))
