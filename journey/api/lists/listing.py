"""Listing: what a list is, and the statement and page that follow from what is asked of it.

What depends on the clock is decided when it is read, from `now`. A page goes on behind the sort key of its
last row, so that rows that come and go meanwhile make none appear twice or not at all.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, LiteralString, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg.sql import SQL, Composed, Identifier
from pydantic import BaseModel, Field

from journey.conditions import Condition, all_of
from journey.cursors import Kind, Part, cursor, key
from journey.domain.codes import JourneyStatus
from journey.projections.audience import WHOLE

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
DUE: LiteralString = "coalesce(listed.due, 'infinity')"
"""As it stands in the indexes: what is never due comes last."""

SELECT = SQL("""
    SELECT {keys}, status.version, status.patient_id, status.family, status.given, status.birth_date,
           status.identifiers, status.status, status.stage, status.pathway, status.team, status.person,
           {columns}
      FROM {table} AS listed JOIN patient_status AS status USING (journey_id, audience)
     WHERE {conditions}
     ORDER BY {order} LIMIT %s
    """)


class ListedPatient(BaseModel):
    """Whom it is about."""

    patient_id: UUID
    family: str | None
    given: str | None
    birth_date: str | None
    identifiers: tuple[str, ...]


class ListedJourney(BaseModel):
    """Where the patient stands."""

    status: JourneyStatus
    stage: str
    pathway: str | None
    team: str | None = Field(description="The team that is accountable.")
    person: str | None


PATIENT, STANDING = tuple(ListedPatient.model_fields), tuple(ListedJourney.model_fields)


class ListedRow(BaseModel):
    """What every row has. `version` is the journey's that it reflects."""

    journey_id: UUID
    version: int
    patient: ListedPatient
    journey: ListedJourney
    since: datetime = Field(description="Since when it is so.")
    event_id: UUID = Field(description="The event that says so.")


class Asked(NamedTuple):
    """When the question is asked, and where."""

    now: datetime
    zone: ZoneInfo

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def begin(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.zone).astimezone(UTC)

    def minutes_to(self, at: datetime | None) -> int | None:
        """Below zero once it has passed."""
        return None if at is None else (at - self.now) // MINUTE

    def days_since(self, at: datetime) -> int:
        return (self.now - at) // DAY

    def has_passed(self, at: datetime | None) -> bool:
        return at is not None and at < self.now


Row = dict[str, Any]
Says = Callable[[Any, Asked], Condition]


class Filter(NamedTuple):
    """What may be asked of a list, and what that means. `unasked`: what holds where it is not asked."""

    name: str
    kind: Any
    description: str
    says: Says
    unasked: LiteralString | None = None


class Key(NamedTuple):
    """A part of a sort key."""

    sql: LiteralString
    kind: Kind


JOURNEY = Key("listed.journey_id", UUID)
BY_DUE = (Key(DUE, datetime), Key("listed.since", datetime))


class List(NamedTuple):
    """One list. `columns` are its table's, `told` what is made of a row when it is read; a row of the answer
    has both. `urgency` and the ids are the sort key. `zoned`: whether it speaks of days.
    """

    name: str
    question: str
    table: str
    row: type[ListedRow]
    columns: tuple[str, ...]
    filters: tuple[Filter, ...]
    told: Callable[[Row, Asked], Row]
    urgency: tuple[Key, ...]
    id: Key
    resource: str
    zoned: bool = False

    @property
    def every_filter(self) -> tuple[Filter, ...]:
        return (*self.filters, *EVERYWHERE)

    @property
    def keys(self) -> tuple[Key, ...]:
        """The whole sort key, which no two rows share."""
        return (*self.urgency, JOURNEY, self.id)

    def statement(
        self,
        given: Mapping[str, Any],
        asked: Asked,
        after: Sequence[Part] | None,
        limit: int,
        whose: Condition = WHOLE,
    ) -> tuple[Composed, list[Any]]:
        """What finds a page, and one row more where there is another."""
        conditions = [whose]
        for each in self.every_filter:
            value = given.get(each.name)
            if value is not None:
                conditions.append(each.says(value, asked))
            elif each.unasked is not None:
                conditions.append(Condition(each.unasked))
        every = all_of(conditions)
        where: Composed = SQL("{}").format(SQL(every.sql))
        parameters = list(every.parameters)
        order = SQL(", ").join(SQL(each.sql) for each in self.keys)
        if after is not None:
            marks = SQL(", ").join([SQL("%s")] * len(self.keys))
            where = SQL("{} AND ({}) > ({})").format(where, order, marks)
            parameters += after
        found = SELECT.format(
            keys=SQL(", ").join(SQL("({})::text").format(SQL(each.sql)) for each in self.keys),
            columns=SQL(", ").join(SQL("listed.{}").format(Identifier(each)) for each in self.columns),
            table=Identifier(self.table),
            conditions=where,
            order=order,
        )
        return found, [*parameters, limit + 1]

    def page(self, found: Sequence[Sequence[Any]], asked: Asked, scope: str, limit: int) -> Row:
        """The rows as they are answered, and where the next page begins."""
        keys = len(self.keys)
        rows = [self._told(row[keys:], row[keys - 2], asked) for row in found[:limit]]
        last = found[limit - 1][:keys] if len(found) > limit else None
        following = last and cursor(scope, "|".join(last))
        return {self.name: rows, "next": following, "as_of": asked.now}

    def after(self, scope: str, given: str) -> list[Part]:
        """The sort key that a cursor names. Raises ForeignCursor."""
        return key(scope, given, [each.kind for each in self.keys])

    def _told(self, row: Sequence[Any], journey_id: str, asked: Asked) -> Row:
        version, *rest = row
        patient = dict(zip(PATIENT, rest, strict=False))
        journey = dict(zip(STANDING, rest[len(PATIENT) :], strict=False))
        own = dict(zip(self.columns, rest[len(PATIENT) + len(STANDING) :], strict=True))
        head = {"journey_id": journey_id, "version": version, "patient": patient, "journey": journey}
        return {**head, **own, **self.told(own, asked)}


def equal(column: LiteralString) -> Says:
    """The column is what is asked for."""
    sql: LiteralString = column + " = %s"
    return lambda value, _: Condition(sql, (str(value),))


def same_text(column: LiteralString) -> Says:
    """The column is what is asked for, in capitals or not."""
    sql: LiteralString = "lower(" + column + ") = lower(%s)"
    return lambda value, _: Condition(sql, (value,))


def whether(sql: LiteralString, *, times: int = 0) -> Says:
    """It is so, or it is not, as asked; `times` is how often it compares with the time of asking."""
    contrary: LiteralString = "(" + sql + ") IS NOT TRUE"
    return lambda value, asked: Condition(sql if value else contrary, (asked.now,) * times)


def before(column: LiteralString) -> Says:
    sql: LiteralString = column + " < %s"
    return lambda value, _: Condition(sql, (value,))


OVERDUE = Filter("overdue", bool, "Its due time has passed.", whether(DUE + " < %s", times=1))
EVERYWHERE = (
    Filter("journey", UUID, "Of this journey.", equal("listed.journey_id")),
    Filter(
        "patient",
        UUID,
        "Of this patient, and of all records merged with theirs.",
        lambda value, _: Condition("status.patient_id IN (SELECT same_person(%s))", (value,)),
    ),
    Filter("pathway", str, "On the pathway of this id.", equal("status.pathway")),
)
