"""The key ring: whose key is this? Asked for each request, and of the database once in a few seconds."""

import hmac
import re
from collections.abc import Sequence
from time import monotonic
from typing import Any, NamedTuple

from journey.api.access.caller import Caller
from journey.api.access.keys import digest
from journey.api.access.scopes import Scopes
from journey.api.access.table import Role
from journey.api.reads import Reads

FRESH = 5.0
"""Seconds for which a key is believed without asking the database: a revocation takes effect within them."""

REMEMBERED = 1000
"""Keys kept in memory at most."""

TOKEN = re.compile(r"jk_([0-9a-f]{12})\.([A-Za-z0-9_-]{43})")

HELD = """
    SELECT name, role, team, teams, labels, scopes FROM api_key WHERE id = %s AND revoked_at IS NULL
    """
LOOK_UP = """
    SELECT name, role, team, teams, labels, scopes, secret_sha256,
           coalesce(last_used_at < now() - interval '1 hour', true)
      FROM api_key WHERE id = %s AND revoked_at IS NULL
    """
USED = "UPDATE api_key SET last_used_at = date_trunc('hour', now()) WHERE id = %s"


class Known(NamedTuple):
    """A key in use, how long it is believed without asking again, and whether it says when it was used."""

    caller: Caller
    secret_sha256: bytes
    until: float
    stale: bool


def held(key_id: str, row: Sequence[Any]) -> Caller:
    """Who holds the key, from a row of HELD."""
    name, role, team, teams, labels, scopes = row
    return Caller(
        key_id,
        name,
        Role(role),
        team,
        None if teams is None else frozenset(teams),
        frozenset(labels),
        None if scopes is None else Scopes.of(scopes),
    )


class KeyRing:
    """The keys that requests come with, each looked up once in a few seconds."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self._known: dict[str, Known] = {}

    async def caller(self, token: str, *, anew: bool = False) -> Caller | None:
        """Who holds the token; None where it is no key in use. `anew`: whatever was believed until now."""
        parts = TOKEN.fullmatch(token)
        if parts is None:
            return None
        key_id, secret = parts.groups()
        known = self._known.get(key_id)
        if anew or known is None or known.until < monotonic():
            known = await self._look_up(key_id)
        if known is None or not hmac.compare_digest(known.secret_sha256, digest(secret)):
            return None
        if known.stale:
            self._known[key_id] = known._replace(stale=False)
            await self._reads.execute(USED, (key_id,))
        return known.caller

    async def _look_up(self, key_id: str) -> Known | None:
        self._known.pop(key_id, None)
        rows = await self._reads.rows(LOOK_UP, (key_id,))
        if not rows:
            return None
        *row, secret_sha256, stale = rows[0]
        known = Known(held(key_id, row), secret_sha256, monotonic() + FRESH, stale)
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        self._known[key_id] = known
        return known
