"""What others wrote, taken whole: every message accounted for, and the long journeys compared with the truth
that they were made from, in whatever order their messages come.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import pytest

from journey.domain.discharge import PatientDischarged
from journey.domain.visit import PatientMoved
from tests.ingest.hl7v2.corpus import Sample, corpus, sepsis
from tests.ingest.hl7v2.feeding import Feed
from tests.ingest.hl7v2.page import PAGE, block, counted, counts_table
from tests.ingest.hl7v2.written import message

Order = Callable[[Sequence[Sample]], Sequence[Sample]]


class Told(NamedTuple):
    """What is true of one case: its visits, and what happened in them, each with its time."""

    visits: dict[str, tuple[datetime, str]]
    """When it began, and the kind of care it came to."""
    admissions: dict[str, datetime]
    moves: set[tuple[str, datetime, str, str]]
    """When, to which unit, in which facility."""
    discharges: set[tuple[str, datetime, str]]
    """When, and the disposition."""
    ended: dict[str, datetime]
    results: int


def truth(samples: Iterable[Sample]) -> Told:
    """By the log's own rows and the plain text of the messages: nothing of what is tested is used."""
    told = Told({}, {}, set(), set(), {}, 0)
    for sample in sorted(samples, key=lambda each: each.row["event_time"]):
        at = datetime.strptime(sample.row["event_time"], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        visit, kind = sample.row["visit"], sample.row["message"]
        lines = dict(line.split("|", 1) for line in sample.raw.decode().split() if "|" in line)
        fields = ["PV1", *lines["PV1"].split("|")] if "PV1" in lines else []
        unit, _, _, facility = [*fields[3].split("^"), "", "", ""][:4]
        match kind:
            case "ADT^A04":
                told.visits[visit] = (at, "EMER")
            case "ADT^A01":
                told.visits[visit] = (told.visits[visit][0], "IMP")
                told.admissions.setdefault(visit, at)
                told.ended.pop(visit, None)
            case "ADT^A02":
                told.moves.add((visit, at, unit, facility))
            case "ADT^A03":
                told.discharges.add((visit, at, fields[36]))
                told.ended[visit] = at
            case "ORU^R01":
                told = told._replace(results=told.results + 1)
    return told


def recorded(feed: Feed, case: str) -> Told:
    """By the journey to which the patient's number leads, and the visits to which theirs lead."""
    journey = feed.journey_of(f"SEP{case}")
    rows = feed.rows(
        "SELECT value, visit_id FROM routing WHERE kind = 'visit' AND journey_id = %s", journey.journey_id
    )
    number = {row["visit_id"]: row["value"] for row in rows}
    told = Told({}, {}, set(), set(), {}, len(journey.results.by_id))
    for visit in journey.visits:
        name = number[visit.visit_id]
        assert visit.begun
        told.visits[name] = (visit.begun.at, str(visit.encounter_class))
        if visit.admitted:
            told.admissions[name] = visit.admitted.at
        if visit.ended:
            told.ended[name] = visit.ended.at
    for each in feed.store.load(journey.journey_id).effective:
        match each.event:
            case PatientMoved(visit_id=visit_id, location=location):
                place = (location.point_of_care or "", location.facility or "")
                told.moves.add((number[visit_id], each.occurred_at, *place))
            case PatientDischarged(visit_id=visit_id, disposition=disposition):
                assert disposition
                told.discharges.add((number[visit_id], each.occurred_at, disposition.code))
            case _:
                pass
    return told


def by_case(samples: Iterable[Sample]) -> dict[str, list[Sample]]:
    out = defaultdict(list)
    for sample in samples:
        out[sample.row["case"]].append(sample)
    return dict(out)


def shuffled(seed: int) -> Order:
    """The messages of each patient in an order of chance, at the places that were theirs."""

    def order(samples: Sequence[Sample]) -> Sequence[Sample]:
        dice = random.Random(seed)  # noqa: S311 - chance that can be had again, no secret
        decks = by_case(samples)
        for deck in decks.values():
            dice.shuffle(deck)
        return [decks[sample.row["case"]].pop() for sample in samples]

    return order


def in_order(samples: Sequence[Sample]) -> Sequence[Sample]:
    return samples


def backwards(samples: Sequence[Sample]) -> Sequence[Sample]:
    return samples[::-1]


@pytest.mark.parametrize(
    ("order", "first", "every"),
    [(in_order, 0, 4), (shuffled(1), 2, 8), (shuffled(2), 6, 16), (shuffled(3), 14, 32), (backwards, 30, 32)],
    ids=["in order", "shuffled", "shuffled again", "and again", "backwards"],
)
def test_the_journeys_are_those_of_the_log_in_whatever_order_they_are_told(
    feed: Feed, order: Order, first: int, every: int
) -> None:
    """Every second case, in one of the orders."""
    cases = by_case(sepsis())
    chosen = sorted(cases)[first::every]
    samples = [sample for sample in sepsis() if sample.row["case"] in set(chosen)]
    counts = feed.take_all(sample.raw for sample in order(samples))

    assert (counts.applied, counts.journeys) == (len(samples), len(chosen))
    differ = [case for case in chosen if recorded(feed, case) != truth(cases[case])]
    assert differ == []

    again = feed.take_all(sample.raw for sample in order(samples))
    assert (again.duplicate, again.events) == (len(samples), 0)

    renamed = [sample.raw.replace(b"|SEPA-", b"|ANEW-", 1) for sample in samples[:200]]
    anew = feed.take_all(renamed)
    assert (anew.applied, anew.journeys, anew.events) == (len(renamed), 0, 0), "under new ids, but no news"


def test_every_message_that_others_wrote_is_accounted_for(feed: Feed) -> None:
    samples = corpus()
    for source in dict.fromkeys(sample.row["file"] for sample in samples):
        feed.take_all((sample.raw for sample in samples if sample.row["file"] == source), source=source)

    kept = feed.inbox()
    assert len(kept) == len(samples) == 741
    assert {row["status"] for row in kept} == {"applied", "parked", "rejected"}
    assert not {row["code"] for row in kept} & {"internal", "unparseable"}
    assert all(row["reason"].endswith(".") for row in kept if row["code"])
    assert block(PAGE.read_text(), "counts") == counts_table(counted(feed)), (
        "write it again: python -m tests.ingest.hl7v2.page"
    )


def test_no_reason_says_anything_of_the_patient(feed: Feed) -> None:
    """What others wrote, made worse: each message without one of its segments, or with one of them broken."""
    broken = []
    for sample in corpus()[::3]:
        head, *lines = sample.raw.replace(b"\r\n", b"\r").replace(b"\n", b"\r").split(b"\r")
        for index, line in enumerate(lines[:4]):
            fields = line.replace(b"20", b"2o").split(b"|")
            broken.append(b"\r".join((head, *lines[:index], b"|".join(fields), *lines[index + 1 :])))
    feed.take_all([*broken, message("ADT^A01", "PID|||M1||Doe", "PV1||I", sent="noon")])

    reasons = {row["reason"] for row in feed.inbox() if row["reason"]}
    assert len(reasons) > 5
    for reason in reasons:
        assert not any(name in reason for name in ("EVERYMAN", "Doe", "noon", "PATID", "SIMULATOR", "2o"))
