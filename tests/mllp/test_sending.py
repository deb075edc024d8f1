"""The sender: in order, each message until it is acknowledged, whatever becomes of the connection."""

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Thread
from typing import Any

import pytest

from journey.ingest.files import Found, Unreadable
from journey.mllp import sending
from journey.mllp.acknowledging import APPLIED, Finding, acknowledgements
from journey.mllp.framing import Frames, framed
from journey.mllp.header import header
from journey.mllp.sending import Lost, Receiving, Sender, Sent, send
from tests.ingest.hl7v2.written import message

Answers = Callable[[int, bytes], Sequence[bytes] | None]
"""To the message of this number: what is said, None to hang up."""


class Receiver:
    """Another system: hears messages and does as it is told."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self.heard: list[str] = []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.address = self.server.getsockname()[:2]

    def run(self) -> None:
        while True:
            try:
                connection, _ = self.server.accept()
            except OSError:
                return
            with connection:
                self._converse(connection)

    def _converse(self, connection: socket.socket) -> None:
        frames = Frames(1 << 20)
        while data := connection.recv(1 << 16):
            for each in frames.feed(data):
                self.heard.append(header(each.raw).control_id)
                said = self._answers(len(self.heard), each.raw)
                if said is None:
                    return
                for answer in said:
                    connection.sendall(answer)


@contextmanager
def receiving(answers: Answers) -> Iterator[Receiver]:
    receiver = Receiver(answers)
    thread = Thread(target=receiver.run, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.server.shutdown(socket.SHUT_RDWR)
        receiver.server.close()
        thread.join(10)


def ack(raw: bytes, finding: Finding = APPLIED) -> list[bytes]:
    return [framed(each.raw) for each in acknowledgements(header(raw), finding)]


def messages(*ids: str) -> list[Found | Unreadable]:
    return [Found(message("ADT^A08", control_id=id_), "test", n) for n, id_ in enumerate(ids, 1)]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "PAUSES", (0.01,))


def sent(receiver: Receiver, found: list[Found | Unreadable], **options: Any) -> Sent:
    host, port = receiver.address
    return send(Receiving(host, port, **options), found)


def test_each_message_is_sent_when_the_one_before_is_acknowledged() -> None:
    refused = Finding("E", "no-patient", "PID-3 holds no number.")
    with receiving(lambda n, raw: ack(raw, refused if n == 2 else APPLIED)) as receiver:
        done = sent(receiver, messages("1", "2", "3"))
    assert receiver.heard == ["1", "2", "3"]
    assert (done.messages, done.accepted, done.refused, done.again) == (3, 2, 1, 0)
    assert done.figures()["codes"] == {"AA": 2, "AE": 1}


def test_what_is_lost_is_sent_again_and_nothing_overtakes_it() -> None:
    with receiving(lambda n, raw: None if n in {2, 3} else ack(raw)) as receiver:
        done = sent(receiver, messages("1", "2", "3"))
    assert receiver.heard == ["1", "2", "2", "2", "3"]
    assert (done.accepted, done.again, done.stopped) == (3, 2, None)


def test_an_acknowledgement_that_does_not_come_is_a_lost_one() -> None:
    with receiving(lambda n, raw: [] if n == 1 else ack(raw)) as receiver:
        done = sent(receiver, messages("1", "2"), timeout=0.2)
    assert receiver.heard == ["1", "1", "2"]
    assert (done.accepted, done.again) == (2, 1)


def test_the_answer_to_another_message_is_none_and_garbage_neither() -> None:
    other = ack(message("ADT^A08", control_id="other"))
    with receiving(lambda _, raw: [b"noise", *other, framed(b"rubbish"), *ack(raw)]) as receiver:
        done = sent(receiver, messages("1", "2"))
    assert (done.accepted, done.again) == (2, 0)


@pytest.mark.parametrize(
    ("accept", "apply", "code"),
    [("AL", "NE", "CA"), ("AL", "AL", "AA"), ("NE", "AL", "AA"), ("NE", "NE", ""), ("ER", "ER", "")],
)
def test_it_waits_for_the_answer_that_the_message_asks_for(accept: str, apply: str, code: str) -> None:
    raw = message("ADT^A08").replace(b"|P|2.5.1", f"|P|2.5.1|||{accept}|{apply}".encode())
    with receiving(lambda _, raw: ack(raw)) as receiver:
        with Sender(Receiving(*receiver.address)) as sender:
            assert sender.send(raw).code == code
        done = sent(receiver, [Found(raw, "test", 1)])
    assert (done.accepted, done.unanswered) == ((1, 0) if code else (0, 1))


def test_a_commit_that_is_refused_is_the_last_word() -> None:
    raw = message("ADT^A08").replace(b"|P|2.5.1", b"|P|2.5.1|||AL|AL")
    no = Finding("R", "no-mapping", "There is no mapping.")
    with receiving(lambda _, raw: ack(raw, no)) as receiver, Sender(Receiving(*receiver.address)) as sender:
        answer = sender.send(raw)
    assert (answer.code, answer.said, answer.is_refusal) == ("CR", "There is no mapping.", True)


def test_a_receiver_that_stays_away_ends_it_and_what_was_sent_stays_counted() -> None:
    with receiving(lambda n, raw: ack(raw) if n == 1 else None) as receiver:
        done = sent(receiver, messages("1", "2", "3"), patience=0.1)
    assert (done.messages, done.accepted) == (1, 1)
    assert "the connection was closed before the acknowledgement" in str(done.stopped)
    assert set(receiver.heard) == {"1", "2"}


def test_nobody_there_is_told_in_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        host, port = server.getsockname()[:2]
    with (
        Sender(Receiving(host, port, patience=0)) as sender,
        pytest.raises(Lost, match=r"does not answer: .*refused"),
    ):
        sender.send(message("ADT^A08"))
