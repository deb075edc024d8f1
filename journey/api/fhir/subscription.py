"""Subscription: what one asks for, and how one is shown (R4, with the extensions of the backport).

Whatever is not honoured is refused, by its name: who thinks that they will hear of something has to.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn
from uuid import UUID

from pydantic import ValidationError

from journey.api.access.caller import Caller
from journey.api.access.table import Permission
from journey.api.follow.asked import refuse_unknown_pathways
from journey.api.problems import FieldError, Problem
from journey.feed.filter import EVERYTHING, Filter
from journey.fhir.data import EXTENSIONS, Json, filled, instant
from journey.subscriptions.notification import BACKPORT
from journey.subscriptions.registry import Kept, Wanted
from journey.subscriptions.terms import Content, Terms
from journey.subscriptions.topics import NOT_TOLD, TOPICS, Topic
from journey.webhooks.addresses import BadEndpoint, Where

MIME = "application/fhir+json"
FILTER, CONTENT = f"{BACKPORT}backport-filter-criteria", f"{BACKPORT}backport-payload-content"
HEARTBEAT, MOST = f"{BACKPORT}backport-heartbeat-period", f"{BACKPORT}backport-max-count"
RECIPIENT, PURPOSE = f"{EXTENSIONS}recipient", f"{EXTENSIONS}purpose"
ELEMENTS = frozenset(
    {"resourceType", "id", "meta", "text", "language", "extension", "status", "contact", "end", "reason"}
    | {"criteria", "_criteria", "error", "channel"}
)
OF_CHANNEL = frozenset({"extension", "type", "endpoint", "payload", "_payload", "header"})
SHORTEST, LONGEST = 10, 7 * 24 * 3600
"""Seconds between heartbeats."""

FOR_EVER = datetime(9999, 1, 1, tzinfo=UTC)
"""What ends later could not be told in every zone."""

LONG = 500
LINES = 20
HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}: ?[\x20-\x7e]{1,2000}")
OURS = frozenset(
    {
        "content-type",
        "content-length",
        "host",
        "connection",
        "transfer-encoding",
        "user-agent",
        "te",
        "expect",
    }
    | {"upgrade", "trailer", "keep-alive", "proxy-connection"}
)
"""Headers that say what we send, and how."""

NAME = re.compile(r"[^\x00-\x1f\x7f]{1,200}")
SYSTEMS = ("phone", "fax", "email", "pager", "url", "sms", "other")
ACT_REASON = re.compile(r"[A-Z][A-Z0-9]{0,19}")
MEANT = {
    "status": "A Subscription is asked for as requested; active and off are taken of one that there is, too",
    "criteria": "It should be the canonical address of a topic that the capability statement names",
    "filter": "patient and journey are ids, team and pathway names, status is an EpisodeOfCare's;"
    " several with commas between",
    "channel.type": "Notifications are sent by rest-hook alone",
    "channel.payload": f"Notifications are {MIME}, of FHIR 4.0",
}


def refuse(field: str, sentence: str) -> NoReturn:
    """Raises Problem."""
    errors = (FieldError(where="body", field=f"Subscription.{field}", message=sentence),)
    raise Problem("invalid", "It cannot be honoured as it stands; the element is named below.", errors=errors)


def wanted(body: Json, who: Caller, where: Where, base: str, *, is_new: bool) -> Wanted:
    """What it asks for. Raises Problem."""
    _refuse_unknown("", body, ELEMENTS)
    channel = body.get("channel")
    if body.get("resourceType") != "Subscription" or not isinstance(channel, dict):
        refuse("channel", "Send a Subscription with a channel")
    _refuse_unknown("channel.", channel, OF_CHANNEL)
    status = body.get("status")
    if status not in ({"requested"} if is_new else {"requested", "active", "off"}):
        refuse("status", MEANT["status"])
    topic = TOPICS.get(str(body.get("criteria")))
    if topic is None:
        refuse("criteria", NOT_TOLD.get(str(body.get("criteria")), MEANT["criteria"]))
    if not who.may(Permission.FEED, topic.focus):
        raise Problem("forbidden", f"The scopes of your key do not hold {topic.focus}.")
    if channel.get("type") != "rest-hook":
        refuse("channel.type", MEANT["channel.type"])
    if str(channel.get("payload")).partition(";")[0] != MIME:
        refuse("channel.payload", MEANT["channel.payload"])
    criteria = _criteria(body)
    own = dict(_extensions("extension", body, {RECIPIENT: "valueString", PURPOSE: "valueCode"}))
    of_channel = {HEARTBEAT: "valueUnsignedInt", MOST: "valuePositiveInt"}
    asked = dict(_extensions("channel.extension", channel, of_channel))
    if asked.get(MOST, 1) != 1:
        refuse("channel.extension", "Each notification tells of one event: leave out backport-max-count")
    return Wanted(
        endpoint=_endpoint(channel, where),
        topic=topic,
        criteria=criteria,
        filter=_filter(topic, criteria),
        content=_content(channel),
        headers=_headers(channel),
        heartbeat=_heartbeat(asked.get(HEARTBEAT)),
        ends=_end(body),
        reason=_matching("reason", body.get("reason"), NAME, "It should say, in a line, what it is for"),
        contact=_contact(body),
        recipient=_matching("extension", own.get(RECIPIENT, who.name), NAME, "A recipient is a name"),
        purpose=_matching("extension", own.get(PURPOSE, "TREAT"), ACT_REASON, "A purpose is a code: TREAT"),
        base=base,
        is_on=status != "off",
    )


def _refuse_unknown(above: str, element: Mapping[str, Any], known: frozenset[str]) -> None:
    for name in element.keys() - known:
        refuse(f"{above}{name[:LONG]}", "There is nothing that this would change; leave it out")


def _extensions(
    where: str, element: Mapping[str, Any], known: Mapping[str, str]
) -> Iterator[tuple[str, Any]]:
    """The value of each, by its address. Raises Problem."""
    listed = element.get("extension", [])
    for each in listed if isinstance(listed, list) else [None]:
        url = each.get("url") if isinstance(each, dict) else None
        name = known.get(str(url))
        if name is None or not isinstance(each, dict) or name not in each:
            refuse(where, f"The extensions that mean something here are {', '.join(sorted(known))}")
        yield str(url), each[name]


def _beside(element: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = element.get(name, {})
    return found if isinstance(found, dict) else {"extension": [None]}


def _criteria(body: Json) -> str | None:
    said = [each for _, each in _extensions("criteria", _beside(body, "_criteria"), {FILTER: "valueString"})]
    if len(said) > 1 or not all(isinstance(each, str) for each in said):
        refuse("criteria", "One filter at most, such as Encounter?patient=Patient/…")
    return said[0] if said else None


def _filter(topic: Topic, criteria: str | None) -> Filter:
    """The topic's events, narrowed down."""
    type_, mark, query = (criteria or f"{topic.focus}?").partition("?")
    named = [each.partition("=") for each in query.split("&") if each]
    names = [name for name, _, _ in named]
    if type_ != topic.focus or not mark or set(names) - set(topic.filters) or len(names) != len(set(names)):
        asked = ", ".join(f"{topic.focus}?{each}=" for each in topic.filters)
        refuse("criteria", f"What this topic can be narrowed down by is {asked}")
    values: dict[str, Any] = {name: [*_values(said)] for name, _, said in named}
    try:
        found = Filter(**{**EVERYTHING.model_dump(), **values, "type": topic.types})
    except ValidationError:
        refuse("criteria", MEANT["filter"])
    try:
        refuse_unknown_pathways(found, "body", "criteria")
    except Problem as problem:
        refuse("criteria", problem.more["errors"][0].message)
    return found


