"""What a payer asks for before it decides: a Task, or a CommunicationRequest of its answer, as commands."""

from collections.abc import Iterator

from journey.domain.authorization import (
    Authorization,
    AuthorizationStatus,
    PendAuthorization,
    RequestAuthorizationInformation,
    SubmitAuthorizationInformation,
)
from journey.domain.event import Coded, Command
from journey.fhir.x12 import LOINC
from journey.ingest.fhir.moment import Moment
from journey.ingest.fhir.pas.finding import answered, news, struck_out
from journey.ingest.fhir.pas.reading import coded, referred
from journey.ingest.fhir.resource import Element, Resource
from journey.ingest.fhir.telling import Telling

ATTACHMENTS, QUESTIONS = "attachment-request-code", "attachment-request-questionnaire"
ASKS = frozenset({ATTACHMENTS, QUESTIONS})
"""Task.code."""

NEEDED = frozenset({"attachments-needed", "code"})
QUESTIONNAIRES = frozenset({"questionnaire-context", "questionnaires-needed", "questionnaire"})
"""Task.input.type, of PAS and of CDex."""

QUESTIONNAIRE = Coded(system=LOINC, code="102089-0", display="Questionnaire")
WANTED = frozenset({"requested", "received", "accepted", "ready", "in-progress", "on-hold"})


def is_asking(resource: Resource) -> bool:
    """Whether a Task asks for what is missing of a prior authorization."""
    reason = resource.one("reasonReference")
    about_claim = bool(reason and (reason.text("reference") or reason.one("identifier")))
    return about_claim and any(each.short("code") in ASKS for each in resource.codes("code"))


def information(telling: Telling) -> Iterator[Command]:
    """The payer asks for an attachment or for answers (`input`), until `restriction.period.end`; completed:
    they were sent; cancelled: it decides without.
    """
    resource = telling.resource
    one = answered(telling, resource.at("reasonReference"))
    match resource.status:
        case status if status in WANTED:
            yield from news(telling, _wanted(telling, one))
        case "completed":
            yield from news(telling, [*_wanted(telling, one), _sent(telling, one)])
        case "cancelled" | "rejected" | "failed":
            if one.status is AuthorizationStatus.INFORMATION_REQUESTED and not telling.is_old:
                yield telling.asks(
                    PendAuthorization, resource.moment("lastModified"), authorization_id=one.authorization_id
                )
        case "entered-in-error":
            yield from struck_out(telling)
        case "draft":
            return
        case _:
            raise resource.wrong("status", "R4 has no such status")


def _wanted(telling: Telling, one: Authorization) -> Iterator[Command]:
    resource = telling.resource
    at = resource.moment("authoredOn") or resource.moment("lastModified")
    held = resource.one("restriction")
    period = held.one("period") if held else None
    due = period.moment("end") if period else None
    asked = [what for each in resource.all("input") if (what := _what(each))]
    if not asked:
        raise resource.missing("input", "it says what is needed")
    for what in dict.fromkeys(asked):
        yield telling.asks(
            RequestAuthorizationInformation,
            at,
            authorization_id=one.authorization_id,
            what=what,
            due=due.at if due else None,
        )


def _what(told: Element) -> Coded | None:
    kinds = {each.short("code") for each in told.codes("type")}
    if kinds & NEEDED:
        return coded(told, "valueCodeableConcept", told.at("valueCodeableConcept"))
    return QUESTIONNAIRE if kinds & QUESTIONNAIRES else None


def _sent(telling: Telling, one: Authorization) -> Command:
    resource = telling.resource
    outputs = (each.one("valueReference") for each in resource.all("output"))
    documents = tuple(text for each in outputs if each and (text := each.short("reference")))
    at = resource.moment("lastModified")
    return telling.asks(
        SubmitAuthorizationInformation, at, authorization_id=one.authorization_id, documents=documents
    )


def communications(telling: Telling, one: Authorization, at: Moment | None) -> Iterator[Command]:
    """What ClaimResponse.communicationRequest asks for: the kind of report (X12 755)."""
    resource = telling.resource
    for reference in resource.all("communicationRequest"):
        asked = referred(resource, reference)
        if asked is None:
            raise reference.missing("reference", "what it refers to did not come with it")
        when = asked.one("occurrencePeriod")
        due = (when.moment("end") if when else None) or asked.moment("occurrenceDateTime")
        yield telling.asks(
            RequestAuthorizationInformation,
            at,
            authorization_id=one.authorization_id,
            what=coded(asked, "category", asked.at("category")),
            due=due.at if due else None,
        )
