"""Of a release, a correction, a dismissal and a replay of one message at once, one applies it: whatever the
moment in which the other comes.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial
from itertools import count
from typing import NamedTuple

import psycopg
import pytest

from journey.domain.event import Actor
from journey.ingest.handling import By, Handling, MessageApplied, NoSuchMessage
from journey.ingest.hl7v2.inbox import message_key
from journey.ingest.parked import State
from journey.privacy import clearing
from journey.store.store import Store
from tests.ingest.fhir import feeding as fhir
from tests.ingest.fhir.written import encounter, of, patient
from tests.ingest.hl7v2.feeding import ZONE, Feed
from tests.ingest.hl7v2.written import evn, message, pv1
from tests.ingest.meeting import meeting

pytestmark = pytest.mark.database

ANN = Actor(id="Ann at the interfaces", kind="system", role="integrator")


TOLD = "SELECT count(*) AS n FROM event WHERE journey_id IN (SELECT journey_id FROM routing WHERE value = %s)"
CAME_AS = TOLD + " AND context->'source'->>'message_id' = %s"
HAPPENED = TOLD + " AND occurred_at = %s::timestamptz"


class Case(NamedTuple):
    """A message that waits, what it waits for, how it is corrected, and how many events tell of either."""

    key: bytes
    comes: Callable[[], object]
    text: str
    told: Callable[[], tuple[int, int]]


class Desk:
    """Messages of ever new patients, and who sees to them."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.hl7v2, self.fhir, self.persons = Feed(url), fhir.Feed(url), Store(url, timeout=2.0)
        self.handling = Handling(self.persons, By("key-1", ANN, ZONE))

    def close(self) -> None:
        self.hl7v2.close()
        self.fhir.close()
        self.persons.close()

    def cancellation(self, number: str) -> Case:
        """Of an admission that comes; it was meant to be a move."""
        who, where = f"PID|1||{number}^^^HOSP^MR||Doe^Jane", pv1(f3="W1", f19=number)
        cancels = message("ADT^A11", evn("20260302"), who, where, control_id=f"{number} cancels")
        moves = message(
            "ADT^A02", evn("20260303"), who, pv1(f3="W2", f19=number), control_id=f"{number} moves"
        )
        admits = message("ADT^A01", evn("20260301"), who, where)
        self.hl7v2.take(cancels)

        def told() -> tuple[int, int]:
            return self._count(CAME_AS, number, f"{number} cancels"), self._count(
                CAME_AS, number, f"{number} moves"
            )

        text = moves.decode().replace("\r", "\n")
        return Case(message_key(cancels), lambda: self.hl7v2.take(admits), text, told)

    def mistake(self, number: str) -> Case:
        """Of a patient who comes: it names another one until it is corrected."""
        return self.stay(number, whose="nobody")

    def stay(self, number: str, whose: str = "") -> Case:
        """Of a patient who comes; it was on another day."""
        stays = encounter(number, subject=of(whose or number), status="in-progress")
        other = {**stays, "subject": of(number), "period": {"start": "2026-03-07T08:00:00Z"}}
        comes = patient(number, number)
        self.fhir.take(stays)
        [row] = self.fhir.rows(
            "SELECT key FROM inbox WHERE status = 'parked' ORDER BY received_at DESC LIMIT 1"
        )

        def told() -> tuple[int, int]:
            days = ("2026-03-01T09:00Z", "2026-03-07T08:00Z")
            one, another = (self._count(HAPPENED, number, day) for day in days)
            return one, another

        return Case(bytes(row["key"]), lambda: self.fhir.take(comes), json.dumps(other), told)

    def state(self, key: bytes) -> tuple[str, bool]:
        """What is true of a message, and whether a correction stands in its place."""
        [row] = self.hl7v2.rows("SELECT status, corrected_by FROM inbox WHERE key = %s", key)
        return row["status"], row["corrected_by"] is not None

    def history(self, key: bytes) -> list[tuple[str, str]]:
        rows = self.hl7v2.rows("SELECT what, status FROM inbox_attempt WHERE key = %s ORDER BY attempt", key)
        return [(row["what"], row["status"]) for row in rows]

    def _count(self, query: str, *parameters: str) -> int:
        [row] = self.hl7v2.rows(query, *parameters)
        return int(row["n"])

    def correct(self, case: Case) -> None:
        with suppress(MessageApplied):
            self.handling.correct(case.key, case.text, "the other")

    def dismiss(self, case: Case) -> None:
        with suppress(MessageApplied):
            self.handling.dismiss(case.key, "never mind")

    def replay(self, case: Case) -> None:
        [done] = self.handling.replay([case.key])
        assert done.state in {State.APPLIED, State.WAITING}


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    with closing(Desk(database_url)) as desk:
        yield desk


