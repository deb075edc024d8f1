"""The listener: what other systems do to it, and that each message is acknowledged for what became of it."""

import socket
from contextlib import ExitStack, closing
from itertools import count

import psycopg
import pytest

from journey.mllp.framing import framed
from journey.mllp.sending import Receiving, Sender
from journey.mllp.taking import TRIES
from tests.ingest.hl7v2.corpus import corpus
from tests.ingest.hl7v2.feeding import Feed
from tests.ingest.hl7v2.written import PID, evn, message, pv1
from tests.mllp.conversing import Listening, Talk, talk, told
from tests.waiting import until

MANY = 200
ARRIVAL = ("ADT^A01", evn("20260301080000+0000"), PID, pv1())

_ids = count(1)


def arrival(patient: str, id_: str | None = None) -> bytes:
    pid = f"PID|1||{patient}^^^HOSP^MR||Doe^Jane"
    visit = pv1(f19=f"V{patient}^^^HOSP^VN")
    return message(
        "ADT^A01", evn("20260301080000+0000"), pid, visit, control_id=id_ or f"{patient}-{next(_ids)}"
    )


def kept(feed: Feed) -> dict[str, str]:
    """What the inbox says of each message, by its id."""
    return {row["control_id"]: row["status"] for row in feed.inbox()}


def test_a_message_is_on_disk_when_it_is_acknowledged_and_a_second_time_as_well(
    listening: Listening, feed: Feed
) -> None:
    with talk(listening.address) as one:
        for _ in range(2):
            assert told(one.ask(message(*ARRIVAL, control_id="A1"))) == ("AA", "A1")
            assert kept(feed) == {"A1": "applied"}
            assert feed.only_visit().admitted
    (row,) = feed.inbox()
    assert (row["seen"], row["source"], row["number"], row["sender"]) == (2, "mllp 127.0.0.1", 1, "APP|HOSP")
    assert listening.count("messages_total", status="duplicate") == 1


def test_what_cannot_be_applied_is_kept_and_told_with_its_place_as_often_as_it_comes(
    listening: Listening, feed: Feed
) -> None:
    nobody = message("ADT^A01", evn("20260301080000"), "PID|1||", pv1(), control_id="N1")
    odd = message("ADT^Z99", PID, control_id="N2")
    question = message("QBP^Q22", "QPD|x", control_id="N3")
    with talk(listening.address) as one:
        for _ in range(2):
            answer = one.ask(nobody)
            assert told(answer) == ("AE", "N1")
            assert [answer.value("ERR", 2, each) for each in (1, 3)] == ["PID", "3"]
            assert answer.value("ERR", 8).startswith("Kept, not applied; do not send it again.")
            assert (told(answer := one.ask(odd)), answer.value("ERR", 3)) == (("AR", "N2"), "201")
            assert (told(answer := one.ask(question)), answer.value("ERR", 3)) == (("AR", "N3"), "200")
        assert told(one.ask(b"no message at all")) == ("AR", "")
    assert sorted(row["status"] for row in feed.inbox()) == ["parked"] * 3 + ["rejected"]


def test_what_waited_is_told_as_what_it_is_by_then(listening: Listening) -> None:
    cancel = message("ADT^A11", evn("20260301090000+0000"), PID, pv1(), control_id="W1")
    with talk(listening.address) as one:
        answer = one.ask(cancel)
        assert (told(answer), answer.value("ERR", 5)) == (("AE", "W1"), "nothing-to-cancel")
        assert told(one.ask(message(*ARRIVAL, control_id="W2"))) == ("AA", "W2")
        assert told(one.ask(cancel)) == ("AA", "W1")


def test_another_version_and_another_processing_id_are_refused_and_kept(
    database_url: str, feed: Feed
) -> None:
    with Listening(database_url, hl7v2_processing_ids="P") as listening, talk(listening.address) as one:
        practice = message(*ARRIVAL, control_id="T1").replace(b"|P|2.5.1", b"|T|2.5.1")
        newer = message(*ARRIVAL, control_id="V1").replace(b"|P|2.5.1", b"|P|3.0")
        answer = one.ask(practice)
        assert (told(answer), answer.value("ERR", 3), answer.value("ERR", 2, 3)) == (
            ("AR", "T1"),
            "202",
            "11",
        )
        answer = one.ask(newer)
        assert (told(answer), answer.value("MSA", 3)[:4]) == (("AR", "V1"), "")
        assert answer.value("ERR", 3) == "203"
        assert told(one.ask(message(*ARRIVAL, control_id="P1"))) == ("AA", "P1")
    assert kept(feed) == {"T1": "parked", "V1": "parked", "P1": "applied"}
    assert feed.replay("other-processing-id").applied == 1


