"""Messages in, journeys and a full inbox out: known ones, early ones, odd ones, and nobody lost."""

from contextlib import closing
from pathlib import Path
from threading import Barrier, Thread
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journey.domain.codes import JourneyStatus, VisitStatus
from journey.domain.episode import CloseJourney, OpenJourney
from journey.domain.event import Actor, Context, Source
from journey.domain.identity import Demographics, Identifier
from journey.domain.journey import Journey
from journey.domain.merge import MergePatient, UnmergePatient
from journey.domain.standing import standing
from journey.ingest.files import Found, Unreadable
from journey.ingest.hl7v2 import mapping
from journey.ingest.hl7v2.inbox import message_key
from journey.ingest.hl7v2.ingest import Counts, ingest
from journey.ingest.hl7v2.reasons import PARKED, REJECTED
from journey.ingest.hl7v2.receiver import Receiver
from journey.projections import READ_MODELS
from journey.projections.projector import Projector
from journey.store import across
from journey.store.sequencer import drain
from journey.store.store import Store
from tests.ingest.hl7v2.feeding import ZONE, Feed
from tests.ingest.hl7v2.written import PID, evn, message, pv1, segment
from tests.store.proxy import Proxy

CONTEXT = Context(actor=Actor(id="nurse-1", kind="human"), source=Source(system="test", channel="test"))


def at(hour: int, day: int = 1) -> str:
    return evn(f"202603{day:02}{hour:02}0000+0000")


def adt(trigger: str, hour: int, *segments: str, day: int = 1, pid: str = PID) -> bytes:
    return message(f"ADT^{trigger}", at(hour, day), pid, *(segments or (pv1(),)))


ADMIT, TRANSFER, DISCHARGE = adt("A01", 8), adt("A02", 9, pv1(f3="ICU")), adt("A03", 10, pv1(f36="01"))
UNDO_ADMIT, UNDO_TRANSFER, UNDO_DISCHARGE = adt("A11", 8), adt("A12", 9), adt("A13", 11)


# --- Taken once


def test_a_message_opens_a_journey_and_is_kept_whole(feed: Feed) -> None:
    counts = feed.take(ADMIT)

    assert (counts.applied, counts.journeys, counts.events) == (1, 1, 5)
    assert feed.journey_of("M1").episode.status is JourneyStatus.ACTIVE
    assert feed.only_visit().status is VisitStatus.IN_PROGRESS
    (kept,) = feed.inbox()
    assert (kept["status"], kept["raw"], kept["code"], kept["reason"]) == ("applied", ADMIT, None, None)
    assert (kept["trigger"], kept["sender"], kept["source"]) == ("ADT^A01", "APP|HOSP", "test")
    assert kept["journey_id"] in feed.journey_ids()
    assert kept["applied_at"]


def test_events_say_which_message_they_come_from(feed: Feed) -> None:
    feed.take(message("ADT^A01", at(8), PID, pv1(), control_id="C 7"))

    contexts = [each.context for each in feed.store.load(feed.journey_of("M1").journey_id).recorded]
    assert {context.actor.id for context in contexts} == {"hl7v2"}
    assert {context.source for context in contexts} == {
        Source(system="APP|HOSP", channel="hl7v2", message_id="C 7")
    }
    assert len({context.correlation_id for context in contexts}) == 1


@pytest.mark.parametrize(
    "again",
    [
        ADMIT,
        ADMIT.replace(b"\r", b"\n"),
        ADMIT.replace(b"\r", b"\r\n") + b"\r\n",
        b"\xef\xbb\xbf" + ADMIT,
        b"\x0b" + ADMIT + b"\x1c\r",
        ADMIT.replace(b"|20260302120000+0000|", b"|20260302120500+0000|"),
    ],
    ids=["the same bytes", "LF", "CRLF", "a byte order mark", "MLLP", "sent anew"],
)
def test_a_message_that_comes_again_is_a_duplicate(feed: Feed, again: bytes) -> None:
    feed.take(ADMIT)
    counts = feed.take(again)

    assert (counts.duplicate, counts.events) == (1, 0)
    assert [kept["seen"] for kept in feed.inbox()] == [2]


