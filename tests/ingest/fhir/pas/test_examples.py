"""Every example of Da Vinci PAS 2.2.1 leads to the state that its decision says.

The table is written from the narrative, the specification's words about each example and its adjudications.
"""

from collections.abc import Mapping
from typing import NamedTuple

import pytest

from journey.ingest.aside import Unapplied
from tests.ingest.fhir.pas.payer import EXAMPLES, Story, example, needs_examples

REFERRAL = "Claim-ReferralAuthorizationExample"
MEDICAL = "Claim-MedicalServicesAuthorizationExample"
HOMECARE = "Claim-HomecareAuthorizationExample"


class Says(NamedTuple):
    """What an example says: of the whole, of each item, and after which request it can be said."""

    status: str | None
    items: Mapping[int, str | None] | None = None
    after: str | None = None


ONE, NOTHING = {1: None}, Says(None)
ASKED = Says("submitted", ONE)
APPROVED = Says("approved", {1: "A1"}, REFERRAL)
PENDED = Says("pended", ONE, REFERRAL)
DENIED = Says("denied", {1: "A3"}, REFERRAL)
RETURNED = Says("returned", ONE, REFERRAL)

TABLE = {
    # Requests: what is asked for waits for the payer. 3 Consultation, 33510, 99212, G0154 with B4184.
    "Claim-ReferralAuthorizationExample": ASKED,
    "Claim-SurgicalAuthorizationRequestExample": ASKED,
    "Claim-MedicalServicesAuthorizationExample": ASKED,
    "Claim-HomecareAuthorizationExample": Says("submitted", {1: None, 2: None}),
    "Bundle-ReferralAuthorizationBundleExample": ASKED,
    "Bundle-SurgicalRequestBundleExample": ASKED,
    "Bundle-MedicalServicesAuthorizationBundleExample": ASKED,
    "Bundle-HomecareAuthorizationBundleExample": Says("submitted", {1: None, 2: None}),
    # The update: item 2 "Certification Type: Cancel, Information Cancelled Flag: true", item 3 "added".
    "Claim-HomecareAuthorizationUpdateExample": Says("submitted", {1: None, 2: "C", 3: None}, HOMECARE),
    "Bundle-HomecareAuthorizationUpdateBundleExample": Says("submitted", {1: None, 2: "C", 3: None}),
    # "A1 Certified in total", number AUTH0001.
    "ClaimResponse-PractitionerRequestorResponseExample": APPROVED,
    "Bundle-ReferralAuthorizationResponseBundleExample": APPROVED,
    "Bundle-PASSubscriptionNotification": APPROVED,
    # The same, and an addItem for an item 2 that nobody asked for, A1 as well.
    "ClaimResponse-PractitionerRequestorAdditionalContentResponseExample": Says(
        "approved", {1: "A1", 2: "A1"}, REFERRAL
    ),
    # "A4 Pending", administration reference PEND0001, though the outcome is complete.
    "ClaimResponse-PractitionerRequestorPendingResponseExample": PENDED,
    "Bundle-ReferralPendingAuthorizationResponseBundleExample": PENDED,
    # "A3 Not Certified", though the outcome is complete. The Bundle holds the request.
    "ClaimResponse-RejectionResponseExample": DENIED,
    "Bundle-RejectionResponseBundleExample": Says("denied", {1: "A3"}),
    # outcome error: 04, and T4 at 2010A-NM103 with the follow-up C. The Bundle holds the request.
    "ClaimResponse-ErrorResponseExample": RETURNED,
    "Bundle-ErrorResponseBundleExample": Says("returned", ONE),
    # An inquiry asks for nothing new; its answer says A1 with AUTH0001. The Bundle holds the request.
    "Claim-PASClaimInquiryExample": NOTHING,
    "Bundle-PASClaimInquiryBundleExample": NOTHING,
    "ClaimResponse-PASClaimInquiryResponseExample": APPROVED,
    "Bundle-PASClaimInquiryResponseBundleExample": Says("approved", {1: "A1"}),
    "Parameters-PASClaimInquiryOperationResponseExample": Says("approved", {1: "A1"}),
    # "Attach Request Code", "Attachments Needed: Procedure note" for line 1.
    "Task-AdditionalInformationTaskExample": Says("information-requested", ONE, MEDICAL),
    # What the others refer to, and what is about the connection.
    "CommunicationRequest-CommunicationRequestExample": NOTHING,
    "Coverage-InsuranceExample": NOTHING,
    "DeviceRequest-DeviceRequestExample": NOTHING,
    "DocumentReference-DocumentReferenceExample": NOTHING,
    "Encounter-SurgicalEncounterExample": NOTHING,
    "Location-ReferralLocationExample": NOTHING,
    "Location-SurgicalLocationExample": NOTHING,
    "MedicationRequest-MedicationRequestExample": NOTHING,
    "NutritionOrder-NutritionOrderExample": NOTHING,
    "OperationOutcome-InvalidRequestResponse": NOTHING,
    "Organization-InsurerExample": NOTHING,
    "Organization-UMOExample": NOTHING,
    "Parameters-SubscriptionNotificationParameters": NOTHING,
    "Patient-BeneficiaryExample": NOTHING,
    "Patient-SubscriberExample": NOTHING,
    "Practitioner-ReferralPractitionerExample": NOTHING,
    "Practitioner-SurgicalPractitionerExample": NOTHING,
    "PractitionerRole-ReferralPractitionerRoleExample": NOTHING,
    "PractitionerRole-SurgicalPractitionerRoleExample": NOTHING,
    "ServiceRequest-ReferralRequestExample": NOTHING,
    "Subscription-PASSubscriptionExample": NOTHING,
}