def test_nobody_acknowledges_an_acknowledgement(listening: Listening) -> None:
    ack = message("ACK", "MSA|AA|1", control_id="K1")
    with talk(listening.address) as one:
        one.say(framed(ack))
        assert told(one.ask(message(*ARRIVAL, control_id="K2"))) == ("AA", "K2")


def test_in_the_enhanced_mode_it_is_accepted_and_then_applied(listening: Listening) -> None:
    both = message("ADT^Z99", PID, control_id="E1") + b""
    fine = message(*ARRIVAL, control_id="E2").replace(b"|P|2.5.1", b"|P|2.5.1|||AL|AL")
    none = message("ADT^A08", evn("20260301090000+0000"), PID, pv1(), control_id="E3").replace(
        b"|P|2.5.1", b"|P|2.5.1|||NE|NE"
    )
    with talk(listening.address) as one:
        assert told(one.ask(fine)) == ("CA", "E2")
        assert told(one.hear()) == ("AA", "E2")
        one.say(framed(none))
        assert told(one.ask(both.replace(b"|P|2.5.1", b"|P|2.5.1|||AL|AL"))) == ("CR", "E1")
        assert told(one.ask(message(*ARRIVAL, control_id="E4"))) == ("AA", "E4")


def test_garbage_before_after_and_between_and_messages_in_pieces(listening: Listening, feed: Feed) -> None:
    one, two, three, four = (arrival(f"G{n}", f"G{n}") for n in range(4))
    with talk(listening.address) as talking:
        talking.say(b"\x00junk\r\n\x1c\r" + framed(one) + framed(two) + b"noise")
        assert [told(talking.hear()) for _ in range(2)] == [("AA", "G0"), ("AA", "G1")]
        for byte in framed(three):
            talking.say(bytes((byte,)))
        assert told(talking.hear()) == ("AA", "G2")
        talking.say(framed(b"") + b"\x0b" + one[:40] + framed(four))
        assert told(talking.hear()) == ("AA", "G3")
    assert set(kept(feed).values()) == {"applied"}
    until(lambda: listening.count("cut_short_total") == 1 and listening.count("noise_bytes_total") > 8)


def test_half_a_message_is_nobody_s_and_holds_up_nobody(listening: Listening, feed: Feed) -> None:
    with talk(listening.address) as half:
        half.say(b"\x0b" + arrival("H1")[:60])
        with talk(listening.address) as one:
            assert told(one.ask(arrival("H2", "H2"))) == ("AA", "H2")
    until(lambda: listening.count("cut_short_total") == 1)
    assert kept(feed) == {"H2": "applied"}


def test_who_sends_too_slowly_is_cut_off(database_url: str) -> None:
    with Listening(database_url, mllp_read_seconds=0.2) as listening, talk(listening.address) as slow:
        slow.say(b"\x0b" + arrival("S1")[:60])
        assert slow.is_over()
        until(lambda: listening.count("closed_total", why="slow") == 1)


def test_who_says_nothing_or_only_noise_is_let_go(database_url: str) -> None:
    with Listening(database_url, mllp_idle_seconds=0.2) as listening, talk(listening.address) as idle:
        idle.say(b"GET / HTTP/1.1\r\n\r\n")
        assert idle.is_over()
        until(lambda: listening.count("closed_total", why="idle") == 1)


def test_who_reads_no_acknowledgement_is_cut_off(database_url: str) -> None:
    long = arrival("U1", "U" * 250).replace(b"APP|HOSP|JOURNEY|NET", b"|".join([b"U" * 250] * 4))
    long += b"\rNTE|1||" + b"x" * 4096
    with (
        Listening(database_url, mllp_max_bytes=4096, mllp_read_seconds=0.3) as listening,
        ExitStack() as stack,
    ):
        deaf = stack.enter_context(socket.socket())
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.settimeout(20)
        deaf.connect(listening.address)
        with pytest.raises(ConnectionError):
            _go_on(deaf, framed(long) * 50)
        until(lambda: listening.count("closed_total", why="unread") == 1)


def _go_on(connection: socket.socket, data: bytes) -> None:
    while True:
        connection.sendall(data)


