"""Handover: a handoff as the Task of taking the patient over (I-PASS)."""

from collections.abc import Iterator
from datetime import datetime

from journey.domain.handoff import Handoff, HandoffOffer, HandoffStatus
from journey.domain.handoff.state import UNACCEPTED, Action, Party
from journey.fhir.assignment import assignment, business, kind_of_task, piece, until
from journey.fhir.chart import Chart
from journey.fhir.data import CODES, Json, concept, instant, known, reference
from journey.fhir.parties import person, recipients, whoever

S = HandoffStatus
STATUS = {
    S.DRAFT: ("draft", None),
    S.OFFERED: ("requested", None),
    S.DECLINED: ("rejected", None),
    S.EXPIRED: ("requested", "overdue"),
    S.ESCALATED: ("requested", "escalated"),
    S.ACCEPTED: ("accepted", None),
    S.SYNTHESISED: ("in-progress", "read-back"),
    S.RETURNED: ("requested", "returned"),
    S.COMPLETED: ("completed", None),
    S.WITHDRAWN: ("cancelled", None),
}
"""The handoff's status as Task.status and Task.businessStatus, as the room says."""

SAYS_WHY = frozenset({S.DECLINED, S.RETURNED, S.WITHDRAWN})


def handovers(chart: Chart) -> Iterator[Json]:
    """One for each handoff."""
    for handoff in chart.journey.handoffs:
        yield _handover(chart, handoff)


def _handover(chart: Chart, handoff: Handoff) -> Json:
    status, more = STATUS[handoff.status]
    owner = handoff.acceptor or (handoff.asked[-1] if handoff.asked else Party(None))
    ended = handoff.since if handoff.status is S.COMPLETED else None
    due = handoff.due if handoff.status in UNACCEPTED else None
    return assignment(
        chart,
        handoff.handoff_id,
        "handoffs",
        {
            "status": status,
            "statusReason": concept(handoff.reason) if handoff.status in SAYS_WHY else None,
            "businessStatus": business("handoff-status", more),
            "code": kind_of_task("handoff", "Take over the patient"),
            "description": None if handoff.offer is None else f"Handoff ({handoff.offer.kind})",
            "focus": reference("EpisodeOfCare", chart.journey_id),
            "requester": whoever(handoff.sender.team, handoff.sender.person),
            "owner": whoever(owner.team, owner.person),
            "executionPeriod": chart.span(handoff.accepted, ended),
            "restriction": until(due, recipients(handoff.asked)),
            "note": list(_questions(handoff)),
            "input": list(_handed_over(handoff)),
            "output": list(_taken_over(handoff)),
        },
    )


def _handed_over(handoff: Handoff) -> Iterator[Json]:
    """The I, P, A and the first S of I-PASS."""
    if handoff.offer is not None:
        yield from _situation(handoff.offer)
    for action in handoff.actions.values():
        yield from piece("Action", _in_words(action))


def _situation(offer: HandoffOffer) -> Iterator[Json]:
    severity = known(f"{CODES}illness-severity", offer.severity)
    yield {"type": {"text": "Illness severity"}, "valueCodeableConcept": severity}
    yield from piece("Patient summary", offer.summary)
    for each in offer.contingencies:
        yield from piece("Contingency", f"If {each.if_happens}: {each.then_do}")
    for pending in offer.pending_results:
        yield from piece("Pending result", pending)


def _in_words(action: Action) -> str:
    """What, by whom, until when, and whether it is done."""
    done = ("done",) if action.done else ()
    told = (action.what, action.owner, _by(action.due), *done)
    return "; ".join(each for each in told if each)


def _by(due: datetime | None) -> str | None:
    return None if due is None else f"by {instant(due)}"


def _taken_over(handoff: Handoff) -> Iterator[Json]:
    """Who took over, and the last S of I-PASS: what they read back."""
    if handoff.acceptor is not None and (who := person(handoff.acceptor.person)):
        yield {"type": {"text": "Accepted by"}, "valueReference": who}
    yield from piece("Read-back", handoff.synthesis)


def _questions(handoff: Handoff) -> Iterator[Json]:
    for each in handoff.questions.values():
        told = (each.what and f"Question: {each.what}", each.answer and f"Answer: {each.answer}")
        text = "\n".join(words for words in told if words)
        if text:
            yield {"time": instant(each.asked.at), "text": text}
