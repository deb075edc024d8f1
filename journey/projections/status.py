"""Patient status: where does this patient stand?
Asked by everybody, all day, of one journey or of all that match a search.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from journey.domain.careteam import teams
from journey.domain.labels import Labels
from journey.domain.standing import Standing, stands, way
from journey.pathways import installed
from journey.projections.audience import Audience, views
from journey.projections.authorizations import AuthorizationStatuses
from journey.projections.barriers import OpenBarriers
from journey.projections.findable import findable
from journey.projections.flow import TABLES, flowing
from journey.projections.handoffs import HandoffBoard
from journey.projections.listed import INDEXED, Listing, listed, short
from journey.projections.model import Change, ReadModel, Write
from journey.projections.rates import FlowDecisions, FlowVisits
from journey.projections.referrals import OpenReferrals
from journey.projections.visits import VisitList
from journey.projections.worklist import Worklist

UPSERT = """
    INSERT INTO patient_status
    SELECT * FROM json_populate_recordset(NULL::patient_status, %(rows)s)
    ON CONFLICT (journey_id, audience) DO UPDATE
       SET version = excluded.version, position = excluded.position, patient_id = excluded.patient_id,
           status = excluded.status, pathway = excluded.pathway, stage = excluded.stage,
           since = excluded.since, team = excluded.team,
           person = excluded.person, family = excluded.family, given = excluded.given,
           birth_date = excluded.birth_date, identifiers = excluded.identifiers,
           next_due = excluded.next_due, standing = excluded.standing, search = excluded.search,
           teams = excluded.teams, labels = excluded.labels,
           calm_until = excluded.calm_until, recorded_at = excluded.recorded_at
    """
NEVER = datetime(9999, 12, 31, tzinfo=UTC)
FORGET_OTHERS = """
    DELETE FROM patient_status
     USING json_to_recordset(%(rows)s) AS gone (journey_id uuid, kept text[])
     WHERE patient_status.journey_id = gone.journey_id AND audience <> ALL (kept)
    """


LISTS: tuple[Listing, ...] = (
    Worklist(),
    HandoffBoard(),
    OpenReferrals(),
    AuthorizationStatuses(),
    VisitList(),
    OpenBarriers(),
)
"""What is read of many journeys at a time."""

COUNTED = (FlowVisits(), FlowDecisions())
"""What flow counts, whoever asks: nobody in particular is told of."""


class PatientStatus(ReadModel):
    """A row a journey: the standing whole, and beside it what lists filter and sort by."""

    name = "patient_status"
    tables = ("patient_status", *(each.table for each in (*LISTS, *COUNTED)), *TABLES)

    def project(self, change: Change) -> Iterator[Write]:
        """The journey's row, and its rows in the lists, made anew."""
        gone = way(change.journey, installed())
        now = stands(change.journey, gone)
        seen = views(change)
        if seen.anew:
            kept = [audience for audience, _ in seen.of]
            yield Write(FORGET_OTHERS, {"journey_id": change.journey_id, "kept": kept})
        for audience, each in seen.of:
            stood = now if each.state is change.state else _stands(each)
            yield from _rows(each, stood, audience, seen.labels)
        for counted in COUNTED:
            yield from listed(counted, change, now)
        yield from flowing(change, gone)


def _stands(change: Change) -> Standing:
    return stands(change.journey, way(change.journey, installed()))


def _rows(change: Change, now: Standing, audience: Audience, borne: Labels) -> Iterator[Write]:
    """The journey's row for this audience, and its rows in the lists."""
    person, steps = now.patient.demographics, (*now.next, *now.later)
    known_at = change.recorded[-1].recorded_at
    yield Write(
        UPSERT,
        {
            "journey_id": now.journey_id,
            "audience": audience,
            "version": now.version,
            "position": change.position,
            "patient_id": now.patient.patient_id,
            "status": now.status,
            "pathway": now.pathway and now.pathway.id,
            "stage": now.stage,
            "since": now.since,
            "team": now.responsible and now.responsible.team[:INDEXED],
            "person": now.responsible and now.responsible.person,
            "family": person.family and person.family[:INDEXED],
            "given": " ".join(person.given)[:INDEXED] if person.given else None,
            "birth_date": person.birth_date,
            "identifiers": [identifier.value[:INDEXED] for identifier in now.patient.identifiers],
            "next_due": min((step.due for step in steps if step.due is not None), default=None),
            "standing": now.at(known_at),
            "search": findable(person, now.patient.identifiers),
            "teams": sorted(short(each) or "" for each in teams(change.journey)),
            "labels": sorted(borne),
            "calm_until": now.calm_until(known_at) or NEVER,
            "recorded_at": known_at,
        },
    )
    for each in LISTS:
        yield from listed(each, change, now, audience=audience)