def test_a_message_that_is_too_long_is_refused_and_the_next_one_taken(database_url: str, feed: Feed) -> None:
    with Listening(database_url, mllp_max_bytes=4096) as listening, talk(listening.address) as one:
        long = arrival("L1", "L1") + b"\rNTE|1||" + b"x" * 200_000
        answer = one.ask(long)
        assert (told(answer), answer.value("ERR", 5)) == (("AR", "L1"), "too-long")
        assert told(one.ask(arrival("L2", "L2"))) == ("AA", "L2")
    assert kept(feed) == {"L2": "applied"}


def test_one_connection_keeps_its_order(listening: Listening, feed: Feed) -> None:
    """Sent without waiting: each bed is where the one before led to."""
    pid = "PID|1||O1^^^HOSP^MR"
    moves = [
        message(
            "ADT^A02", evn("20260301100000+0000"), pid, pv1(f3=f"W{n}", f6=f"W{n - 1}"), control_id=f"O{n}"
        )
        for n in range(1, 21)
    ]
    with talk(listening.address) as one:
        one.say(b"".join(map(framed, [message("ADT^A01", ARRIVAL[1], pid, pv1(f3="W0")), *moves])))
        answers = [told(one.hear()) for _ in range(21)]
    assert answers[1:] == [("AA", f"O{n}") for n in range(1, 21)]
    rows = sorted(feed.inbox(), key=lambda row: row["number"])
    assert [row["control_id"] for row in rows][1:] == [f"O{n}" for n in range(1, 21)]
    location = feed.only_visit("O1").location
    assert location
    assert location.point_of_care == "W20"


def test_hundreds_of_connections_at_once(listening: Listening, feed: Feed) -> None:
    with ExitStack() as stack:
        talking = [stack.enter_context(talk(listening.address)) for _ in range(MANY)]
        for number, each in enumerate(talking):
            each.say(framed(arrival(f"C{number}", f"C{number}")))
        assert [told(each.hear()) for each in talking] == [("AA", f"C{n}") for n in range(MANY)]
        assert listening.count("connections") == MANY
    assert len(feed.journey_ids()) == MANY


def test_one_patient_over_many_connections_is_contended_by_nobody(listening: Listening, feed: Feed) -> None:
    with ExitStack() as stack:
        talking = [stack.enter_context(talk(listening.address)) for _ in range(8)]
        for hour in range(10):
            for n, each in enumerate(talking):
                at = evn(f"20260301{hour:02}00{n:02}+0000")
                name = f"PID|1||M1^^^HOSP^MR||Doe^Jane{hour}{n}"
                each.say(framed(message("ADT^A31", at, name, control_id=f"{hour}-{n}")))
        assert {told(each.hear())[0] for each in talking for _ in range(10)} == {"AA"}
    assert len(feed.journey_ids()) == 1


def test_one_more_than_it_takes_is_closed(database_url: str) -> None:
    with Listening(database_url, mllp_connections=2) as listening, ExitStack() as stack:
        first, second = (stack.enter_context(talk(listening.address)) for _ in range(2))
        until(lambda: listening.count("connections") == 2)
        assert stack.enter_context(talk(listening.address)).is_over()
        assert told(first.ask(arrival("X1", "X1"))) == ("AA", "X1")
        second.socket.close()
        until(lambda: listening.count("connections") == 1)
        assert told(stack.enter_context(talk(listening.address)).ask(arrival("X2", "X2"))) == ("AA", "X2")


def test_who_is_not_expected_is_not_heard(database_url: str) -> None:
    with Listening(database_url, mllp_from="10.20.0.0/16") as listening, talk(listening.address) as one:
        assert one.is_over()
        until(lambda: listening.count("closed_total", why="not-allowed") == 1)


def test_with_the_database_away_nothing_is_acknowledged_and_later_everything(database_url: str) -> None:
    name = psycopg.conninfo.conninfo_to_dict(database_url)["dbname"]
    elsewhere = psycopg.conninfo.make_conninfo(database_url, dbname="postgres")
    with Listening(database_url) as listening, psycopg.connect(elsewhere, autocommit=True) as server:
        with talk(listening.address) as one:
            assert told(one.ask(arrival("D1", "D1"))) == ("AA", "D1")
            server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'.encode())
            server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
            )
            one.say(framed(arrival("D2", "D2")))
            assert one.is_over()
        assert listening.count("closed_total", why="database-away") == 1
        server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'.encode())
        with Sender(Receiving(*listening.address)) as sender:
            assert sender.send(arrival("D2", "D2")).code == "AA"
    with closing(Feed(database_url)) as feed:
        assert kept(feed) == {"D1": "applied", "D2": "applied"}