Act = Callable[[Desk, Case], object]


def comes(_: Desk, case: Case) -> object:
    return case.comes()


HL7V2, FHIR = Desk.cancellation, Desk.stay


@pytest.mark.parametrize(
    ("kind", "first", "second"),
    [
        (HL7V2, comes, Desk.correct),
        (HL7V2, Desk.correct, comes),
        (HL7V2, Desk.correct, Desk.correct),
        (HL7V2, comes, Desk.dismiss),
        (HL7V2, Desk.dismiss, comes),
        (HL7V2, comes, Desk.replay),
        (FHIR, comes, Desk.correct),
        (FHIR, Desk.correct, comes),
        (Desk.mistake, Desk.correct, comes),
    ],
    ids=lambda each: each.__name__,
)
def test_one_of_two_at_once_applies_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, kind: Callable[[Desk, str], Case], first: Act, second: Act
) -> None:
    for statement in count(1):
        case = kind(desk, f"T{statement}")
        with meeting(monkeypatch, desk.url, statement, partial(second, desk, case)) as met:
            first(desk, case)
        if met.second is None:
            break
        met.second.result()
        if comes not in (first, second):
            case.comes()
        told, history = case.told(), desk.history(case.key)
        at = f"at statement {statement}: {told} {history}"
        status, is_corrected = desk.state(case.key)
        assert [ended for _, ended in history].count("applied") == (status == "applied"), at
        match status, is_corrected:
            case "applied", True:
                assert told[0] == 0 < told[1], at
            case "applied", False:
                assert told[0] > 0 == told[1], at
            case _:
                assert (status, told) == ("dismissed", (0, 0)), at
    assert statement > 5


@pytest.mark.parametrize("kind", [HL7V2, FHIR])
def test_what_is_erased_meanwhile_keeps_no_correction(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, kind: Callable[[Desk, str], Case]
) -> None:
    def erased(key: bytes) -> None:
        with psycopg.connect(desk.url, autocommit=True) as connection:
            connection.execute(clearing.ONE, (key,))
            connection.execute(clearing.ATTEMPTS, {"journeys": []})

    for statement in count(1):
        case = kind(desk, f"E{statement}")
        with (
            meeting(monkeypatch, desk.url, statement, partial(erased, case.key)) as met,
            suppress(NoSuchMessage),
        ):
            desk.correct(case)
        if met.second is None:
            break
        met.second.result()
        said = "SELECT said FROM inbox_attempt WHERE key = %s AND said <> ''"
        assert not desk.hl7v2.rows(said, case.key), f"at statement {statement}"
        assert not desk.hl7v2.rows("SELECT FROM inbox WHERE key = %s AND raw <> ''", case.key)
    assert statement > 5


def test_what_is_sent_twice_at_once_is_taken_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over two connections, or by a connection and a file."""
    other = Feed(desk.url)
    with closing(other):
        for statement in count(1):
            who = (f"PID|1||D{statement}^^^HOSP^MR||Doe^Jane", pv1(f19=f"D{statement}"))
            raw = message("ADT^A01", evn("20260301"), *who)
            with meeting(monkeypatch, desk.url, statement, partial(other.take, raw)) as met:
                ours = desk.hl7v2.take(raw)
            if met.second is None:
                break
            theirs = met.second.result()
            assert (ours.applied + theirs.applied, ours.duplicate + theirs.duplicate) == (1, 1)
            recorded = desk.hl7v2.told(desk.hl7v2.journey_of(f"D{statement}").journey_id)
            assert recorded.count("visit.admitted") == 1, f"at statement {statement}"
            [row] = desk.hl7v2.rows("SELECT seen, status FROM inbox WHERE key = %s", message_key(raw))
            assert (row["seen"], row["status"]) == (2, "applied"), f"at statement {statement}"


def test_what_became_of_a_message_is_kept_with_what_it_told_or_not_at_all(desk: Desk) -> None:
    """In one transaction, which a server that is killed forgets or keeps as one."""
    case = desk.cancellation("X1")
    desk.handling.correct(case.key, case.text, "the other")
    case.comes()
    kept = "SELECT control_id FROM inbox WHERE xmin IN (SELECT xmin FROM event) AND status = 'applied'"
    assert len(desk.hl7v2.rows(kept)) == len(desk.hl7v2.rows("SELECT FROM inbox")) == 2
