"""Resources in, journeys out: whose they are, what is recorded, and what is left for later."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from journey.domain.codes import EncounterClass, JourneyStatus, VisitStatus
from journey.domain.episode import CloseJourney, JourneyOpened
from journey.domain.event import Actor, Context, Precision, Source
from journey.domain.labels import labelled as labels_of_each
from journey.domain.labels import of_journey
from journey.domain.merge import PatientMerged, UnmergePatient, merges_of
from journey.domain.visit import PatientAdmitted, VisitCompleted, VisitStarted
from journey.fhir.chart import about
from journey.ingest.files import Found
from journey.ingest.hl7v2.ingest import ingest
from journey.store import across
from tests.ingest.fhir.feeding import ZONE, Feed, Json
from tests.ingest.fhir.written import (
    ACT,
    MRN,
    appointment,
    bundle,
    changed,
    encounter,
    episode,
    of,
    patient,
    referral,
    task,
)
from tests.ingest.hl7v2.written import evn, message, pv1


def test_a_patient_and_an_encounter_are_a_journey_with_a_visit(feed: Feed) -> None:
    counts = feed.take(bundle(patient(), encounter()))

    assert (counts.messages, counts.applied, counts.journeys) == (2, 2, 1)
    visit = feed.only_visit()
    assert (visit.status, visit.encounter_class) == (VisitStatus.FINISHED, EncounterClass.AMBULATORY)
    assert feed.only().episode.status is JourneyStatus.ACTIVE
    assert counts.events == len(feed.told())


def test_the_same_again_is_a_duplicate(feed: Feed) -> None:
    feed.take(bundle(patient(), encounter()))
    told = feed.told()

    counts = feed.take(bundle(patient(), encounter()))

    assert (counts.duplicate, counts.events, counts.journeys) == (2, 0, 0)
    assert feed.told() == told


def test_a_patient_of_whom_nothing_is_told_has_no_journey(feed: Feed) -> None:
    assert feed.take(patient()).applied == 1
    assert feed.journey_ids() == set()

    feed.take(encounter())
    assert [each.value for each in feed.only().identity.identifiers] == ["M1"]


STORY: tuple[Json, ...] = (
    patient(name=[{"family": "Doe", "given": ["Jane"]}]),
    episode(),
    appointment(),
    encounter(episodeOfCare=[{"reference": "EpisodeOfCare/s1"}]),
    encounter("e2"),
)


@pytest.mark.parametrize("order", list(permutations(range(5)))[::11])
def test_the_order_of_files_makes_no_difference(feed: Feed, order: tuple[int, ...]) -> None:
    counts = feed.take(*(STORY[number] for number in order))

    assert (counts.applied, counts.parked, counts.journeys) == (5, 0, 2)
    journeys = [feed.journey(journey_id) for journey_id in feed.journey_ids()]
    assert sorted(len(each.visits.by_id) for each in journeys) == [1, 2]
    assert {each.identity.demographics.family for each in journeys} == {"Doe"}
    assert len({each.identity.patient_id for each in journeys}) == 1


def test_what_refers_to_nobody_known_waits_for_that_one_over_runs(feed: Feed) -> None:
    assert feed.take(encounter()).reasons == {"awaits-reference": 1}
    assert feed.journey_ids() == set()

    counts = feed.take(patient())

    assert (counts.applied, counts.released, counts.journeys) == (1, 1, 1)
    assert {row["status"] for row in feed.inbox()} == {"applied"}
    assert feed.rows("SELECT * FROM fhir_awaited") == []
    assert feed.rows("SELECT * FROM fhir_untold") == []


def test_a_patient_known_from_hl7_v2_is_the_same_patient(feed: Feed) -> None:
    raw = message(
        "ADT^A01", evn("20260301090000+0000"), f"PID|||M1^^^{MRN}^MR", pv1(f19="V1"), control_id="1"
    )
    ingest(feed.store, [Found(raw, "test", 1)], zone=ZONE)

    number = [{"system": "HOSP", "value": "V2"}]
    counts = feed.take(bundle(patient(), encounter(identifier=number)))

    assert (counts.applied, counts.journeys) == (2, 0)
    assert len(feed.only().visits.by_id) == 2


def test_an_encounter_under_the_number_of_an_hl7_v2_visit_is_that_visit(feed: Feed) -> None:
    feed.take(
        bundle(
            patient(),
            encounter(status="in-progress", code="IMP", identifier=[{"system": "HOSP", "value": "V1"}]),
        )
    )
    raw = message(
        "ADT^A03", evn("20260302090000+0000"), f"PID|||M1^^^{MRN}^MR", pv1(f19="V1^^^HOSP"), control_id="1"
    )
    assert ingest(feed.store, [Found(raw, "test", 1)], zone=ZONE).applied == 1

    assert feed.only_visit().status is VisitStatus.FINISHED


def test_a_changed_encounter_gives_only_the_difference(feed: Feed) -> None:
    first = changed(encounter(status="in-progress"), "2026-03-01T09:01:00Z")
    feed.take(bundle(patient(), first))
    told = feed.told()

    counts = feed.take(changed(encounter(), "2026-03-01T10:01:00Z"))

    assert feed.told()[len(told) :] == ["visit.completed"]
    assert counts.events == 1


def test_another_time_corrects_what_was_said(feed: Feed) -> None:
    feed.take(bundle(patient(), encounter()))

    later = encounter(period={"start": "2026-03-01T09:30:00Z", "end": "2026-03-01T10:00:00Z"})
    counts = feed.take(changed(later, "2026-03-02T00:00:00Z"))

    assert counts.applied == 1
    (started,) = [each for each in feed.only().recorded if isinstance(each.event, VisitStarted)]
    assert started.occurred_at.isoformat() == "2026-03-01T09:30:00+00:00"


def test_a_visit_that_goes_on_after_all_is_open_again(feed: Feed) -> None:
    feed.take(bundle(patient(), encounter()))
    feed.take(changed(encounter(status="in-progress"), "2026-03-02T00:00:00Z"))

    assert feed.only_visit().status is VisitStatus.IN_PROGRESS
    assert not [each for each in feed.only().recorded if isinstance(each.event, VisitCompleted)]


def test_an_older_version_that_comes_late_changes_nothing_that_is_newer(feed: Feed) -> None:
    feed.take(bundle(patient(), changed(encounter(), "2026-03-02T00:00:00Z")))
    told = feed.told()

    older = encounter(status="in-progress", period={"start": "2026-03-01T08:00:00Z"})
    assert feed.take(changed(older, "2026-03-01T09:01:00Z")).applied == 1

    assert feed.told() == told


def test_a_stay_is_admitted_and_discharged_with_its_disposition(feed: Feed) -> None:
    home = {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/discharge-disposition", "code": "home"}]
    }
    feed.take(bundle(patient(), encounter(code="IMP", hospitalization={"dischargeDisposition": home})))

    journey, visit = feed.only(), feed.only_visit()
    discharge = journey.discharges.of(visit.visit_id)
    assert visit.admitted is not None
    assert discharge is not None
    assert discharge.disposition is not None
    assert discharge.disposition.code == "home"


def test_histories_are_told_one_after_the_other(feed: Feed) -> None:
    told = encounter(
        code="IMP",
        period={"start": "2026-03-01T09:00:00Z", "end": "2026-03-05"},
        classHistory=[
            {"class": {"system": ACT, "code": "EMER"}, "period": {"start": "2026-03-01T09:00:00Z"}},
            {"class": {"system": ACT, "code": "IMP"}, "period": {"start": "2026-03-01T12:00:00Z"}},
        ],
        statusHistory=[
            {"status": "arrived", "period": {"start": "2026-03-01T08:50:00Z"}},
            {"status": "onleave", "period": {"start": "2026-03-03", "end": "2026-03-04"}},
        ],
        location=[
            {"location": {"display": "ER"}, "period": {"start": "2026-03-01T09:00:00Z"}},
            {"location": {"display": "Ward 3"}, "period": {"start": "2026-03-01T12:00:00Z"}},
        ],
    )
    feed.take(bundle(patient(), told))

    names = [
        each.event.stored_as for each in feed.only().recorded if each.event.stored_as.startswith(("v", "d"))
    ]
    assert names == [
        "visit.arrived",
        "visit.started",
        "visit.admitted",
        "visit.moved",
        "visit.leave_started",
        "visit.leave_ended",
        "discharge.departed",
    ]
    visit = feed.only_visit()
    assert (visit.location and visit.location.point_of_care, visit.status) == ("Ward 3", VisitStatus.FINISHED)


def test_a_time_is_as_exact_as_it_was_written(feed: Feed) -> None:
    feed.take(bundle(patient(), encounter(code="IMP", period={"start": "2019-05", "end": "2019-06-01"})))

    (admitted,) = [each for each in feed.only().recorded if isinstance(each.event, PatientAdmitted)]
    assert admitted.occurred_precision is Precision.MONTH


def test_an_appointment_becomes_the_visit_of_its_encounter(feed: Feed) -> None:
    feed.take(bundle(patient(), appointment()))
    assert feed.only_visit().status is VisitStatus.BOOKED

    feed.take(encounter(appointment=[{"reference": "Appointment/a1"}]))

    assert feed.only_visit().status is VisitStatus.FINISHED


@pytest.mark.parametrize(
    ("status", "became"),
    [
        ("proposed", VisitStatus.PROPOSED),
        ("waitlist", VisitStatus.WAITLIST),
        ("booked", VisitStatus.BOOKED),
        ("arrived", VisitStatus.ARRIVED),
        ("checked-in", VisitStatus.CHECKED_IN),
        ("fulfilled", VisitStatus.FINISHED),
        ("noshow", VisitStatus.NO_SHOW),
        ("cancelled", VisitStatus.CANCELLED),
        ("entered-in-error", VisitStatus.ENTERED_IN_ERROR),
    ],
)
def test_what_became_of_an_appointment(feed: Feed, status: str, became: VisitStatus) -> None:
    feed.take(bundle(patient(), appointment()) if status not in {"proposed", "waitlist"} else patient())
    feed.take(changed(appointment(status=status), "2026-03-01T11:00:00Z"))
    assert feed.only_visit().status is became

    told = feed.told()
    feed.take(changed(appointment(status=status), "2026-03-01T12:00:00Z"))
    assert feed.told() == told


def test_an_appointment_is_moved(feed: Feed) -> None:
    feed.take(bundle(patient(), appointment()))
    moved = appointment(start="2026-03-08T09:00:00Z", end="2026-03-08T10:00:00Z")
    feed.take(changed(moved, "2026-02-20T00:00:00Z"))

    assert feed.told()[-1] == "visit.rescheduled"
    start = feed.only_visit().start
    assert start is not None
    assert start.isoformat() == "2026-03-08T09:00:00+00:00"


def test_an_episode_is_a_journey_of_its_own_with_its_status(feed: Feed) -> None:
    feed.take(bundle(patient(), episode(), encounter(episodeOfCare=[{"reference": "EpisodeOfCare/s1"}])))
    assert feed.only().episode.status is JourneyStatus.ACTIVE

    feed.take(changed(episode(status="finished"), "2026-07-01T00:00:00Z"))
    assert feed.only().episode.status is JourneyStatus.FINISHED


def test_what_comes_after_a_journey_is_over_continues_it(feed: Feed) -> None:
    feed.take(bundle(patient(), encounter()))
    (first,) = feed.journey_ids()
    context = Context(actor=Actor(id="c", kind="human"), source=Source(system="test", channel="test"))
    feed.store.handle(first, CloseJourney(override_reason="over"), context)

    counts = feed.take(encounter("e2", status="in-progress", period={"start": datetime.now(UTC).isoformat()}))

    (second,) = feed.journey_ids() - {first}
    assert (counts.applied, counts.journeys) == (1, 1)
    assert feed.journey(second).identity == feed.journey(first).identity
    assert [each.status for each in feed.journey(second).visits] == [VisitStatus.IN_PROGRESS]


def test_a_referral_and_what_a_task_makes_of_it(feed: Feed) -> None:
    counts = feed.take(task(), bundle(patient(), referral()))

    assert (counts.applied, counts.parked) == (3, 0)
    (known,) = feed.only().referrals
    assert known.status == "accepted"

    feed.take(changed(task(status="completed", lastModified="2026-02-09"), "2026-02-09T00:00:00Z"))
    (known,) = feed.only().referrals
    assert known.status == "outcome-received"


def test_an_order_that_is_no_referral_is_not_mapped(feed: Feed) -> None:
    counts = feed.take(patient(), referral(category=[{"text": "Laboratory"}]))
    assert counts.not_mapped == {"ServiceRequest": 1}


def linked(other: str, kind: str) -> Json:
    return {"link": [{"other": {"reference": f"Patient/{other}"}, "type": kind}]}


def people(feed: Feed) -> set[UUID]:
    """Those records that go on."""
    found = set()
    for each in feed.journey_ids():
        recorded = feed.store.load(each).effective
        opened = next(one.event for one in recorded if isinstance(one.event, JourneyOpened))
        found.add(merges_of(recorded).into(opened.patient_id) or opened.patient_id)
    return found


def families(feed: Feed) -> dict[str | None, UUID | None]:
    """Who is called how, and whose journey says so."""
    known = (feed.journey(each).identity for each in feed.journey_ids())
    return {each.demographics.family: each.patient_id for each in known}


def other_one(**more: Any) -> Json:
    return patient("M2", "p2", **more)


@pytest.mark.parametrize("with_visits", [True, False])
@pytest.mark.parametrize("first", ["p1", "p2"])
@pytest.mark.parametrize("kind", ["replaces", "replaced-by"])
def test_a_link_makes_one_of_two_records(feed: Feed, kind: str, first: str, *, with_visits: bool) -> None:
    """Whichever says so, whichever comes first, and whether more is known of them or not."""
    one, other = (
        patient(**linked("p2", kind), name=[{"family": "One"}]),
        other_one(name=[{"family": "Other"}]),
    )
    visits = [encounter(), encounter("e2", subject=of("p2"))] if with_visits else []
    feed.take(*([one, other] if first == "p1" else [other, one]), *visits)
    assert {each["status"] for each in feed.inbox()} == {"applied"}
    goes_on, retired = ("One", "Other") if kind == "replaces" else ("Other", "One")
    assert families(feed).keys() == {goes_on, retired}
    assert people(feed) == {families(feed)[goes_on]}
    assert feed.take(encounter("e3", subject=of("p1" if retired == "One" else "p2"))).applied == 1
    assert len(people(feed)) == 1


def test_a_record_that_is_no_more_says_nothing_of_the_one_that_goes_on(feed: Feed) -> None:
    feed.take(patient(name=[{"family": "Kept"}]), other_one(name=[{"family": "Old"}]), encounter())
    gone = other_one(name=[{"family": "Older"}], **linked("p1", "replaced-by"))
    for day in ("2026-04-01T00:00:00Z", "2026-04-02T00:00:00Z"):
        assert feed.take(changed(gone, day)).applied == 1
    assert families(feed).keys() == {"Kept", "Old"}
    assert people(feed) == {families(feed)["Kept"]}


def test_two_records_that_somebody_made_again_are_not_merged_by_the_same_link(feed: Feed) -> None:
    feed.take(other_one(), patient(**linked("p2", "replaces")), encounter())
    events = [one.event for each in feed.journey_ids() for one in feed.store.load(each).effective]
    merged = next(each for each in events if isinstance(each, PatientMerged))
    undo = UnmergePatient(survivor=merged.survivor, retired=merged.retired, reason="two after all")
    source = Source(system="test", channel="test")
    across.merge(feed.store, undo, Context(actor=Actor(id="a", kind="human"), source=source))
    assert len(people(feed)) == 2
    feed.take(changed(patient(**linked("p2", "replaces")), "2026-04-01T00:00:00Z", gender="female"))
    assert len(people(feed)) == 2


def test_a_link_to_nobody_who_has_come_waits(feed: Feed) -> None:
    assert feed.take(patient(**linked("p2", "replaces")), encounter()).reasons["awaits-reference"] == 1
    feed.take(other_one())
    assert {each["status"] for each in feed.inbox()} == {"applied"}
    assert len(people(feed)) == 1
    assert feed.take(patient("M3", "p3", **linked("p4", "seealso"))).applied == 1


def test_a_label_that_comes_alone_is_set_aside_until_something_bears_it(feed: Feed) -> None:
    """Applied, it would be taken for protected."""
    feed.take(bundle(patient(), encounter()))
    secret = {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "PSY"}]}
    labelled = encounter(meta={"lastUpdated": "2026-04-01T00:00:00Z", **secret})
    assert feed.take(labelled).reasons == {"label-alone": 1}
    assert of_journey(feed.only().recorded) == frozenset()
    more = encounter(meta={"lastUpdated": "2026-04-02T00:00:00Z", **secret}, serviceType={"text": "Ward"})
    assert feed.take(more).applied == 1
    visit = feed.only_visit().visit_id
    borne = labels_of_each(feed.only().recorded)
    assert all(borne[each.event_id] == {"PSY"} for each in feed.only().recorded if visit in about(each.event))
    assert feed.replay().applied == 1
    ordinary = {"lastUpdated": "2026-04-03T00:00:00Z", "security": [{"code": "N"}]}
    assert feed.take(encounter("e2")).applied == feed.take(encounter("e2", meta=ordinary)).applied == 1


def test_security_labels_are_on_the_events(feed: Feed) -> None:
    security = [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "PSY"}]
    feed.take(bundle(patient(), encounter(), encounter("e2", meta={"security": security})))

    labelled = [each.context.labels for each in feed.only().recorded]
    assert labelled.count(("PSY",)) == 2
    assert labelled[0] == ()


def test_a_name_made_up_for_one_bundle_means_nothing_in_another(feed: Feed) -> None:
    for number in ("M1", "M2"):
        told = encounter(subject={"reference": "urn:uuid:patient"})
        del told["id"]
        bare = patient(number)
        del bare["id"]
        feed.take(bundle(bare, told, urls=("urn:uuid:patient", "urn:uuid:encounter")))

    assert len(feed.journey_ids()) == 2


def test_a_uuid_that_two_senders_copied_makes_no_one_another(feed: Feed) -> None:
    url = "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"
    for number, id_ in (("M1", "p1"), ("M2", "p2")):
        counts = feed.take(bundle(patient(number, id_), urls=(url,)))
    assert counts.reasons == {"two-patients": 1}


@pytest.mark.parametrize("url", ["\x00", "urn:uuid:\x00", "x" * 5000, "http://\x00/Encounter/\x00"])
def test_a_name_that_is_none_is_passed_over(feed: Feed, url: str) -> None:
    bare = encounter()
    del bare["id"]
    counts = feed.take(bundle(patient(), bare, encounter("e2"), urls=("", url, url)))
    assert counts.applied + counts.parked == 3
    assert counts.applied >= 2


def test_the_ids_of_two_servers_are_apart(feed: Feed) -> None:
    feed.take(bundle(patient("M1"), encounter()), system="http://one.example/fhir")
    feed.take(bundle(patient("M2"), encounter()), system="http://two.example/fhir")
    assert len(feed.journey_ids()) == 2

    counts = feed.take(
        bundle(encounter("e9"), kind="searchset", urls=("http://one.example/fhir/Encounter/e9",))
    )
    assert (counts.applied, counts.parked, len(feed.journey_ids())) == (1, 0, 2)


def test_r5_is_rejected_by_name(feed: Feed) -> None:
    counts = feed.take(patient(), encounter(actualPeriod={"start": "2026-03-01"}))
    assert counts.reasons == {"not-r4": 1}


def test_a_contained_patient_is_found_by_number(feed: Feed) -> None:
    inside = patient(id_="here")
    counts = feed.take(patient(), encounter(subject={"reference": "#here"}, contained=[inside]))
    assert (counts.applied, counts.journeys) == (2, 1)


def test_a_reference_by_identifier_alone_is_enough(feed: Feed) -> None:
    subject = {"identifier": {"system": MRN, "value": "M1"}}
    counts = feed.take(encounter(subject=subject), patient())
    assert (counts.applied, counts.journeys) == (2, 1)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b'{"resourceType": "Patient", "id":', "unparseable"),
        (b"\xff\xfe\x00", "unparseable"),
        (b"[1, 2]", "unparseable"),
        (b'{"hello": 1}', "not-fhir"),
        (b'{"resourceType": 7}', "not-fhir"),
        (b'{"resourceType": "Bundle", "type": "batch", "entry": [7]}', "not-fhir"),
        (b'{"resourceType": "Patient"}', "no-patient"),
        (b'{"resourceType": "Patient", "id": 7}', "bad-value"),
        (b'{"resourceType": "Patient", "id": "p", "birthDate": "yesterday"}', "bad-value"),
        (b'{"resourceType": "Patient", "id": "p", "gender": "bogus"}', "unknown-code"),
        (b'{"resourceType": "Encounter", "id": "e"}', "no-patient"),
    ],
)
def test_what_is_no_such_resource_is_set_aside_whole(feed: Feed, raw: bytes, code: str) -> None:
    counts = feed.take(raw)
    assert (counts.messages, counts.reasons) == (1, {code: 1})
    assert [row["code"] for row in feed.inbox()] == [code]


@pytest.mark.parametrize("place", ["class", "classHistory[0].class"])
def test_a_class_that_is_none_is_not_guessed_at(feed: Feed, place: str) -> None:
    known, none = ({"system": ACT, "code": code} for code in ("IMP", "NOPE"))
    before = {"class": none, "period": {"start": "2026-03-01T09:00:00Z"}}
    told = {"class": none} if place == "class" else {"class": known, "classHistory": [before]}
    counts = feed.take(patient(), {**encounter(), **told})
    assert counts.reasons == {"unknown-code": 1}
    assert [row["reason"] for row in feed.inbox() if row["code"]] == [
        f"Encounter.{place}.code: it is none of v3 ActEncounterCode."
    ]


def test_lines_and_documents_are_read_alike(feed: Feed) -> None:
    lines = b"\n".join(json.dumps(each).encode() for each in (patient(), encounter(), encounter("e2")))
    assert feed.take(lines).applied == 3
    assert feed.take(json.dumps(bundle(patient()), indent=2).encode()).duplicate == 1


def test_two_who_hear_the_same_at_once_tell_it_once(feed: Feed) -> None:
    lives = [
        bundle(
            patient(f"M{n}", f"p{n}"), *(encounter(f"e{n}-{each}", subject=of(f"p{n}")) for each in range(4))
        )
        for n in range(8)
    ]
    with ThreadPoolExecutor(2) as pool, closing(Feed(feed.url)) as other:
        for done in [pool.submit(each.take, *lives) for each in (feed, other)]:
            done.result()

    assert len(feed.journey_ids()) == 8
    for journey_id in feed.journey_ids():
        told = [each.event.stored_as for each in feed.store.load(journey_id).recorded]
        assert (told.count("visit.started"), told.count("visit.completed")) == (4, 4)


def test_the_id_of_a_patient_stands_on_no_event(feed: Feed) -> None:
    feed.take(bundle(patient(id_="M4711"), encounter(subject=of("M4711"))))
    assert not feed.rows("SELECT FROM event WHERE context::text LIKE %s", "%M4711%")
    assert not feed.rows("SELECT FROM inbox WHERE control_id LIKE %s", "%M4711%")


def test_what_is_parked_is_tried_again(feed: Feed) -> None:
    feed.take(patient(), {**encounter(), "period": {}})
    counts = feed.replay()
    assert (counts.messages, counts.parked, counts.reasons) == (1, 1, {"no-time": 1})
