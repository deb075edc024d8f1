"""API keys: `jk_<id>.<secret>`. Made, changed and revoked here, and looked up for each request.

The secret has 256 random bits and is shown once. Stored is its SHA-256: a random secret cannot be guessed
from its hash, so that needs neither a salt nor a slow function.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple, cast

import psycopg
from psycopg import Connection, Cursor
from psycopg.rows import class_row
from psycopg.sql import SQL, Composed
from pydantic import BaseModel, Field

from journey.api.access import trail
from journey.api.access.scopes import Scopes
from journey.api.access.table import Role
from journey.api.access.trail import COMMAND_LINE, Access, Kind, Outcome, Who
from journey.database import connect

OF_TOKENS = "oidc:"
"""How ids and names of those begin who come with a token; a key's begin with something else."""


class NameTaken(Exception):
    """A key of this name is in use; revoke it first, or take another name."""

    def __init__(self) -> None:
        super().__init__(NameTaken.__doc__)


class NameReserved(ValueError):
    """Names that begin with oidc: are those of people who come with tokens; take another name."""

    def __init__(self) -> None:
        super().__init__(NameReserved.__doc__)


class NoSuchKey(Exception):
    """No key in use has this id."""

    def __init__(self) -> None:
        super().__init__(NoSuchKey.__doc__)


def own_name(name: str) -> str:
    """A name that no token's holder has: events tell by it who brought them. Raises NameReserved."""
    if name.lstrip().startswith(OF_TOKENS):
        raise NameReserved
    return name


class Grant(NamedTuple):
    """What a key is narrowed down to: journeys of these teams (None: every team), events with these labels,
    and SMART scopes (None: all that the role may).
    """

    teams: tuple[str, ...] | None = None
    labels: tuple[str, ...] = ()
    scopes: tuple[str, ...] | None = None

    @classmethod
    def of(cls, team: str | None) -> "Grant":
        """What a key is made for where nothing else is said: its own team's journeys, or everybody's."""
        return cls(None if team is None else (team,))


class ApiKey(BaseModel):
    """A key as it may be shown."""

    id: str
    name: str
    role: Role
    team: str | None
    teams: tuple[str, ...] | None = Field(description="Whose journeys are theirs; null: every team's.")
    labels: tuple[str, ...] = Field(description="Security labels whose events its holder may see.")
    scopes: tuple[str, ...] | None = Field(description="What it is narrowed down to; null: nothing.")
    created_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None = Field(description="To the hour.")


class NewKey(NamedTuple):
    """A key just made, with the token that nobody can show again."""

    key: ApiKey
    token: str


SHOWN = SQL("id, name, role, team, teams, labels, scopes, created_at, revoked_at, last_used_at")
SELECT = SQL("SELECT {} FROM api_key ORDER BY created_at DESC, id").format(SHOWN)
INSERT = SQL("""
    INSERT INTO api_key (id, name, role, team, teams, labels, scopes, secret_sha256)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
    RETURNING {}
    """).format(SHOWN)
CHANGE = SQL("""
    UPDATE api_key SET role = %s, team = %s, teams = %s, labels = %s, scopes = %s
     WHERE id = %s AND revoked_at IS NULL
    RETURNING {}
    """).format(SHOWN)
REVOKE = SQL("""
    UPDATE api_key SET revoked_at = now() WHERE id = %s AND revoked_at IS NULL
    RETURNING {}
    """).format(SHOWN)
REPLACE = SQL("""
    UPDATE api_key SET revoked_at = now() WHERE name = %s AND revoked_at IS NULL
    RETURNING {}
    """).format(SHOWN)


def create(
    conninfo: str,
    name: str,
    role: Role,
    team: str | None = None,
    grant: Grant | None = None,
    *,
    by: Who = COMMAND_LINE,
    replace: bool = False,
) -> NewKey:
    """Make a key; `replace` revokes the one in use under this name. Raises NameTaken, NameReserved, BadScope,
    DatabaseUnavailable.
    """
    own_name(name)
    key_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    given = _stored(grant or Grant.of(team))
    with connect(conninfo) as connection, connection.transaction(), _keys(connection) as cursor:
        if replace:
            for ended in cursor.execute(REPLACE, (name,)).fetchall():
                _record(connection, Kind.KEY_REVOKED, ended, by)
        try:
            with connection.transaction():
                made = cursor.execute(INSERT, (key_id, name, role, team, *given, digest(secret))).fetchone()
        except psycopg.errors.UniqueViolation:
            raise NameTaken from None
        key = cast(ApiKey, made)
        _record(connection, Kind.KEY_CREATED, key, by)
    return NewKey(key, f"jk_{key_id}.{secret}")


def list_keys(conninfo: str) -> list[ApiKey]:
    """Every key ever made, the newest first. Raises DatabaseUnavailable."""
    with connect(conninfo) as connection, _keys(connection) as cursor:
        return cursor.execute(SELECT).fetchall()


def change(
    conninfo: str, key_id: str, role: Role, team: str | None, grant: Grant, *, by: Who = COMMAND_LINE
) -> ApiKey:
    """Let a key do something else from now on. Raises NoSuchKey, DatabaseUnavailable."""
    return _changed(conninfo, Kind.KEY_CHANGED, CHANGE, (role, team, *_stored(grant), key_id), by)


def revoke(conninfo: str, key_id: str, *, by: Who = COMMAND_LINE) -> ApiKey:
    """End a key: in a few seconds no request with it is answered. Raises NoSuchKey, DatabaseUnavailable."""
    return _changed(conninfo, Kind.KEY_REVOKED, REVOKE, (key_id,), by)


def _changed(conninfo: str, kind: Kind, statement: Composed, parameters: Sequence[Any], by: Who) -> ApiKey:
    with connect(conninfo) as connection, connection.transaction(), _keys(connection) as cursor:
        key = cursor.execute(statement, parameters).fetchone()
        if key is None:
            raise NoSuchKey
        _record(connection, kind, key, by)
    return key


def _record(connection: Connection[Any], kind: Kind, key: ApiKey, by: Who) -> None:
    """A change of who may do what stands in the trail, in the transaction that makes it."""
    shown = key.model_dump(include={"id", "name", "role", "team", "teams", "labels", "scopes"})
    trail.record(connection, [Access(kind, Outcome.DONE, by, detail={"key": shown})])


def _stored(grant: Grant) -> tuple[list[str] | None, list[str], list[str] | None]:
    """Teams are told apart without regard to capitals. Raises BadScope."""
    teams = None if grant.teams is None else sorted({each.lower() for each in grant.teams})
    scopes = None if grant.scopes is None else list(grant.scopes)
    Scopes.of(scopes or ())
    return teams, sorted(set(grant.labels)), scopes


def _keys(connection: Connection[Any]) -> Cursor[ApiKey]:
    return connection.cursor(row_factory=class_row(ApiKey))


def digest(secret: str) -> bytes:
    """What is stored of a secret."""
    return sha256(secret.encode()).digest()
