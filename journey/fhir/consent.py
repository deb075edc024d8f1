"""Consent: what the patient permits, or forbids, to be done with what is known of them.

One for each consent that was asked for or given, in the words that count last; what was said before is in its
versions. That somebody looked without one, in an emergency, is no Consent; it stands in the audit.
"""

from collections.abc import Iterator
from datetime import datetime

from journey.domain import consent as room
from journey.domain.consent import ConsentGranted, ConsentScope, ConsentStatus, Provision
from journey.domain.consent.state import Grant
from journey.domain.event import Coded
from journey.fhir.chart import Chart
from journey.fhir.data import (
    SYSTEMS,
    Json,
    concept,
    filled,
    identifier,
    instant,
    known,
    period,
    reference,
    worded,
)
from journey.fhir.kind import By, Include, Kind, label

S = ConsentStatus
STATUS = {S.REQUESTED: "proposed", S.GRANTED: "active", S.REFUSED: "rejected", S.REVOKED: "inactive"}

SCOPES = "http://terminology.hl7.org/CodeSystem/consentscope"
PURPOSES = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
PATIENT_CONSENT = known(SYSTEMS["LOINC"], "59284-0", "Consent Document")
OPT_IN, OPT_OUT = known(ACT_CODE, "OPTIN", "opt-in"), known(ACT_CODE, "OPTOUT", "opt-out")
RECIPIENT = known(PARTICIPATION, "IRCP", "information recipient")
PART_2 = "https://www.ecfr.gov/current/title-42/chapter-I/subchapter-A/part-2"


def consents(chart: Chart) -> Iterator[Json]:
    """One for each that the journey has."""
    for each in chart.journey.consents:
        yield _consent(chart, each)


def _consent(chart: Chart, consent: room.Consent) -> Json:
    grant = consent.grants[-1] if consent.grants else None
    terms = grant and grant.terms
    scope, category = _what_for(consent, terms)
    return filled(
        {
            "id": str(consent.consent_id),
            "identifier": [identifier(consent.consent_id)],
            "status": STATUS[consent.status],
            "scope": known(SCOPES, scope),
            "category": [concept(category) or PATIENT_CONSENT],
            "patient": reference("Patient", chart.patient_id),
            "dateTime": instant(consent.since.at),
            "performer": [reference("Patient", chart.patient_id)] if grant or consent.answer else None,
            "sourceAttachment": {"title": terms.signature_ref} if terms and terms.signature_ref else None,
            "policy": [{"uri": PART_2}] if terms and terms.part_2 else None,
            "policyRule": _rule(consent, terms),
            "provision": _provision(grant) if grant else None,
        }
    )


def _what_for(consent: room.Consent, terms: ConsentGranted | None) -> tuple[ConsentScope, Coded | None]:
    """As it was given, or else as it was asked for; of what was only refused or taken back, nobody said."""
    said = terms or consent.asked
    return (ConsentScope.PRIVACY, None) if said is None else (said.scope, said.category)


def _rule(consent: room.Consent, terms: ConsentGranted | None) -> Json:
    """What is so where nothing else is said."""
    form = f"Form {terms.version}" if terms and terms.version else None
    if consent.status is S.REQUESTED:
        return {"text": "The patient has not answered yet"}
    permits = terms is not None and terms.provision is Provision.PERMIT
    return filled({**(OPT_IN if permits and consent.status is S.GRANTED else OPT_OUT), "text": form})


def _provision(grant: Grant) -> Json:
    terms = grant.terms
    return filled(
        {
            "type": terms.provision,
            "period": _within(grant),
            "actor": [{"role": RECIPIENT, "reference": {"display": each}} for each in terms.recipients],
            "securityLabel": [label(each) for each in terms.labels],
            "purpose": [worded(PURPOSES, each) for each in terms.purposes],
        }
    )


def _within(grant: Grant) -> Json | None:
    """From when until when it speaks. What was taken back before it began has only its end."""
    begins = max(grant.since.at, grant.terms.valid_from or grant.since.at)
    ends: datetime | None = min(
        (each for each in (grant.until, grant.terms.valid_until) if each is not None), default=None
    )
    return period(begins if ends is None or begins <= ends else None, ends)


CONSENT = Kind(
    type="Consent",
    about="What the patient permits or forbids, for whom, for what, from when until when.",
    made=consents,
    rooms=frozenset({"consents"}),
    parameters={
        "patient": By.PATIENT,
        "status": By.STATUS,
        "date": By.DATE,
        "identifier": By.IDENTIFIER,
    },
    dated="dateTime",
    includes={"patient": Include("patient", ("Patient",))},
)