def _values(said: str) -> Iterable[str]:
    return (each.rpartition("/")[2] for each in said.split(","))


def _endpoint(channel: Json, where: Where) -> str:
    try:
        return where.endpoint(str(channel.get("endpoint", "")))
    except BadEndpoint as error:
        refuse("channel.endpoint", str(error))


def _content(channel: Json) -> Content:
    listed = dict(_extensions("channel.payload", _beside(channel, "_payload"), {CONTENT: "valueCode"}))
    try:
        return Content(listed.get(CONTENT, Content.EMPTY))
    except ValueError:
        refuse("channel.payload", f"The contents that can be sent are {', '.join(Content)}")


def _headers(channel: Json) -> tuple[str, ...] | None:
    said = channel.get("header")
    if said is None:
        return None
    listed = said if isinstance(said, list) else [said]
    is_fine = all(isinstance(each, str) and HEADER.fullmatch(each) for each in listed)
    if len(listed) > LINES or not is_fine:
        refuse("channel.header", f"At most {LINES} lines such as Authorization: Bearer …, in ASCII")
    if any(each.partition(":")[0].lower() in OURS for each in listed):
        refuse("channel.header", "What is sent, and how, is not said by these headers")
    return tuple(listed)


def _heartbeat(said: Any) -> int | None:
    if said is None:
        return None
    if not isinstance(said, int) or isinstance(said, bool) or not SHORTEST <= said <= LONGEST:
        refuse("channel.extension", f"A heartbeat is every {SHORTEST} to {LONGEST} seconds")
    return said


