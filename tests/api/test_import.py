"""Bulk import over HTTP: a line of result for each line, each applied once."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from httpx2 import Response

from journey.api.access import keys
from journey.api.access.keys import Grant
from journey.api.access.table import Role
from journey.store.errors import StoreUnavailable
from tests.served import Api, number

pytestmark = pytest.mark.database

MEDIA = {"Content-Type": "application/x-ndjson"}


def line(journey: str, command: str, id_: str | None = None, **body: Any) -> dict[str, Any]:
    return {"journey": journey, "command": command, "body": body, **({"id": id_} if id_ else {})}


def lines(*each: dict[str, Any] | str) -> bytes:
    texts = (what if isinstance(what, str) else json.dumps(what) for what in each)
    return "".join(f"{text}\n" for text in texts).encode()


def sent(api: Api, body: bytes | Iterator[bytes], query: str = "", **more: Any) -> Response:
    return api.ask("POST", f"/v1/journeys/import{query}", content=body, **{"headers": MEDIA, **more})


def became(api: Api, body: bytes | Iterator[bytes], query: str = "", **more: Any) -> list[dict[str, Any]]:
    answer = sent(api, body, query, **more)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(each) for each in answer.text.splitlines()]


def statuses(results: list[dict[str, Any]]) -> list[str]:
    return [each["status"] for each in results]


def visit(of: int) -> dict[str, str]:
    return {"visit_id": number(of)}


STAY = lines(
    line("stay", "open-journey", "1", team="ward 3", patient={"family": "Okafor"}),
    line("stay", "record-arrival", "2", **visit(1), occurred_at="2026-03-01T08:00:00Z"),
    line("stay", "check-in", "3", **visit(1), occurred_at="2026-03-01T08:05:00Z"),
    line("stay", "start-visit", "4", **visit(1), occurred_at="2026-03-01T08:10:00Z"),
)


def test_each_line_is_answered_as_its_command_would_be(api: Api) -> None:
    *results, summary = became(api, STAY, "?source=legacy-ehr")
    assert statuses(results) == ["applied"] * 4
    assert [(each["line"], each["id"], each["version"]) for each in results] == [
        (1, "1", 3), (2, "2", 4), (3, "3", 5), (4, "4", 6),
    ]  # fmt: skip
    assert [event["type"] for event in results[0]["events"]][:1] == ["journey.opened"]
    assert summary == {
        "status": "complete", "messages": 4, "applied": 4, "duplicate": 0, "rejected": 0,
        "journeys": 1, "events": 6,
    }  # fmt: skip
    journey = f"/v1/journeys/{results[0]['journey_id']}"
    events = api.get(f"{journey}/events").json()["events"]
    assert [each["event_id"] for each in events] == [
        event["event_id"] for result in results for event in result["events"]
    ]
    assert events[3]["source"] == {"system": "legacy-ehr", "channel": "ndjson", "message_id": "2"}
    assert events[3]["actor"]["id"] == "some coordinator"
    assert events[3]["occurred_at"] == "2026-03-01T08:00:00Z"


def test_what_is_sent_again_is_a_duplicate_and_the_rest_goes_on(api: Api) -> None:
    begun = b"\n".join(STAY.splitlines()[:2])
    first = became(api, begun, "?source=again")
    again = became(api, STAY, "?source=again")
    assert statuses(first) == ["applied", "applied", "complete"]
    assert statuses(again) == ["duplicate", "duplicate", "applied", "applied", "complete"]
    assert [each["events"] for each in again[:2]] == [each["events"] for each in first[:2]]
    assert (again[-1]["applied"], again[-1]["duplicate"], again[-1]["journeys"]) == (2, 2, 0)
    assert statuses(became(api, STAY, "?source=another-system")) == ["applied"] * 4 + ["complete"]


def test_without_an_id_the_same_is_taken_once(api: Api) -> None:
    phone = line("unnamed", "start-intake", channel="phone")
    twice = lines(line("unnamed", "open-journey"), phone, phone, line("unnamed", "open-journey"))
    assert statuses(became(api, twice)) == ["applied", "applied", "duplicate", "duplicate", "complete"]


def test_an_id_that_comes_with_something_else_is_said(api: Api) -> None:
    asks = lines(
        line("reused", "open-journey", "1"),
        line("reused", "start-intake", "2", channel="phone"),
        line("reused", "start-intake", "2", channel="fax"),
    )
    *_, reused, _ = became(api, asks)
    assert (reused["status"], reused["code"], reused["id"]) == ("invalid", "key-reused", "2")


def test_a_bad_line_keeps_no_other_from_being_applied(api: Api) -> None:
    results = became(
        api,
        b"\xef\xbb\xbf"
        + lines(
            line("mixed", "open-journey", team="ward 3"),
            "{not json",
            "",
            '["a list"]',
            line("mixed", "fly-to-the-moon"),
            {"command": "start-intake", "surprise": 1},
            line("mixed", "start-intake", "7", channel=["Zwetschgenmus"], unknown="Zwetschgenmus"),
            line("mixed", "check-in", "8", **visit(9)),
            line(number(404), "check-in", "9", **visit(9)),
            line(number(405), "open-journey", "10"),
            json.dumps(line("mixed", "put-on-hold", reason="x" * 30_000)),
        )
        + json.dumps(line("mixed", "start-intake", "12", channel="phone")).encode(),
    )
    *results, summary = results
    assert [(each["line"], each["status"], each.get("code")) for each in results] == [
        (1, "applied", None),
        (2, "invalid", "malformed-json"),
        (4, "invalid", "invalid"),
        (5, "invalid", "invalid"),
        (6, "invalid", "invalid"),
        (7, "invalid", "invalid"),
        (8, "refused", "unknown-visit"),
        (9, "refused", "no-such-journey"),
        (10, "invalid", "invalid"),
        (11, "invalid", "body-too-large"),
        (12, "applied", None),
    ]
    assert [(each["where"], each["field"]) for each in results[4]["errors"]] == [
        ("line", "journey"),
        ("line", "surprise"),
    ]
    assert [(each["where"], each["field"]) for each in results[5]["errors"]] == [
        ("body", "channel"),
        ("body", "unknown"),
    ]
    assert "Zwetschgenmus" not in json.dumps(results)
    assert all(each["detail"] for each in results if "code" in each)
    assert (summary["messages"], summary["applied"], summary["rejected"]) == (11, 2, 9)


def test_a_journey_hears_its_lines_in_order_whatever_comes_between(api: Api) -> None:
    told = [line(f"j{n % 7}", "open-journey", "open", team="ward 3") for n in range(7)]
    told += [line(f"j{n % 7}", "assign-owner", str(n), team=f"team {n}") for n in range(700)]
    *results, summary = became(api, lines(*told))
    assert (summary["applied"], summary["journeys"]) == (707, 7)
    for n in range(7):
        own = [each["version"] for each in results if each["journey_id"] == results[n]["journey_id"]]
        assert own == list(range(2, len(own) + 2))


def test_what_is_about_two_journeys_waits_for_what_stands_before_it(api: Api) -> None:
    one, other = (str(UUID(int=n)) for n in (501, 502))
    *results, _ = became(
        api,
        lines(
            line("survivor", "open-journey", patient_id=one, team="ward 3"),
            line("retired", "open-journey", patient_id=other, team="ward 3"),
            line("survivor", "merge-patient", "m", survivor=one, retired=other, evidence="same person"),
            line("retired", "start-intake", channel="phone"),
        ),
    )
    assert statuses(results) == ["applied"] * 4, results
    assert results[3]["version"] > 3
    again = became(
        api,
        lines(line("survivor", "merge-patient", "m", survivor=one, retired=other, evidence="same person")),
    )
    assert statuses(again) == ["duplicate", "complete"]


def test_the_stream_may_be_larger_than_any_body_and_cut_anywhere(api: Api) -> None:
    told = [line("long", "open-journey", team="ward 3")]
    told += [line("long", "add-note", str(n), note_id=number(n), text=f"{n} " * 200) for n in range(60)]
    text = lines(*told)
    assert len(text) > 20_000
    pieces = (text[at : at + 997] for at in range(0, len(text), 997))
    answered = became(api, pieces)
    assert (answered[-1]["messages"], answered[-1]["applied"]) == (61, 61)


@pytest.mark.parametrize(
    "headers",
    [{"Content-Type": "application/json"}, {}, MEDIA | {"Content-Encoding": "gzip"}],
)
def test_lines_are_sent_as_lines(api: Api, headers: dict[str, str]) -> None:
    answer = sent(api, STAY, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported-media-type")


def test_who_may_not_write_may_not_import(api: Api) -> None:
    assert sent(api, STAY, role=None).status_code == 401
    assert sent(api, STAY, role=Role.COMPLIANCE).status_code == 403
    assert sent(api, STAY, "?source=two words").status_code == 422
    assert sent(api, STAY, "?sauce=x").status_code == 422


def test_nothing_is_nothing(api: Api) -> None:
    [summary] = became(api, b"\n \r\n")
    assert (summary["status"], summary["messages"]) == ("complete", 0)


def bound(api: Api, name: str, *teams: str) -> dict[str, str]:
    """The key of an integrator who is bound to these teams."""
    made = keys.create(api.conninfo, name, Role.INTEGRATOR, None, Grant(teams=teams))
    return {"Authorization": f"Bearer {made.token}", **MEDIA}


def test_another_teams_journey_is_not_there(api: Api) -> None:
    theirs = api.opened(team="ward 9").rpartition("/")[2]
    own = api.opened(team="ward 5").rpartition("/")[2]
    headers = bound(api, "of ward 5", "ward 5")
    intake = {"channel": "phone"}
    body = lines(
        line(theirs, "start-intake", **intake),
        line(own, "start-intake", **intake),
        line(number(404), "start-intake", **intake),
        line("mine", "open-journey", team="ward 5"),
        line("mine", "start-intake", **intake),
        line("given", "open-journey", team="ward 9"),
        line("given", "start-intake", **intake),
        line("mine", "link-journey", "l", other_journey_id=theirs, relation="continues"),
    )
    results = became(api, body, role=None, headers=headers)
    assert [(each["status"], each.get("code")) for each in results[:-1]] == [
        ("refused", "no-such-journey"),
        ("applied", None),
        ("refused", "no-such-journey"),
        ("applied", None),
        ("applied", None),
        ("applied", None),
        ("refused", "no-such-journey"),
        ("refused", "no-such-journey"),
    ]
    assert results[0]["detail"] == results[2]["detail"]
    again = became(api, body, role=None, headers=headers)
    assert statuses(again[:7]) == [
        *("refused", "duplicate", "refused", "duplicate", "duplicate", "duplicate", "refused"),
    ]
    with psycopg.connect(api.conninfo) as connection:
        denied = connection.execute(
            "SELECT unnest(journeys) FROM access_event WHERE outcome = 'denied' AND name = 'of ward 5'"
        ).fetchall()
    assert {UUID(theirs), UUID(number(404))} <= {row[0] for row in denied}


def test_two_keys_do_not_know_each_others_names(api: Api) -> None:
    [one, _] = became(api, lines(line("4711", "open-journey")), role=None, headers=bound(api, "a", "ward 5"))
    [two, _] = became(api, lines(line("4711", "open-journey")), role=None, headers=bound(api, "b", "ward 5"))
    assert one["journey_id"] != two["journey_id"]


def test_the_example_of_the_page_runs(api: Api) -> None:
    page = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
    example = page.partition("### Import")[2]
    asked = re.findall(r'^    (\{"journey".*)$', example, re.MULTILINE)
    shown = re.findall(r'^    (\{"(?:line|status)".*)$', example, re.MULTILINE)
    results = became(api, lines(*asked), "?source=legacy-ehr")
    assert len(results) == len(shown) == len(asked) + 1
    for result, told in zip(results, shown, strict=True):
        for word in re.findall(
            r'"(?:line|id|status|version|code|detail|messages|applied|duplicate|rejected)":[^,}]+', told
        ):
            assert word in json.dumps(result, separators=(",", ":")), word
        assert list(result) == re.findall(r'"(\w+)":', re.sub(r"\[.*\]", "[]", told))


def test_a_database_that_is_lost_is_where_it_stops(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    known = [line(f"lost {n}", "open-journey", team="ward 3") for n in range(3)]
    one, *_ = became(api, lines(*known))
    load = api.engine.store.load

    def loading(journey_id: UUID) -> Any:
        if str(journey_id) != one["journey_id"]:
            raise StoreUnavailable
        return load(journey_id)

    intakes = lines(*(line(f"lost {n}", "start-intake", channel="phone") for n in range(3)))
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(api.engine.store, "load", loading)
        done, summary = became(api, intakes)
    assert (done["line"], done["status"]) == (1, "applied")
    assert (summary["status"], summary["code"], summary["resume_at"]) == ("stopped", "store-unavailable", 2)
    assert statuses(became(api, intakes)) == ["duplicate", "applied", "applied", "complete"]


def test_what_is_imported_carries_the_span_that_asked_for_it(api: Api) -> None:
    span = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    opened, _ = became(
        api, lines(line("traced", "open-journey", "1")), headers={**MEDIA, "traceparent": span}
    )
    told = api.get(f"/v1/events?journey={opened['journey_id']}", role=Role.INTEGRATOR).json()["events"]
    assert [each["traceparent"] for each in told] == [span]
