"""Task: whatever somebody is asked to do: fulfil a referral, take a patient over, send what a payer asks for.

A thing of a journey is one Task at most. Where the things of two rooms bear one id, the first is told.
"""

from collections.abc import Iterator
from itertools import chain

from journey.domain.authorization import (
    Authorization,
    AuthorizationInformationRequested,
    AuthorizationInformationSubmitted,
    AuthorizationStatus,
)
from journey.domain.authorization.status import UNDECIDED
from journey.domain.event import Recorded
from journey.domain.task import Task, TaskStatus
from journey.domain.transfer import Transfer, TransferStatus
from journey.fhir.assignment import assignment, kind_of_task, until
from journey.fhir.chart import Chart
from journey.fhir.data import Json, concept, happened, identifier, known, named, reference
from journey.fhir.fulfilment import fulfilments
from journey.fhir.handover import handovers
from journey.fhir.kind import By, Include, Kind
from journey.fhir.parties import person, provider, team, whoever
from journey.fhir.servicerequest import documents
from journey.fhir.x12 import PAS_CODES

T = TaskStatus
TASK_STATUS = {
    T.REQUESTED: "requested",
    T.ACCEPTED: "accepted",
    T.REJECTED: "rejected",
    T.IN_PROGRESS: "in-progress",
    T.ON_HOLD: "on-hold",
    T.COMPLETED: "completed",
    T.FAILED: "failed",
    T.CANCELLED: "cancelled",
}

TRANSFER_STATUS = {
    TransferStatus.INITIATED: "requested",
    TransferStatus.ACCEPTED: "accepted",
    TransferStatus.DECLINED: "rejected",
    TransferStatus.WITHDRAWN: "cancelled",
    TransferStatus.COMPLETED: "completed",
}
SAYS_WHY = frozenset({"rejected", "on-hold", "failed", "cancelled"})


def tasks(chart: Chart) -> Iterator[Json]:
    """One for each thing that somebody is asked to do."""
    told: dict[str, Json] = {}
    journey = chart.journey
    every = chain(
        fulfilments(chart),
        handovers(chart),
        (_transfer(chart, each) for each in journey.transfers),
        (_task(chart, each) for each in journey.tasks),
        _information_requests(chart),
    )
    for each in every:
        told.setdefault(each["id"], each)
    yield from told.values()


def _task(chart: Chart, task: Task) -> Json:
    status = TASK_STATUS[task.status]
    within = [person(task.person)] if task.team and task.person else []
    return assignment(
        chart,
        task.task_id,
        "tasks",
        {
            "status": status,
            "statusReason": concept(task.reason) if status in SAYS_WHY else None,
            "priority": task.priority,
            "code": kind_of_task("to-do", "Do what is described"),
            "description": task.what,
            "focus": {"identifier": identifier(task.about)} if task.about else None,
            "owner": whoever(task.team, task.person),
            "restriction": until(task.due, [each for each in within if each]),
            "output": [{"type": {"text": "Outcome"}, "valueString": task.outcome}] if task.outcome else None,
        },
    )


def _transfer(chart: Chart, transfer: Transfer) -> Json:
    """Asked of the other facility; whoever is accountable for the patient there owns it."""
    team_there, person_there = transfer.accountable or (transfer.to_team, None)
    status = TRANSFER_STATUS[transfer.status]
    place = team(transfer.to_facility)
    due = transfer.due if transfer.status is TransferStatus.INITIATED else None
    within = [person(person_there)] if team_there and person_there else []
    return assignment(
        chart,
        transfer.transfer_id,
        "transfers",
        {
            "status": status,
            "statusReason": concept(transfer.reason) if status in SAYS_WHY else None,
            "code": kind_of_task("transfer", "Take over the patient's journey"),
            "focus": reference("EpisodeOfCare", chart.journey_id),
            "reasonCode": concept(transfer.reason) if status not in SAYS_WHY else None,
            "owner": whoever(team_there, person_there),
            "executionPeriod": chart.span(transfer.accepted, transfer.completed),
            "restriction": until(due, [each for each in (place, *within) if each]),
        },
    )


def _information_requests(chart: Chart) -> Iterator[Json]:
    """What a payer cannot decide without (PAS Task)."""
    for each in chart.journey.authorizations:
        asked = chart.last(each.authorization_id, AuthorizationInformationRequested)
        if asked is not None:
            yield _information_request(chart, each, *asked)


def _information_request(
    chart: Chart, one: Authorization, asked: AuthorizationInformationRequested, at: Recorded
) -> Json:
    """Written when the payer asked, and asked last: the request that it is about is older."""
    claim = reference("Claim", one.authorization_id)
    sent = chart.last(one.authorization_id, AuthorizationInformationSubmitted)
    is_answered = one.asked is None and sent is not None
    return assignment(
        chart,
        one.authorization_id,
        "authorizations",
        {
            "status": "completed" if is_answered else ASKED[one.status],
            "code": known(PAS_CODES, "attachment-request-code", "Attachment request"),
            "reasonCode": known(PAS_CODES, "priorAuthorization", "Prior authorization"),
            "reasonReference": claim,
            "focus": claim,
            "authoredOn": happened(at),
            "requester": named("Organization", one.request.payer),
            "owner": provider(one.request.requester),
            "restriction": until(one.asked_by, []),
            "input": [
                {
                    "type": known(PAS_CODES, "attachments-needed", "Attachments needed"),
                    "valueCodeableConcept": concept(asked.what),
                }
            ],
            "output": [
                {"type": {"text": "Document"}, "valueReference": document}
                for document in documents(sent[0].documents if is_answered and sent else ())
            ],
        },
    )


ASKED = {each: "requested" if each in UNDECIDED else "cancelled" for each in AuthorizationStatus}
"""Of what the payer asked for and was not sent: once it has decided, it waits for it no more."""

TASK = Kind(
    type="Task",
    about="What somebody is asked to do: referrals, handoffs, transfers, tasks, a payer's questions.",
    made=tasks,
    rooms=frozenset({"referrals", "handoffs", "transfers", "tasks", "authorizations"}),
    also=frozenset({"merges"}),
    parameters={
        "patient": By.PATIENT,
        "subject": By.PATIENT,
        "status": By.STATUS,
        "authored-on": By.DATE,
        "owner": By.OWNER,
        "identifier": By.IDENTIFIER,
    },
    dated="authoredOn",
    owned="owner",
    includes={
        "patient": Include("for", ("Patient",)),
        "subject": Include("for", ("Patient",)),
        "focus": Include("focus", ("Claim", "EpisodeOfCare", "ServiceRequest")),
        "based-on": Include("basedOn", ("ServiceRequest",)),
    },
)
