"""XES: a trace for each journey, for tools of process mining (IEEE 1849-2016).

Events stand in the order in which they happened. Every one has its transition complete: what has a beginning
and an end of its own is two events here, each under its own name. Of the patient there is nothing.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID
from xml.sax.saxutils import quoteattr

from journey.export.said import activity, flat, who
from journey.export.snapshot import Snapshot, Taken
from journey.feed.thin import thin
from journey.feed.times import utc

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849.2016" xes.features="" xmlns="http://www.xes-standard.org/">
  <extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
  <extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
  <extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
  <extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
  <global scope="trace">
    <string key="concept:name" value=""/>
  </global>
  <global scope="event">
    <string key="concept:name" value=""/>
    <date key="time:timestamp" value="1970-01-01T00:00:00.000000+00:00"/>
    <string key="lifecycle:transition" value="complete"/>
    <string key="type" value=""/>
    <int key="journey:version" value="0"/>
  </global>
  <classifier name="Activity" scope="event" keys="concept:name"/>
  <classifier name="Type" scope="event" keys="type"/>
"""


NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped."""


def xes(snapshot: Snapshot) -> Iterator[str]:
    """The file, piece by piece."""
    yield HEAD
    for journey_id, taken in snapshot.by_journey():
        yield "".join(_trace(journey_id, taken, marked=snapshot.has_voided))
    yield "</log>\n"


def _trace(journey_id: UUID, taken: Sequence[Taken], *, marked: bool) -> Iterator[str]:
    yield f'  <trace>\n    <string key="concept:name" value="{journey_id}"/>\n'
    for each in taken:
        yield "    <event>\n"
        for kind, key, value in _attributes(each, marked=marked):
            yield f"      <{kind} key={_quoted(key)} value={_quoted(value)}/>\n"
        yield "    </event>\n"
    yield "  </trace>\n"


def _attributes(taken: Taken, *, marked: bool) -> Iterator[tuple[str, str, str]]:
    """Each with its XES type; what the event itself says stands under data."""
    each = taken.recorded
    actor = who(each)
    yield "string", "concept:name", activity(type(each.event))
    yield "date", "time:timestamp", utc(each.occurred_at)
    yield "string", "lifecycle:transition", "complete"
    yield "string", "org:resource", actor.id
    if actor.role:
        yield "string", "org:role", actor.role
    if actor.team:
        yield "string", "org:group", actor.team
    yield "string", "type", each.event.stored_as
    yield "int", "journey:version", str(each.version)
    yield "id", "event_id", str(each.event_id)
    yield "date", "recorded_at", utc(each.recorded_at)
    yield "string", "precision", each.occurred_precision
    if marked:
        yield "boolean", "voided", str(taken.voided).lower()
    for path, value in flat(thin(each.event)):
        yield _type(value), f"data.{path}", str(value).lower() if isinstance(value, bool) else str(value)


def _type(value: Any) -> str:
    match value:
        case bool():
            return "boolean"
        case int():
            return "int"
        case float():
            return "float"
        case _:
            return "string"


def _quoted(text: str) -> str:
    return quoteattr(NO_XML.sub("\N{REPLACEMENT CHARACTER}", text))
