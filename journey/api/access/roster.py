"""Roster: who may do what; which teams there are, whose keys open their journeys, how many those are."""

from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import BaseModel, Field

from journey.api.access.table import MEANING, REACHES, ROLES, TABLE, Permission, Reach, Role

TEAMS = """
    WITH counted AS (
        SELECT team, status, count(*) AS journeys
          FROM patient_status WHERE audience <> 'uncleared' AND team IS NOT NULL GROUP BY team, status
    ), owned AS (
        SELECT lower(team) AS team, min(team) AS written, sum(journeys)::bigint AS journeys,
               (sum(journeys) FILTER (WHERE status IN ('planned', 'waitlist', 'active', 'onhold')))::bigint
                   AS open
          FROM counted GROUP BY lower(team)
    ), held AS (
        SELECT DISTINCT lower(each) AS team, each AS written
          FROM api_key CROSS JOIN unnest(array_append(teams, team)) AS each
         WHERE revoked_at IS NULL AND each IS NOT NULL
    )
    SELECT coalesce(owned.team, held.team), coalesce(owned.written, min(held.written)),
           coalesce(journeys, 0), coalesce(open, 0)
      FROM owned FULL JOIN held USING (team) GROUP BY 1, owned.written, journeys, open ORDER BY 1
    """
"""The index patient_status_counted is read alone, and in its order."""

HOLDERS = """
    SELECT id, name, role, lower(team), teams FROM api_key WHERE revoked_at IS NULL ORDER BY name, id
    """
OF_PATIENTS = frozenset(
    role for role in ROLES if TABLE[Permission.READ][ROLES.index(role)] in {Reach.OWN, Reach.GRANTED}
)
"""The roles for which it matters whose a journey is."""


class May(BaseModel):
    """A permission, and how far it goes for each role."""

    permission: Permission
    meaning: str
    reach: dict[Role, Reach]


class Holder(BaseModel):
    """Whoever holds a key in use."""

    id: str
    name: str
    role: Role
    is_member: bool = Field(description="Whether they are of this team; else they were given its journeys.")


class Team(BaseModel):
    """A team that somebody is of, or that is accountable for a journey."""

    team: str
    open: int = Field(description="Journeys that it is accountable for and that have not ended.")
    journeys: int = Field(description="All that it is accountable for, those that have ended among them.")
    keys: tuple[Holder, ...] = Field(description="Keys in use that are of it, or open its journeys.")


class Teams(BaseModel):
    """Which teams there are, and whose keys open their journeys."""

    teams: tuple[Team, ...]
    every_team: tuple[Holder, ...] = Field(
        description="Keys in use that open every team's journeys; those of roles that see all are not named."
    )


class Access(BaseModel):
    """Who may do what, and on whose journeys."""

    permissions: tuple[May, ...]
    reaches: dict[Reach, str] = Field(description="What each reach means.")


def permissions() -> tuple[May, ...]:
    """The table of who may do what, as it is checked."""
    return tuple(
        May(permission=each, meaning=MEANING[each], reach=dict(zip(ROLES, TABLE[each], strict=True)))
        for each in Permission
    )


def access() -> Access:
    return Access(permissions=permissions(), reaches=dict(REACHES))


def roster(teams: Iterable[Sequence[Any]], holders: Iterable[Sequence[Any]]) -> Teams:
    """Of the rows that `TEAMS` and `HOLDERS` find."""
    keys = [row for row in holders if Role(row[2]) in OF_PATIENTS]
    return Teams(
        teams=tuple(
            Team(team=written, open=open_, journeys=journeys, keys=tuple(_of(team, keys)))
            for team, written, journeys, open_ in teams
        ),
        every_team=tuple(_holder(row, is_member=False) for row in keys if row[4] is None),
    )


def _of(team: str, keys: Iterable[Sequence[Any]]) -> Iterable[Holder]:
    for row in keys:
        _, _, _, own, given = row
        if team == own or (given is not None and team in given):
            yield _holder(row, is_member=team == own)


def _holder(row: Sequence[Any], *, is_member: bool) -> Holder:
    id_, name, role, *_ = row
    return Holder(id=id_, name=name, role=role, is_member=is_member)