def _end(body: Json) -> datetime | None:
    said = body.get("end")
    if said is None:
        return None
    try:
        at = datetime.fromisoformat(str(said))
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or not datetime.now(UTC) < at < FOR_EVER:
        refuse(
            "end", "It should be an instant to come, such as 2030-01-01T00:00:00Z; left out, it never ends"
        )
    return at


def _matching(field: str, said: Any, pattern: re.Pattern[str], sentence: str) -> str:
    if not isinstance(said, str) or not pattern.fullmatch(said):
        refuse(field, sentence)
    return said


def _contact(body: Json) -> list[Json]:
    said = body.get("contact", [])
    is_fine = isinstance(said, list) and all(
        isinstance(each, dict)
        and each.keys() <= {"system", "value"}
        and each.get("system") in SYSTEMS
        and isinstance(each.get("value"), str)
        for each in said
    )
    if not is_fine or len(str(said)) > LONG:
        refuse("contact", "At most a few, of system and value")
    return list(said)


def shown(kept: Kept, of: Terms) -> Json:
    """The resource. What stands in its headers is told to nobody."""
    extensions = [
        {"url": RECIPIENT, "valueString": kept.recipient},
        {"url": PURPOSE, "valueCode": kept.purpose},
    ]
    beat = [{"url": HEARTBEAT, "valueUnsignedInt": of.heartbeat}] if of.heartbeat else []
    narrowed = [{"url": FILTER, "valueString": kept.criteria}] if kept.criteria else []
    return filled(
        {
            "resourceType": "Subscription",
            "id": str(kept.id),
            "meta": {
                "lastUpdated": instant(kept.changed_at),
                "profile": [f"{BACKPORT}backport-subscription"],
            },
            "extension": extensions,
            "status": of.status,
            "contact": kept.contact,
            "end": of.ends and instant(of.ends),
            "reason": kept.reason,
            "criteria": of.topic.url,
            "_criteria": filled({"extension": narrowed}),
            "error": of.error,
            "channel": filled(
                {
                    "extension": beat,
                    "type": "rest-hook",
                    "endpoint": kept.endpoint,
                    "payload": MIME,
                    "_payload": {"extension": [{"url": CONTENT, "valueCode": of.content}]},
                }
            ),
        }
    )


def is_meant(kept: Kept, of: Terms, status: frozenset[str] | None, url: str | None) -> bool:
    return (status is None or of.status in status) and (url is None or kept.endpoint == url)


def key_of(id_: str) -> UUID | None:
    """None: it is the id of none."""
    try:
        return UUID(id_)
    except ValueError:
        return None