def test_one_message_on_which_the_database_fails_again_and_again_holds_up_no_feed(
    database_url: str, feed: Feed
) -> None:
    """Each time it is sent again, until it is kept apart; nothing of the sort befalls the next one."""
    with feed.store.datastore.pool.connection() as connection:
        connection.execute(
            """
            CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql
                AS $$ BEGIN RAISE 'full' USING ERRCODE = 'out_of_memory'; END $$
            """
        )
        connection.execute(
            "CREATE TRIGGER fail BEFORE INSERT ON routing FOR EACH ROW WHEN (NEW.value = 'POISON')"
            " EXECUTE FUNCTION fail()"
        )
    with Listening(database_url) as listening:
        for _ in range(TRIES - 1):
            with talk(listening.address) as one:
                one.say(framed(arrival("POISON", "B1")))
                assert one.is_over()
        with talk(listening.address) as one:
            answer = one.ask(arrival("POISON", "B1"))
            assert (told(answer), answer.value("ERR", 5)) == (("AE", "B1"), "unavailable")
            assert told(one.ask(arrival("B2", "B2"))) == ("AA", "B2")
    assert kept(feed) == {"B1": "parked", "B2": "applied"}
    with feed.store.datastore.pool.connection() as connection:
        connection.execute("DROP TRIGGER fail ON routing")
    assert feed.replay().applied == 1


def test_more_numbers_than_a_patient_has_are_kept_apart_at_once(listening: Listening) -> None:
    pid = "PID|1||" + "~".join(f"{n}^^^HOSP^MR" for n in range(20_000))
    with talk(listening.address) as one:
        answer = one.ask(message("ADT^A01", evn("20260301080000"), pid, pv1(), control_id="M1"))
    assert (told(answer), answer.value("ERR", 5)) == (("AE", "M1"), "bad-value")
    assert (answer.value("ERR", 2), answer.value("ERR", 2, 3)) == ("PID", "3")


def test_told_to_stop_it_finishes_what_is_under_way_and_lets_the_others_go(
    database_url: str, feed: Feed
) -> None:
    """The message waits for a lock that the test holds, until the listener has been told."""
    with (
        Listening(database_url) as listening,
        talk(listening.address) as busy,
        talk(listening.address) as idle,
        talk(listening.address) as half,
    ):
        half.say(b"\x0b" + arrival("T2")[:50])
        with psycopg.connect(database_url) as holding:
            holding.execute("LOCK TABLE routing")
            busy.say(framed(arrival("T1", "T1")) + framed(arrival("T3", "T3")))
            waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'relation'"
            with psycopg.connect(database_url, autocommit=True) as looking:
                until(lambda: (looking.execute(waits).fetchone() or (0,))[0])
            listening.tell()
            assert idle.is_over()
            assert half.is_over()
        assert told(busy.hear()) == ("AA", "T1")
        assert busy.is_over()
        listening.stop()
    assert kept(feed) == {"T1": "applied"}


def test_the_samples_come_to_the_same_as_from_files(
    database_url: str, feed: Feed, listening: Listening
) -> None:
    samples = corpus()[::3]
    with talk(listening.address) as one:
        for sample in samples:
            _say(one, sample.raw)
        until(lambda: _messages(listening) == len(samples), 60)
    over = sorted(_shown(feed))
    with feed.store.datastore.pool.connection() as connection:
        connection.execute("TRUNCATE inbox, routing")
    feed.take_all(sample.raw for sample in samples)
    assert sorted(_shown(feed)) == over
    assert database_url


def _say(one: Talk, raw: bytes) -> None:
    """Without waiting: some ask for no answer. Answers are read, so that they do not pile up."""
    one.say(framed(raw))
    one.socket.setblocking(False)
    try:
        one.socket.recv(1 << 16)
    except BlockingIOError:
        pass
    finally:
        one.socket.settimeout(20)


def _messages(listening: Listening) -> float:
    words = ("applied", "duplicate", "parked", "rejected", "not-kept")
    return sum(listening.count("messages_total", status=each) for each in words)


def _shown(feed: Feed) -> list[tuple[str, ...]]:
    return [
        tuple(str(row[name]) for name in ("control_id", "trigger", "status", "code", "sender", "seen"))
        for row in feed.inbox()
    ]
