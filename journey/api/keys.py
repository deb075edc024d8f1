"""API keys: `jk_<id>.<secret>`. Made and revoked here, and looked up for each request.

The secret has 256 random bits and is shown once. Stored is its SHA-256: a random secret cannot be guessed
from its hash, so that needs neither a salt nor a slow function.
"""

import hmac
import re
import secrets
from datetime import datetime
from hashlib import sha256
from time import monotonic
from typing import Any, NamedTuple, cast

import psycopg
from psycopg import Connection, Cursor
from psycopg.rows import class_row
from pydantic import BaseModel, Field

from journey.api.access import Caller, Role
from journey.api.reads import Reads
from journey.database import connect

FRESH = 5.0
"""Seconds for which a key is believed without asking the database: a revocation takes effect within them."""

REMEMBERED = 1000
"""Keys kept in memory at most."""

TOKEN = re.compile(r"jk_([0-9a-f]{12})\.([A-Za-z0-9_-]{43})")


class NameTaken(Exception):
    """A key of this name is in use; revoke it first, or take another name."""

    def __init__(self) -> None:
        super().__init__(NameTaken.__doc__)


class NoSuchKey(Exception):
    """No key in use has this id."""

    def __init__(self) -> None:
        super().__init__(NoSuchKey.__doc__)


class ApiKey(BaseModel):
    """A key as it may be shown."""

    id: str
    name: str
    role: Role
    team: str | None
    created_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None = Field(description="To the hour.")


class NewKey(NamedTuple):
    """A key just made, with the token that nobody can show again."""

    key: ApiKey
    token: str


SELECT = """
    SELECT id, name, role, team, created_at, revoked_at, last_used_at FROM api_key
     ORDER BY created_at DESC, id
    """
INSERT = """
    INSERT INTO api_key (id, name, role, team, secret_sha256) VALUES (%s, %s, %s, %s, %s)
    RETURNING id, name, role, team, created_at, revoked_at, last_used_at
    """
REVOKE = """
    UPDATE api_key SET revoked_at = now() WHERE id = %s AND revoked_at IS NULL
    RETURNING id, name, role, team, created_at, revoked_at, last_used_at
    """
REPLACE = "UPDATE api_key SET revoked_at = now() WHERE name = %s AND revoked_at IS NULL"
LOOK_UP = """
    SELECT name, role, team, secret_sha256, coalesce(last_used_at < now() - interval '1 hour', true)
      FROM api_key WHERE id = %s AND revoked_at IS NULL
    """
USED = "UPDATE api_key SET last_used_at = date_trunc('hour', now()) WHERE id = %s"


def create(conninfo: str, name: str, role: Role, team: str | None = None, *, replace: bool = False) -> NewKey:
    """Make a key; `replace` revokes the one in use under this name. Raises NameTaken, DatabaseUnavailable."""
    key_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    with connect(conninfo) as connection, connection.transaction(), _keys(connection) as cursor:
        if replace:
            cursor.execute(REPLACE, (name,))
        try:
            key = cursor.execute(INSERT, (key_id, name, role, team, _digest(secret))).fetchone()
        except psycopg.errors.UniqueViolation:
            raise NameTaken from None
    return NewKey(cast(ApiKey, key), f"jk_{key_id}.{secret}")


def list_keys(conninfo: str) -> list[ApiKey]:
    """Every key ever made, the newest first. Raises DatabaseUnavailable."""
    with connect(conninfo) as connection, _keys(connection) as cursor:
        return cursor.execute(SELECT).fetchall()


def revoke(conninfo: str, key_id: str) -> ApiKey:
    """End a key: in a few seconds no request with it is answered. Raises NoSuchKey, DatabaseUnavailable."""
    with connect(conninfo) as connection, _keys(connection) as cursor:
        key = cursor.execute(REVOKE, (key_id,)).fetchone()
    if key is None:
        raise NoSuchKey
    return key


def _keys(connection: Connection[Any]) -> Cursor[ApiKey]:
    return connection.cursor(row_factory=class_row(ApiKey))


def _digest(secret: str) -> bytes:
    return sha256(secret.encode()).digest()


class Known(NamedTuple):
    """A key in use, and how long it is believed without asking again."""

    caller: Caller
    secret_sha256: bytes
    until: float


class KeyRing:
    """The keys that requests come with, each looked up once in a few seconds."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self._known: dict[str, Known] = {}

    async def caller(self, token: str) -> Caller | None:
        """Who holds the token; None where it is no key in use."""
        parts = TOKEN.fullmatch(token)
        if parts is None:
            return None
        key_id, secret = parts.groups()
        known = self._known.get(key_id)
        if known is None or known.until < monotonic():
            known = await self._look_up(key_id)
        if known is None or not hmac.compare_digest(known.secret_sha256, _digest(secret)):
            return None
        return known.caller

    async def _look_up(self, key_id: str) -> Known | None:
        self._known.pop(key_id, None)
        rows = await self._reads.rows(LOOK_UP, (key_id,))
        if not rows:
            return None
        name, role, team, secret_sha256, stale = rows[0]
        known = Known(Caller(key_id, name, Role(role), team), secret_sha256, monotonic() + FRESH)
        if stale:
            await self._reads.execute(USED, (key_id,))
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        self._known[key_id] = known
        return known
