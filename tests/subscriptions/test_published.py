"""Notifications beside the published ones: the same entries, elements and types, in the R4 form.

The guide publishes its examples for R4B, where the first entry is a SubscriptionStatus; in R4 the same stands
in Parameters, each element under its name in small letters.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest

from journey.bench.notified import Json, events, said
from journey.subscriptions.notification import Focus, Happened, Said, Type, bundle, standings
from journey.subscriptions.terms import Content, Status, Terms
from journey.subscriptions.topics import EVERY
from tests.fhir.validating import assert_valid
from tests.ingest.fhir.samples import documents, folder, read

PUBLISHED, R4 = "hl7-subscriptions", "davinci-pas-2.2.1"
AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
BODY = {"resourceType": "Encounter", "id": "2", "status": "planned", "class": {"code": "AMB"}}
NAMES = {"eventsSinceSubscriptionStart": "events-since-subscription-start"}
NOT_TOLD = frozenset({"additional-context"})
"""What the topics do not have."""


def terms(content: Content, *, confirmed: bool = True, events: int = 2) -> Terms:
    base = "http://example.org/FHIR/R4B"
    return Terms(UUID(int=123), EVERY[6], content, base, (), None, None, confirmed, "active", None, events)


def of_status() -> Iterator[Json]:
    for path in documents(PUBLISHED):
        found = read(path)
        if path.name.startswith("4b-Bundle"):
            yield found


def published(kind: str, payload: Content | None = None) -> list[Json]:
    """The Bundles of this type; and, of those with events, those that tell as much."""
    found = [each for each in of_status() if each["entry"][0]["resource"]["type"] == kind]
    return [each for each in found if payload is None or _content(each) is payload]


def _content(told: Json) -> Content:
    _, *others = told["entry"]
    if not others:
        return Content.EMPTY
    return Content.FULL if "resource" in others[0] else Content.ID_ONLY


def ours(kind: Type, content: Content, numbers: tuple[int, ...] = ()) -> Json:
    body = BODY if content is Content.FULL else None
    named = content is not Content.EMPTY
    happened = [
        Happened(each, AT, Focus("Encounter", str(each), body) if named else None) for each in numbers
    ]
    confirmed = kind is not Type.HANDSHAKE
    count = 2 if numbers else 310 if confirmed else 0
    of = terms(content, confirmed=confirmed, events=count)
    return bundle(of, Said(kind, count, happened), content, AT)


def test_all_that_is_published_is_compared() -> None:
    kinds = [each["entry"][0]["resource"]["type"] for each in of_status()]
    assert len(kinds) == 9
    assert set(kinds) == set(Type)


@pytest.mark.parametrize(
    ("kind", "content", "numbers"),
    [
        (Type.HANDSHAKE, Content.EMPTY, ()),
        (Type.HEARTBEAT, Content.EMPTY, ()),
        (Type.EVENT, Content.EMPTY, (2,)),
        (Type.EVENT, Content.ID_ONLY, (2,)),
        (Type.EVENT, Content.FULL, (2,)),
        (Type.QUERY_EVENT, Content.ID_ONLY, (1, 2)),
    ],
)
def test_a_notification_has_what_a_published_one_has(
    kind: Type, content: Content, numbers: tuple[int, ...]
) -> None:
    told = ours(kind, content, numbers)
    assert_valid(told)
    theirs = published(kind, content if numbers else None)
    assert theirs
    for each in theirs:
        assert told["type"] == each["type"] == "history"
        assert set(each) - {"meta"} <= set(told)
        _, *resources = each["entry"]
        without_context = [one for one in resources if one["request"]["method"] == "PUT"]
        assert [set(one) for one in told["entry"][1:]] == [set(one) for one in without_context]
        assert [one["request"] for one in told["entry"][1:]] == [one["request"] for one in without_context]
        assert set(told["entry"][0]) == set(each["entry"][0])
        assert told["entry"][0]["request"]["url"].endswith("/$status")
        _assert_same_status(told, each["entry"][0]["resource"])


def test_how_one_stands_is_told_as_published() -> None:
    told = standings([terms(Content.EMPTY, events=310)])
    assert_valid(told)
    [theirs] = published(Type.QUERY_STATUS)
    _assert_same_status(told, theirs["entry"][0]["resource"])


def test_the_parameters_are_of_the_types_that_a_published_r4_notification_has() -> None:
    theirs = _typed(read(folder(R4) / "Bundle-PASSubscriptionNotification.json"))
    told = _typed(ours(Type.EVENT, Content.FULL, (2,)))
    assert theirs.items() <= told.items()


def test_what_may_not_be_told_is_a_number_without_focus() -> None:
    of = terms(Content.FULL)
    told = bundle(of, Said(Type.EVENT, 2, [Happened(2, AT)]), Content.FULL, AT)
    assert_valid(told)
    assert [set(each) for each in events(told)] == [{"event-number", "timestamp"}]
    assert len(told["entry"]) == 1


def test_one_that_is_in_error_says_why() -> None:
    of = terms(Content.EMPTY)._replace(state="disabled", reason="gone")
    told = bundle(of, Said(Type.QUERY_EVENT, 2), Content.EMPTY, AT)
    assert said(told)["status"] == Status.ERROR
    assert "410" in said(told)["error"]["text"]


def _assert_same_status(told: Json, theirs: Json) -> None:
    """The R4 Parameters say what the R4B resource does."""
    mine = said(told)
    for name, value in theirs.items():
        match name:
            case "resourceType" | "id" | "meta" | "text":
                continue
            case "notificationEvent":
                assert all(_named(each) - NOT_TOLD <= set(own) for each, own in _pairs(value, told))
                assert [each["eventNumber"] for each in value] == [
                    each["event-number"] for each in events(told)
                ]
                focuses = [each.get("focus", {}).get("reference") for each in value]
                assert focuses == [each.get("focus") for each in events(told)]
            case "subscription" | "topic":
                assert mine[name]
            case _:
                assert mine[NAMES.get(name, name)] == value


def _pairs(theirs: list[Json], told: Json) -> Iterator[tuple[Json, Json]]:
    return zip(theirs, events(told), strict=True)


def _named(event: Json) -> set[str]:
    return {re.sub(r"[A-Z]", lambda found: f"-{found[0].lower()}", name) for name in event}


def _typed(told: Json) -> dict[str, str]:
    """The type of the value of each parameter, and of each part."""
    found = told["entry"][0]["resource"]["parameter"]
    parts = [part for each in found for part in each.get("part", [])]
    values = [each for each in [*found, *parts] if "part" not in each]
    return {each["name"]: next(name for name in each if name.startswith("value")) for each in values}
