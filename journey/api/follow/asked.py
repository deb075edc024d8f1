"""Asked: what a follower asks to hear of, and what of it may be told to them."""

from typing import Annotated, Literal, NamedTuple
from uuid import UUID

from fastapi import Depends, Query
from pydantic import ValidationError

from journey.alike import meant
from journey.api.access.admission import EVERYBODYS, of_their_teams
from journey.api.access.asking import Asking
from journey.api.access.scopes import ANY, RESOURCE
from journey.api.access.table import Permission
from journey.api.problems import FieldError, Problem
from journey.conditions import Condition, all_of
from journey.domain.event import Recorded
from journey.domain.labels import Labels
from journey.feed.about import About
from journey.feed.envelope import Payload
from journey.feed.filter import EVERYTHING, MOST, Filter
from journey.feed.place import LONGEST_CURSOR
from journey.pathways import installed

THEIRS = """
    EXISTS (SELECT FROM patient_status AS status WHERE status.journey_id = event.journey_id AND """

AfterIn = Annotated[
    str | None,
    Query(max_length=LONGEST_CURSOR, description="`next` of the last answer, or `now`; none: the beginning."),
]
TypesIn = Annotated[
    list[str] | None,
    Query(alias="type", max_length=MOST, description="A type, or all of a kind: `visit.booked`, `visit.*`."),
]
RoomsIn = Annotated[
    list[str] | None, Query(alias="room", max_length=MOST, description="A room of the journey: `visits`.")
]
JourneysIn = Annotated[
    list[UUID] | None, Query(alias="journey", max_length=MOST, description="These journeys' events only.")
]
PatientsIn = Annotated[
    list[UUID] | None,
    Query(alias="patient", max_length=MOST, description="The person, under whichever record."),
]
TeamsIn = Annotated[
    list[str] | None,
    Query(alias="team", max_length=MOST, description="The team that was accountable when it was recorded."),
]
PathwaysIn = Annotated[
    list[str] | None,
    Query(
        alias="pathway", max_length=MOST, description="The pathway that was followed when it was recorded."
    ),
]
LabelsIn = Annotated[
    list[str] | None, Query(alias="label", max_length=MOST, description="A label that the event bears.")
]
StatusesIn = Annotated[
    list[str] | None,
    Query(alias="status", max_length=MOST, description="Where it brought the journey: `onhold`, `finished`."),
]
PayloadIn = Annotated[
    Payload, Query(description="`thin`: ids, codes, times; `full`: all of it, where that may go out to you.")
]


class Wanted(NamedTuple):
    """What a follower wants of the log, within what their scopes and teams let through. `cleared`: the labels
    whose events they see, None for all.
    """

    filter: Filter
    granted: Filter
    whose: Condition
    cleared: Labels | None
    payload: Payload

    @property
    def condition(self) -> Condition:
        """What an event has to be."""
        conditions = [each.condition(self.cleared) for each in self._filters]
        if self.whose != EVERYBODYS:
            conditions.append(Condition(THEIRS + self.whose.sql + ")", self.whose.parameters))
        return all_of(conditions)

    def holds(self, each: Recorded, about: About, *, withheld: bool) -> bool:
        """Whether they want it, where it is theirs."""
        return all(one.holds(each, about, self.cleared, withheld=withheld) for one in self._filters)

    @property
    def hides(self) -> bool:
        """Whether it is asked for something that a withheld event is not to tell."""
        return any(each.hides(self.cleared) for each in self._filters)

    @property
    def needs_readers(self) -> bool:
        """Whether it has to be known of each journey whose it is, or what labels it bears."""
        return self.whose != EVERYBODYS or self.hides

    @property
    def _filters(self) -> tuple[Filter, ...]:
        return tuple(each for each in (self.filter, self.granted) if each != EVERYTHING)


async def filter_of(
    *,
    types: TypesIn = None,
    rooms: RoomsIn = None,
    journeys: JourneysIn = None,
    patients: PatientsIn = None,
    teams: TeamsIn = None,
    pathways: PathwaysIn = None,
    labels: LabelsIn = None,
    statuses: StatusesIn = None,
) -> Filter:
    """What the address asks for. Raises Problem."""
    return filtered(
        type=types,
        room=rooms,
        journey=journeys,
        patient=patients,
        team=teams,
        pathway=pathways,
        label=labels,
        status=statuses,
    )


FilterIn = Annotated[Filter, Depends(filter_of)]


def filtered(**words: list[str] | list[UUID] | None) -> Filter:
    """What is asked for. Raises Problem: what is misspelt would never be heard of."""
    try:
        wanted = Filter.model_validate({name: each for name, each in words.items() if each})
    except ValidationError as error:
        errors = [
            FieldError(where="query", field=str(each["loc"][0]), message=_plainly(each["msg"]))
            for each in error.errors()
        ]
        raise Problem("invalid", "What is asked for is not there; see each field.", errors=errors) from None
    refuse_unknown_pathways(wanted, "query", "pathway")
    return wanted


def refuse_unknown_pathways(wanted: Filter, where: Literal["query", "body"], field: str) -> None:
    """Raises Problem."""
    known = {each.id for each in installed()}
    errors = [
        FieldError(
            where=where,
            field=f"{field}.{place}" if where == "body" else field,
            message=f"There is no such pathway, /v1/pathways lists them{meant(each, known)}",
        )
        for place, each in enumerate(wanted.pathway)
        if each.lower() not in known
    ]
    if errors:
        raise Problem("invalid", "A pathway is unknown.", errors=errors)


def wanted_by(by: Asking, asked: Filter, payload: Payload) -> Wanted:
    """What they ask for, bounded by what is theirs. Raises Problem."""
    if by.cleared is not None and not by.cleared.issuperset(asked.label):
        error = FieldError(where="query", field="label", message="You are not cleared for this label")
        raise Problem("invalid", "A label is not yours to ask for.", errors=(error,))
    return Wanted(asked, granted(by), of_their_teams(by), by.cleared, payload)


def granted(by: Asking) -> Filter:
    """The rooms that the caller's scopes let through."""
    if by.caller.may(Permission.FEED, ANY):
        return EVERYTHING
    rooms = (name for name, resource in RESOURCE.items() if by.caller.may(Permission.FEED, resource))
    return Filter(room=tuple(rooms))


def _plainly(message: str) -> str:
    return message.removeprefix("Value error, ")