pytestmark = needs_examples


def heard(name: str) -> Story:
    says = TABLE[name]
    return Story().hears(*filter(None, [says.after]), name)


def test_the_table_has_every_example() -> None:
    assert set(TABLE) == {path.stem for path in EXAMPLES.glob("*.json")}
    assert len(TABLE) == 47


@pytest.mark.parametrize("name", TABLE)
def test_each_leads_to_the_state_that_it_says(name: str) -> None:
    story = heard(name)
    assert story.status == TABLE[name].status
    if TABLE[name].items is not None:
        assert story.actions == TABLE[name].items
    else:
        assert story.events == ()


@pytest.mark.parametrize("name", [name for name, says in TABLE.items() if says.status])
def test_the_same_again_is_no_news(name: str) -> None:
    story = heard(name)
    before = story.events
    assert story.hears(name).events == before


@pytest.mark.parametrize("name", [name for name, says in TABLE.items() if says.after])
def test_what_is_said_of_a_request_waits_for_it(name: str) -> None:
    with pytest.raises(Unapplied, match="something that has not come yet") as refused:
        Story().hears(name)
    assert refused.value.code == "awaits-reference"


def test_a_request_is_told_with_all_that_it_refers_to() -> None:
    one = Story().hears("Bundle-ReferralAuthorizationBundleExample").one
    item = one.request.items[0]
    assert (one.request.payer, one.request.requester) == ("MARYLAND CAPITAL INSURANCE COMPANY", "8189991234")
    assert (one.request.urgency, one.trace) == ("expedited", "111099")
    assert (item.service.code, item.quantity, item.unit, item.performer) == ("3", 1, "visits", "1234567893")
    assert [each.code for each in item.diagnoses] == ["G89.4"]


def test_an_admission_is_asked_for_on_its_days() -> None:
    one = Story().hears("Bundle-SurgicalRequestBundleExample").one
    item = one.request.items[0]
    assert (str(item.valid_from), str(item.valid_until)) == ("2020-07-02", "2020-07-09")
    assert one.request.urgency == "standard"
    assert item.performer == "Practitioner/ReferralPractitionerExample", "who did not come along"


def test_an_approval_says_what_may_be_used_when_and_by_whom() -> None:
    story = Story().hears(
        "Bundle-ReferralAuthorizationBundleExample", "Bundle-ReferralAuthorizationResponseBundleExample"
    )
    grant = story.one.lines[1].grant
    assert grant is not None
    assert (grant.quantity, str(grant.valid_from), str(grant.valid_until)) == (1, "2005-05-02", "2005-06-02")
    assert (grant.performer, story.one.number) == ("1234567893", "AUTH0001")


def test_what_is_pended_goes_by_the_payers_number_and_is_approved_later() -> None:
    story = Story().hears(
        "Bundle-ReferralAuthorizationBundleExample",
        "Bundle-ReferralPendingAuthorizationResponseBundleExample",
    )
    assert story.status == "pended"
    assert story.hears("Bundle-PASSubscriptionNotification").status == "approved"


def test_an_answer_that_comes_once_more_after_the_next_takes_nothing_back() -> None:
    pended = "Bundle-ReferralPendingAuthorizationResponseBundleExample"
    story = Story().hears(
        "Bundle-ReferralAuthorizationBundleExample", pended, "Bundle-PASSubscriptionNotification"
    )
    assert story.hears(pended).status == "approved"


def test_a_fault_says_where_it_is_and_what_may_be_done() -> None:
    event = heard("ClaimResponse-ErrorResponseExample").events[-1]
    first, second = event.model_dump()["faults"]
    assert first["reason"]["code"] == "04"
    assert second["where"] == "2010A-NM103, Bundle.entry[1].Organization.name"
    assert (second["reason"]["code"], second["follow_up"]["code"]) == ("T4", "C")


def test_an_inquiry_says_less_than_the_answer_and_takes_nothing_from_it() -> None:
    story = Story().hears(
        "Bundle-ReferralAuthorizationBundleExample", "Bundle-ReferralAuthorizationResponseBundleExample"
    )
    before = story.events
    assert story.hears("Parameters-PASClaimInquiryOperationResponseExample").events == before


def test_what_the_payer_asks_for_is_told_by_its_code() -> None:
    event = heard("Task-AdditionalInformationTaskExample").events[-1]
    assert event.model_dump()["what"]["code"] == "28570-0"


def test_the_whole_lead_of_the_home_care_is_told_in_its_order() -> None:
    story = Story().hears(
        "Bundle-HomecareAuthorizationBundleExample", "Bundle-HomecareAuthorizationUpdateBundleExample"
    )
    assert [each.stored_as for each in story.events] == [
        "authorization.submitted",
        "authorization.update_submitted",
    ]
    assert story.one.trace == "111099-UPDATE"
    assert example("Claim-HomecareAuthorizationUpdateExample")["identifier"][0]["value"] == story.one.trace
