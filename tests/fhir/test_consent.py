"""Consent: what the patient was asked, and has permitted, forbidden, refused and taken back."""

from uuid import UUID

from journey.domain.consent import (
    ConsentGranted,
    ConsentOverrideInvoked,
    ConsentRefused,
    ConsentRequested,
    ConsentRevoked,
    ConsentScope,
    Provision,
)
from journey.domain.event import Coded
from tests.domain.told import opened
from tests.fhir.telling import erased, every_version, one, statuses, told_as
from tests.fhir.validating import Json
from tests.spec import PATIENT, Told, at, given

TYPE = "Consent"
CONSENT = UUID(int=40)
FORM = Coded(system="LOINC", code="64292-6", display="Release of information consent")
asked = ConsentRequested(consent_id=CONSENT, scope=ConsentScope.PRIVACY, category=FORM)
granted = ConsentGranted(
    consent_id=CONSENT,
    scope=ConsentScope.PRIVACY,
    category=FORM,
    valid_from=at(9, day=1),
    valid_until=at(9, day=31),
    recipients=("North Clinic", "dr-9"),
    purposes=("TREAT", "COC"),
    labels=("42CFRPart2", "R"),
    part_2=True,
    signature_ref="scan 17",
    version="2026-01",
)
refused = ConsentRefused(consent_id=CONSENT, reason="no")


def consent(*told: Told) -> Json:
    return one(TYPE, given(opened, *told))


def test_what_is_permitted_is_told_for_whom_for_what_and_how_long() -> None:
    body = consent((granted, at(10)))
    assert body["status"] == "active"
    assert body["scope"]["coding"][0]["code"] == "patient-privacy"
    assert body["category"][0]["coding"][0] == {
        "system": "http://loinc.org",
        "code": "64292-6",
        "display": "Release of information consent",
    }
    assert body["dateTime"] == "2026-03-02T10:00:00.000000Z"
    assert body["performer"][0]["reference"] == body["patient"]["reference"] == f"Patient/{PATIENT}"
    assert body["policy"][0]["uri"].endswith("part-2")
    assert (body["policyRule"]["coding"][0]["code"], body["policyRule"]["text"]) == ("OPTIN", "Form 2026-01")
    assert body["sourceAttachment"] == {"title": "scan 17"}
    provision = body["provision"]
    assert provision["type"] == "permit"
    assert (provision["period"]["start"][:10], provision["period"]["end"][:10]) == (
        "2026-03-03",
        "2026-04-02",
    )
    assert [each["reference"]["display"] for each in provision["actor"]] == ["North Clinic", "dr-9"]
    assert [each["code"] for each in provision["purpose"]] == ["TREAT", "COC"]
    act_code, confidentiality = provision["securityLabel"]
    assert act_code["system"].endswith("v3-ActCode")
    assert confidentiality["system"].endswith("v3-Confidentiality")


def test_what_is_forbidden_is_opted_out_of() -> None:
    denied = ConsentGranted(consent_id=CONSENT, scope=ConsentScope.RESEARCH, provision=Provision.DENY)
    body = consent(denied)
    assert body["provision"]["type"] == "deny"
    assert body["policyRule"]["coding"][0]["code"] == "OPTOUT"
    assert body["category"][0]["coding"][0]["code"] == "59284-0"


def test_its_status_goes_with_the_patients_word() -> None:
    revoked = ConsentRevoked(consent_id=CONSENT, reason="changed her mind")
    told = given(opened, asked, refused, asked, granted, revoked)
    assert statuses(TYPE, CONSENT, told) == ["proposed", "rejected", "proposed", "active", "inactive"]
    answers = [each.body and each.body["policyRule"] for each in every_version(TYPE, CONSENT, told)]
    assert [each and each.get("coding", [{"code": None}])[0]["code"] for each in answers] == [
        *(None, "OPTOUT", None, "OPTIN", "OPTOUT"),
    ]


def test_nobody_has_performed_what_was_only_asked_for() -> None:
    body = consent(asked)
    assert not {"performer", "provision"} & set(body)
    assert "performer" in consent(refused)


def test_what_was_taken_back_speaks_until_then() -> None:
    body = consent(
        (granted, at(8)), (ConsentRevoked(consent_id=CONSENT, effective_at=at(9, day=7)), at(9, day=5))
    )
    assert body["provision"]["period"]["end"][:10] == "2026-03-09"


def test_what_was_taken_back_before_it_spoke_has_only_an_end() -> None:
    body = consent((granted, at(8)), (ConsentRevoked(consent_id=CONSENT), at(9)))
    assert body["provision"]["period"] == {"end": "2026-03-02T09:00:00.000000Z"}


def test_said_anew_the_last_words_count() -> None:
    wider = granted.model_copy(update={"recipients": ()})
    told = given(opened, granted, wider)
    assert "actor" not in one(TYPE, told)["provision"]
    first, _ = every_version(TYPE, CONSENT, told)
    assert first.body
    assert len(first.body["provision"]["actor"]) == 2


def test_what_is_no_code_to_fhir_is_told_in_words() -> None:
    odd = granted.model_copy(update={"purposes": ("for  my doctor", " TREAT ")})
    with_odd_form = odd.model_copy(update={"category": Coded(system="OUR FORMS", code="form\t7")})
    body = consent(with_odd_form)
    words, code = body["provision"]["purpose"]
    assert ("code" not in words, words["display"], code["code"]) == (True, "for  my doctor", "TREAT")
    assert body["category"][0]["coding"] == [{"system": "OUR%20FORMS", "display": "form\t7"}]


def test_an_emergency_is_no_consent() -> None:
    looked = ConsentOverrideInvoked(override_id=UUID(int=41), recipient="dr-1", until=at(20), reason="coma")
    assert told_as(TYPE, given(opened, looked)) == []


def test_erasure_leaves_the_terms_without_the_names() -> None:
    body = one(TYPE, erased(given(opened, granted)))
    assert body["status"] == "active"
    assert not {"actor"} & set(body["provision"])
    assert "sourceAttachment" not in body