def test_one_control_id_with_other_content_is_another_message(feed: Feed) -> None:
    counts = feed.take(
        message("ADT^A01", at(8), PID, pv1(), control_id="C1"),
        message("ADT^A02", at(9), PID, pv1(), control_id="C1"),
    )

    assert (counts.applied, counts.duplicate, counts.reused_ids) == (2, 0, 1)


def test_without_a_control_id_content_and_time_of_sending_tell() -> None:
    first = message("ADT^A01", PID, control_id="", sent="20260301080000")

    assert message_key(first) == message_key(first + b"\r")
    assert message_key(first) != message_key(first.replace(b"20260301080000", b"20260301090000"))


def test_what_another_process_takes_at_the_same_time_is_taken_once(feed: Feed, database_url: str) -> None:
    """Two open the same new patients, message by message, at the same moments."""
    raws = [
        message("ADT^A01", at(8), f"PID|||A{n}~B{n}", pv1(f19=f"V{n}"), control_id=f"C{n}") for n in range(20)
    ]
    other_names = [raw.replace(b"~", b"~X").replace(b"|C", b"|D") for raw in raws]
    start, both = Barrier(2), list[Counts]()

    def run(messages: list[bytes]) -> None:
        with closing(Feed(database_url)) as own:
            start.wait()
            both.append(own.take_all(messages))

    threads = [Thread(target=run, args=(each,)) for each in (raws, raws)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(counts.applied for counts in both) == sum(counts.duplicate for counts in both) == 20
    assert len(feed.journey_ids()) == 20
    assert feed.take_all(other_names).journeys == 0


def test_two_processes_that_know_a_patient_by_different_numbers_open_one_journey(
    feed: Feed, database_url: str
) -> None:
    start = Barrier(3)

    def run(pid: str) -> None:
        with closing(Feed(database_url)) as own:
            for n in range(15):
                start.wait()
                own.take(message("ADT^A28", at(8), pid.format(n)))

    threads = [
        Thread(target=run, args=(pid,))
        for pid in ("PID|||A{0}~B{0}", "PID|||B{0}~C{0}", "PID|||C{0}~B{0}~A{0}")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(feed.journey_ids()) == 15
    assert {kept["status"] for kept in feed.inbox()} == {"applied"}


# --- Out of order


def test_a_cancelled_discharge_may_come_first(feed: Feed) -> None:
    first = feed.take(ADMIT, UNDO_DISCHARGE)
    (parked,) = [kept for kept in feed.inbox() if kept["status"] == "parked"]

    assert (first.applied, first.parked, dict(first.reasons)) == (1, 1, {"nothing-to-cancel": 1})
    assert (parked["code"], parked["waits"]) == ("nothing-to-cancel", True)

    counts = feed.take(DISCHARGE)

    assert (counts.applied, counts.released) == (1, 1)
    assert {kept["status"] for kept in feed.inbox()} == {"applied"}
    assert feed.only_visit().status is VisitStatus.IN_PROGRESS
    assert "correction.voided" in feed.told(feed.journey_of("M1").journey_id)


def test_what_is_released_in_the_same_run_counts_once(feed: Feed) -> None:
    counts = feed.take(UNDO_DISCHARGE, UNDO_TRANSFER, ADMIT, TRANSFER, DISCHARGE)

    assert (counts.applied, counts.parked, counts.released, +counts.reasons) == (5, 0, 0, {})
    assert feed.only_visit().status is VisitStatus.IN_PROGRESS
    location = feed.only_visit().location
    assert location
    assert location.point_of_care == "W1"


def test_a_second_cancellation_is_not_taken_for_the_first(feed: Feed) -> None:
    again, undo_again = adt("A03", 12), adt("A13", 13)
    counts = feed.take(ADMIT, DISCHARGE, UNDO_DISCHARGE, undo_again)

    assert dict(counts.reasons) == {"nothing-to-cancel": 1}
    assert feed.take(again).released == 1
    assert feed.only_visit().status is VisitStatus.IN_PROGRESS
    assert feed.take(adt("A13", 13), adt("A13", 11)).events == 0, "said again, they are the same two"


def test_a_cancelled_move_waits_for_the_move_away_from_where_the_patient_is_back(feed: Feed) -> None:
    to_icu, to_lab = adt("A02", 9, pv1(f3="ICU")), adt("A02", 11, pv1(f3="LAB"))
    counts = feed.take(ADMIT, to_icu, adt("A12", 12, pv1(f3="ICU")))

    assert dict(counts.reasons) == {"nothing-to-cancel": 1}
    assert feed.take(to_lab).released == 1
    assert str(feed.only_visit().location) == "ICU"


def test_a_cancelled_discharge_of_a_visit_without_a_bed(feed: Feed) -> None:
    counts = feed.take(
        *(adt(trigger, hour, pv1(f2="O")) for trigger, hour in (("A04", 8), ("A03", 9), ("A13", 9)))
    )

    assert counts.applied == 3
    assert feed.only_visit().status is VisitStatus.IN_PROGRESS


def test_an_update_that_comes_before_its_visit_is_applied_and_completed_when_that_comes(feed: Feed) -> None:
    update = adt("A08", 9, pv1(f2="E", f3="BAY7"), pid=PID + "|||F")
    first = feed.take(update)

    assert (first.applied, first.parked) == (1, 0)
    assert list(feed.journey_of("M1").visits) == []

    counts = feed.take(adt("A28", 7), adt("A04", 8, pv1(f2="E", f3="WAITING")))

    assert (counts.applied, counts.released) == (2, 0)
    assert str(feed.only_visit().location) == "BAY7"
    assert not any(kept["waits"] for kept in feed.inbox())
    assert feed.take(update).duplicate == 1


def test_a_cancelled_admission_leaves_no_stay(feed: Feed) -> None:
    feed.take(UNDO_ADMIT, ADMIT)

    assert list(feed.journey_of("M1").visits) == []


def test_a_move_without_a_visit_number_waits_for_the_admission(feed: Feed) -> None:
    counts = feed.take(adt("A02", 9, pv1(f3="ICU", f19="")), adt("A01", 8, pv1(f19="")))

    assert (counts.applied, counts.parked) == (2, 0)
    location = feed.only_visit().location
    assert location
    assert location.point_of_care == "ICU"


def test_what_was_told_late_is_recorded_at_its_own_time(feed: Feed) -> None:
    feed.take(DISCHARGE, ADMIT, TRANSFER)

    visit = feed.only_visit()
    assert (visit.status, visit.admitted and visit.admitted.at.hour) == (VisitStatus.FINISHED, 8)
    assert visit.ended
    assert visit.ended.at.hour == 10


# --- Set aside


def test_nothing_that_cannot_be_applied_is_lost_or_stops_the_rest(feed: Feed) -> None:
    odd = [
        b"\x00\x01 not a message",
        message("ORM^O01", PID),
        message("ADT^A01", at(8)),
        adt("A01", 9, day=99),
        adt("A02", 9, pv1(f3="")),
        message("ADT^A01", evn("20991231"), PID, pv1()),
        message("SIU^S12", "SCH||F1|||||||||^^^20260302^20260301", PID),
        message("ACK"),
        message("", PID),
    ]
    counts = feed.take_all([*odd, ADMIT])

    assert (counts.applied, counts.parked, counts.rejected) == (1, 7, 2)
    assert set(counts.reasons) == {
        *("unparseable", "no-mapping", "no-patient", "bad-time", "missing-field"),
        *("occurs-in-the-future", "bad-value", "acknowledgement", "no-type"),
    }
    assert [kept["raw"] for kept in feed.inbox()] == [*odd, ADMIT]
    for kept in feed.inbox()[:-1]:
        assert kept["code"] in PARKED | REJECTED
        assert kept["reason"].endswith(".")


def test_numbers_of_two_patients_known_apart_are_for_a_person(feed: Feed) -> None:
    counts = feed.take(
        adt("A28", 8, pid="PID|||M1"), adt("A28", 8, pid="PID|||M2"), adt("A28", 9, pid="PID|||M1~M2")
    )

    assert dict(counts.reasons) == {"two-patients": 1}
    merged = feed.take(message("ADT^A40", at(9), "PID|||M1", "MRG|M2"))
    assert (merged.applied, feed.replay("two-patients").applied) == (1, 1)


def test_a_mistake_of_ours_is_kept_and_tried_again(
    feed: Feed, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object) -> None:
        raise KeyError("Doe")

    with monkeypatch.context() as broken:
        broken.setattr(mapping, "demographics", fails)
        counts = feed.take(ADMIT)

    assert dict(counts.reasons) == {"internal": 1}
    (kept,) = feed.inbox()
    assert kept["reason"].startswith("KeyError: ")
    logged = capsys.readouterr()
    assert "ingest.internal" in logged.out + logged.err
    assert "Doe" not in logged.out + logged.err + kept["reason"]

    again = feed.replay()

    assert (again.messages, again.applied, again.parked) == (1, 1, 0)
    assert feed.only_visit().status is VisitStatus.IN_PROGRESS


def test_replay_takes_all_or_those_of_one_reason(feed: Feed) -> None:
    feed.take(message("ORM^O01", PID), UNDO_DISCHARGE, b"nonsense")

    assert dict(feed.replay("no-mapping").reasons) == {"no-mapping": 1}
    assert dict(feed.replay().reasons) == {"no-mapping": 1, "nothing-to-cancel": 1, "unparseable": 1}
    assert [kept["attempts"] for kept in feed.inbox()] == [3, 2, 2]


def test_a_file_that_cannot_be_read_is_told_and_is_no_message(feed: Feed) -> None:
    gone = Unreadable("gone.hl7", "It cannot be read.")
    seen = list[int]()
    counts = ingest(
        feed.store,
        [Found(ADMIT, "a.hl7", 1), gone, Found(TRANSFER, "b.hl7", 1)],
        zone=ZONE,
        progress=lambda counts: seen.append(counts.messages),
    )

    assert (counts.messages, counts.applied, counts.unreadable, seen) == (2, 2, [gone], [1, 2])


def test_without_its_database_a_run_stops_with_a_sentence_and_goes_on_where_it_was(
    database_url: str, short_folder: Path
) -> None:
    raws = [ADMIT, TRANSFER, DISCHARGE]
    with Proxy(database_url, short_folder) as proxy, closing(Store(proxy.url, timeout=0.5)) as store:

        def gone(counts: Counts) -> None:
            if counts.messages == 2:
                proxy.end()

        counts = ingest(store, [Found(raw, "t", 1) for raw in raws], zone=ZONE, progress=gone)

    assert (counts.messages, counts.applied) == (2, 2)
    assert counts.stopped
    assert "database" in counts.stopped
    with closing(Feed(database_url)) as feed:
        rest = feed.take_all(raws)
        assert (rest.duplicate, rest.applied) == (2, 1)


# --- Journeys that others opened, closed or merged


def opened(feed: Feed, value: str) -> UUID:
    """A journey opened through another door, in the read models."""
    journey_id = uuid4()
    command = OpenJourney(
        patient_id=uuid4(),
        identifiers=(Identifier(system="HOSP", value=value),),
        patient=Demographics(family="Doe"),
    )
    feed.store.handle(journey_id, command, CONTEXT)
    drain(feed.url)
    for model in READ_MODELS:
        Projector(feed.url, model).catch_up()
    return journey_id


def test_a_journey_opened_in_another_way_is_found_by_its_number(feed: Feed) -> None:
    journey_id = opened(feed, "M1")
    opened(feed, "M2")
    counts = feed.take(ADMIT)

    assert counts.journeys == 0
    assert feed.journey_of("M1").journey_id == journey_id
    assert feed.journey_ids() >= {journey_id}


def test_the_same_number_of_another_authority_is_another_patient(feed: Feed) -> None:
    opened(feed, "M1")

    assert feed.take(adt("A01", 8, pid="PID|||M1^^^ELSEWHERE")).journeys == 1


def test_when_a_journey_is_over_the_next_one_goes_on_from_it(feed: Feed) -> None:
    feed.take(ADMIT, DISCHARGE)
    first = feed.journey_of("M1")
    closing_it = CloseJourney(
        override_reason="moved away", occurred_at=first.visits.by_id[feed.only_visit().visit_id].since.at
    )
    feed.store.handle(first.journey_id, closing_it, CONTEXT)

    again = adt("A01", 8, pv1(f19="V2"), day=5)
    counts = feed.take(again, adt("A03", 9, pv1(f19="V2"), day=5))

    second = feed.journey_of("M1")
    opening = feed.store.load(second.journey_id).recorded[0].event
    assert (counts.applied, counts.journeys) == (2, 1)
    assert second.journey_id != first.journey_id
    assert getattr(opening, "continues", None) == first.journey_id
    assert [visit.status for visit in second.visits] == [VisitStatus.FINISHED]

    late = feed.take(adt("A02", 9, pv1(f3="ICU")))

    assert (late.applied, late.journeys) == (1, 0)
    assert "visit.moved" in feed.told(first.journey_id)


SURVIVOR, RETIRED = "PID|||M1^^^HOSP^MR", "PID|||M0^^^HOSP^MR"
MERGE = message("ADT^A40", at(12), SURVIVOR, "MRG|M0^^^HOSP^MR")


def links(feed: Feed, journey_id: UUID) -> list[str]:
    return [link for _, link in standing(feed.journey(journey_id)).patient.links]


def test_a_merge_links_both_patients_and_leads_the_retired_number_to_the_survivor(feed: Feed) -> None:
    feed.take(adt("A01", 8, pv1(f19="V0"), pid=RETIRED), adt("A28", 8, pid=SURVIVOR))
    retired, survivor = feed.journey_of("M0").journey_id, feed.journey_of("M1").journey_id
    counts = feed.take(MERGE)

    assert (counts.applied, counts.journeys, counts.events) == (1, 0, 2)
    assert [each.value for each in feed.journey(survivor).identity.identifiers] == ["M1"]
    assert (links(feed, survivor), links(feed, retired)) == (["replaces"], ["replaced-by"])

    feed.take(
        adt("A02", 13, pv1(f19="V0", f3="ICU"), pid=SURVIVOR), adt("A04", 14, pv1(f19="V9"), pid=RETIRED)
    )

    assert "visit.moved" in feed.told(retired), "a visit goes on where it is"
    assert "visit.started" in feed.told(survivor), "a new one begins at the survivor"


def test_a_merge_of_a_patient_unknown_so_far_leads_later_messages_to_the_survivor(feed: Feed) -> None:
    feed.take(adt("A28", 8, pid=SURVIVOR))
    counts = feed.take(MERGE, adt("A01", 8, pid=RETIRED))

    assert (counts.applied, counts.journeys) == (2, 0)
    assert feed.journey_of("M0").journey_id == feed.journey_of("M1").journey_id
    assert [each.value for each in feed.journey_of("M1").identity.identifiers] == ["M1", "M0"]


def test_a_merge_into_a_patient_unknown_so_far_opens_a_planned_journey(feed: Feed) -> None:
    feed.take(adt("A01", 8, pid=RETIRED))
    retired = feed.journey_of("M0").journey_id
    counts = feed.take(MERGE)

    survivor = feed.journey_of("M1")
    assert (counts.applied, counts.journeys) == (1, 1)
    assert survivor.episode.status is JourneyStatus.PLANNED
    assert (links(feed, survivor.journey_id), links(feed, retired)) == (["replaces"], ["replaced-by"])


def test_a_merge_before_either_is_known_and_a_merge_said_twice(feed: Feed) -> None:
    counts = feed.take(MERGE, message("ADT^A40", at(13), SURVIVOR, "MRG|M0^^^HOSP^MR"))

    assert (counts.applied, counts.journeys, len(feed.journey_ids())) == (2, 1, 1)


def test_a_merge_in_a_chain_leads_every_number_to_the_last(feed: Feed) -> None:
    feed.take(*(adt("A28", 8, pid=f"PID|||M{n}^^^HOSP^MR") for n in range(3)))
    into_2 = message("ADT^A40", at(13), "PID|||M2^^^HOSP^MR", "MRG|M1^^^HOSP^MR")
    back = message("ADT^A40", at(14), RETIRED, "MRG|M2^^^HOSP^MR")
    counts = feed.take(MERGE, into_2, back)

    assert counts.applied == 3, "the last says what is so already: all numbers lead to one patient"
    assert len({feed.journey_of(f"M{n}").journey_id for n in range(3)}) == 1
    assert counts.events == 5, "two merges on two journeys each, and the number that the last names"


def patient_of(journey: Journey) -> UUID:
    assert journey.identity.patient_id
    return journey.identity.patient_id


def merging(survivor: Journey, retired: Journey) -> MergePatient:
    return MergePatient(survivor=patient_of(survivor), retired=patient_of(retired))


def unmerged(feed: Feed, survivor: Journey, retired: Journey) -> None:
    command = UnmergePatient(
        survivor=patient_of(survivor), retired=patient_of(retired), reason="two people", keep_rest=True
    )
    across.merge(feed.store, command, CONTEXT)


def test_a_merge_that_would_make_a_circle_is_set_aside(feed: Feed) -> None:
    feed.take(adt("A28", 8, pid=RETIRED), adt("A28", 8, pid=SURVIVOR))
    one, two = feed.journey_of("M0"), feed.journey_of("M1")
    feed.store.handle(two.journey_id, merging(one, two), CONTEXT)
    counts = feed.take(MERGE)

    assert dict(counts.reasons) == {"retired-patient": 1}
    assert "identity.merged" not in feed.told(one.journey_id)


def test_after_an_unmerge_each_number_leads_to_its_own_patient_again(feed: Feed) -> None:
    feed.take(*(adt("A28", 8, pid=f"PID|||M{n}^^^HOSP^MR") for n in range(3)))
    own = [feed.journey_of(f"M{n}") for n in range(3)]
    feed.take(MERGE, message("ADT^A40", at(13), "PID|||M2^^^HOSP^MR", "MRG|M1^^^HOSP^MR"))
    unmerged(feed, own[2], own[1])

    led = [feed.journey_of(f"M{n}").journey_id for n in range(3)]
    assert led == [own[1].journey_id, own[1].journey_id, own[2].journey_id]
    unmerged(feed, own[1], own[0])
    assert [feed.journey_of(f"M{n}").journey_id for n in range(3)] == [each.journey_id for each in own]
    feed.take(adt("A01", 15, pid=RETIRED))
    assert "visit.admitted" in feed.told(own[0].journey_id)


def test_a_feed_that_runs_while_others_merge_and_unmerge_goes_along(feed: Feed) -> None:
    receiver = Receiver(feed.store, ZONE)

    def comes(hour: int, pid: str) -> None:
        receiver.take(adt("A04", hour, pv1(f19=f"V{hour}"), pid=pid), "test", hour)

    comes(8, RETIRED)
    comes(9, SURVIVOR)
    own = feed.journey_of("M0"), feed.journey_of("M1")
    across.merge(feed.store, merging(own[1], own[0]), CONTEXT)
    comes(10, RETIRED)
    unmerged(feed, own[1], own[0])
    comes(11, RETIRED)

    begun = [feed.told(each.journey_id).count("visit.started") for each in own]
    assert begun == [2, 2], "the one that came while they were one began at the survivor"


LINKED = ("PID|||M1^^^HOSP^MR||Doe", "PID|||M7^^^HOSP^MR||Roe")


def test_records_are_seen_together_and_no_more(feed: Feed) -> None:
    feed.take(message("ADT^A24", at(8), *LINKED))
    both = [feed.journey_of(number).journey_id for number in ("M1", "M7")]
    assert [links(feed, each) for each in both] == [["seealso"], ["seealso"]]
    assert [feed.journey(each).identity.demographics.family for each in both] == ["Doe", None]

    counts = feed.take(message("ADT^A37", at(10), *LINKED), message("ADT^A24", at(9), *LINKED))
    assert counts.applied == 2
    assert [links(feed, each) for each in both] == [[], []]


def test_a_record_is_not_seen_together_with_itself(feed: Feed) -> None:
    assert dict(feed.take(message("ADT^A24", at(9), PID, PID)).reasons) == {"linked-to-itself": 1}


def test_a_changed_number_leads_to_the_same_journey(feed: Feed) -> None:
    feed.take(adt("A01", 8), message("ADT^A47", at(9), "PID|||M5^^^HOSP^MR", "MRG|M1^^^HOSP^MR"))
    counts = feed.take(adt("A03", 10, pid="PID|||M5^^^HOSP^MR"))

    assert counts.journeys == 0
    assert feed.only_visit("M5").status is VisitStatus.FINISHED


# --- From booking to arrival


def test_a_booked_visit_is_the_one_that_begins_under_its_visit_number(feed: Feed) -> None:
    sch, time = "SCH||F1", segment("TQ1", {7: "20260301090000+0000"})
    feed.take(
        message("SIU^S12", sch, time, PID, pv1(f2="O"), sent="20260228080000+0000"),
        adt("A04", 9, pv1(f2="O")),
        adt("A03", 10, pv1(f2="O")),
    )

    visit = feed.only_visit()
    assert (visit.status, visit.start and visit.start.hour) == (VisitStatus.FINISHED, 9)


def test_appointments_under_one_visit_number_stay_apart(feed: Feed) -> None:
    for number in ("F1", "F2"):
        feed.take(message("SIU^S12", f"SCH||{number}", PID, pv1(f2="O")))

    assert len(list(feed.journey_of("M1").visits)) == 2


def test_a_booking_told_after_the_arrival_is_the_same_visit(feed: Feed) -> None:
    feed.take(
        adt("A04", 9, pv1(f2="O")),
        message("SIU^S12", "SCH||F1", PID, pv1(f2="O"), sent="20260228080000+0000"),
    )

    assert feed.only_visit().status is VisitStatus.IN_PROGRESS


def test_a_result_names_its_visit(feed: Feed) -> None:
    feed.take(ADMIT, message("ORU^R01", PID, pv1(), "OBR|1||L1|glucose|||20260301083000+0000"))

    journey = feed.journey_of("M1")
    ((_, result),) = journey.results.unreviewed()
    assert result.event.visit_id == feed.only_visit().visit_id


# --- Whatever the bytes


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    raw=st.sampled_from(
        [
            ADMIT,
            MERGE,
            message("ORU^R01", PID, pv1(), "OBR|1||L1^LAB|2524-7^Lactate^LN|||20260301|||||||||||||||||F"),
            message("SIU^S12", "SCH||F1", segment("TQ1", {7: "20260310090000"}), PID),
        ]
    ),
    changes=st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=6), st.booleans()), max_size=6),
)
def test_no_bytes_crash_it_or_get_lost(
    feed: Feed, raw: bytes, changes: list[tuple[float, bytes, bool]]
) -> None:
    for where, what, replaces in changes:
        place = int(where * len(raw))
        raw = raw[:place] + what + raw[place + (len(what) if replaces else 0) :]
    counts = feed.take(raw)

    assert counts.reasons["internal"] == 0
    assert feed.take(raw).duplicate == 1
