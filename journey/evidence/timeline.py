"""The timeline: what happened, for people, on paper: each journey with both times, who, and what changed.

One HTML page that loads nothing and runs nothing. What was corrected is struck through and stays to be read.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from html import escape as escaped
from importlib.resources import files
from itertools import groupby
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic_core import to_json

from journey.domain.correction import EventCorrected, EventVoided, History
from journey.domain.event import Precision, Recorded
from journey.domain.journey import journey_at
from journey.domain.replay import Axis, Change, Step, Walk, reach
from journey.domain.standing import standing
from journey.evidence.form import AccessLine, EventLine, How, Manifest, Period
from journey.evidence.gathering import Gathered
from journey.ledger.checkpoint import Statement
from journey.pathways import installed
from journey.store.mapper import decoded

STYLE = "timeline.css"
SHOWN = 12
"""Changes of an event that are told one by one."""

EXACT: Mapping[str, str] = {
    Precision.YEAR: "%Y",
    Precision.MONTH: "%Y-%m",
    Precision.DAY: "%Y-%m-%d",
    Precision.HOUR: "%Y-%m-%d %H h",
    Precision.UNKNOWN: "not known",
}
TOLD = re.compile(
    r"status|stage|responsible\.(team|person)|patient\.demographics\..*|patient\.identifiers\..*\.value"
    r"|pathway\.id|reached\..*\.at|open\..*\.(status|start|location|service)|blocked_by\..*\.what"
    r"|clocks\..*\.(state|breached)|waived\..*\.why"
)
"""Which changes of the standing are told; others follow from the event itself, or say which it was."""

TURNS = dict.fromkeys(
    (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)), "\N{REPLACEMENT CHARACTER}"
)
"""Characters that turn the direction of what follows: on paper, a name could make another sentence of it."""

ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{8}([0-9a-f]{4})")


def page(manifest: Manifest, found: Gathered) -> Iterator[str]:
    """The whole page."""
    zone = ZoneInfo(manifest.zone)
    style = files("journey.evidence").joinpath(STYLE).read_text(encoding="utf-8")
    yield "<!doctype html>\n<html lang=en><meta charset=utf-8><title>Evidence</title>\n"
    yield f"<style>\n{style}</style>\n"
    yield from _head(manifest, found, zone)
    for journey_id, lines in groupby(sorted(found.events, key=_of_journey), key=_of_journey):
        patient = found.journeys[UUID(journey_id)]
        yield from _Sheet(journey_id, patient, list(lines), manifest.period, zone).told()
    yield from _accesses(found.accesses, zone)


def _of_journey(line: EventLine) -> str:
    return line.stored.journey_id


def _head(manifest: Manifest, found: Gathered, zone: ZoneInfo) -> Iterator[str]:
    said = Statement.read(found.checkpoint.rpartition("\n\n")[0] + "\n")
    begins, ends = manifest.period.begins, manifest.period.ends
    facts = {
        "Patients": ", ".join(map(str, manifest.patients)),
        "Period": f"recorded from {_at(begins, zone) if begins else 'the beginning'} "
        f"until {_at(ends, zone) if ends else 'the checkpoint'}",
        "Made": f"{_at(manifest.made_at, zone)} by {manifest.made_by}, reference {manifest.reference}",
        "For": f"{manifest.recipient}; purpose {manifest.purpose}, basis {manifest.basis}",
        "Ledger": f"{said.origin}, {said.events.size} events by {_at(said.at, zone)}",
        "Holds": f"{manifest.events} events of {len(manifest.journeys)} journeys, "
        f"{manifest.accesses} accesses",
        "Times": f"in {manifest.zone}",
    }
    rows = "".join(f"<tr><th>{name}<td>{escape(text)}\n" for name, text in facts.items())
    yield f"<header><h1>Evidence of patient journeys</h1><table class=facts>{rows}</table>\n"
    if manifest.notice:
        yield f"<p class=notice>{escape(manifest.notice)}</p>\n"
    yield "<p>Made from events.ndjson. Check the file with <code>journey audit check</code>.</p></header>\n"


class _Sheet:
    """A journey, on a page of its own."""

    def __init__(
        self, journey_id: str, patient: UUID, lines: list[EventLine], period: Period, zone: ZoneInfo
    ) -> None:
        self._lines = {each.stored.event_id: each for each in lines}
        self._history = History(tuple(_recorded(each) for each in lines))
        self._readings = {each.event_id: each for each in self._history.readings}
        self._named = {each.event_id: f"#{each.version}" for each in self._history.recorded}
        self._title = f"Journey {journey_id}", f"patient {patient}"
        self._period, self._zone = period, zone

    def told(self) -> Iterator[str]:
        shown = [each for each in self._steps() if self._period.holds(each.recorded.recorded_at)]
        left = len(self._lines) - len(shown)
        yield f"<section><h2>{escape(self._title[0])}</h2>\n<p class=who>{escape(self._who())}</p>\n"
        if left:
            yield f"<p>{left} events were recorded outside of the period; they are in events.ndjson.</p>\n"
        yield "<table class=events><thead><tr><th>#<th>Happened<th>Recorded<th>Who<th>What</thead>\n"
        yield from map(self._row, shown)
        yield "</table></section>\n"

    def _steps(self) -> Iterator[Step]:
        """Of a very long journey, what changed is told of its last events."""
        walk = Walk(self._history, Axis.KNOWN, installed())
        begin = max(0, len(walk.events) - reach(walk))
        yield from (Step(each, None) for each in walk.events[:begin])
        yield from walk.steps(begin)

    def _who(self) -> str:
        state = journey_at(self._history, as_of=None, as_known_at=None)
        if state is None:
            return self._title[1]
        patient = standing(state, installed()).patient
        person = patient.demographics
        name = ", ".join(part for part in (person.family, " ".join(person.given or ())) if part)
        born = person.birth_date and f"born {person.birth_date}"
        numbers = (f"{each.system} {each.value}" for each in patient.identifiers)
        return " · ".join(part for part in (name, born, person.gender, *numbers, self._title[1]) if part)

    def _row(self, step: Step) -> str:
        each = step.recorded
        actor = each.context.actor
        who = " ".join(part for part in (actor.id, actor.role and f"({actor.role})", actor.team) if part)
        cells = (
            str(each.version),
            self._happened(each),
            _at(each.recorded_at, self._zone),
            escape(f"{who}; {each.context.purpose}, {each.context.source.system}"),
            "".join(self._what(step)),
        )
        struck = " class=struck" if each.event_id in self._history.said.voids else ""
        return f"<tr{struck}>" + "".join(f"<td>{cell}" for cell in cells) + "\n"

    def _happened(self, each: Recorded) -> str:
        reading = self._readings.get(each.event_id, each)
        now, then = self._time(reading), self._time(each)
        return now if now == then else f"<s>{then}</s> {now}"

    def _time(self, each: Recorded) -> str:
        form = EXACT.get(each.occurred_precision)
        return (
            each.occurred_at.astimezone(self._zone).strftime(form)
            if form
            else _at(each.occurred_at, self._zone)
        )

    def _what(self, step: Step) -> Iterator[str]:
        each, said = step.recorded, self._history.said
        line = self._lines[str(each.event_id)]
        said_so = f"<b>{escape(line.stored.type)}</b> {self._particulars(line.read.data)}"
        yield f"<span class=said>{said_so}</span>"
        if line.how is How.ERASED:
            yield "<p class=note>What was personal is erased; its key is destroyed.</p>"
        if void := said.voids.get(each.event_id):
            yield f"<p class=note>Does not hold: {self._by(void)}</p>"
        if corrected := said.corrects.get(each.event_id):
            event = corrected.event
            new = event.data if isinstance(event, EventCorrected) else None
            reads = f" reads {self._particulars(new)}" if new is not None else ""
            yield f"<p class=note>Corrected by {self._named[corrected.event_id]}:{reads}</p>"
        if step.changes:
            yield from self._changes([change for change in step.changes if TOLD.fullmatch(change.path)])

    def _by(self, void: EventVoided) -> str:
        number = next(
            (self._named[each.event_id] for each in self._history.corrections if each.event is void), ""
        )
        return escape(f"{number} {void.reason}".strip())

    def _changes(self, changes: list[Change]) -> Iterator[str]:
        if changes:
            rows = (
                f"<li>{escape(_shortly(each.path))}: {self._value(each.before)} → {self._value(each.after)}"
                for each in changes[:SHOWN]
            )
            more = f"<li>… and {len(changes) - SHOWN} more" if len(changes) > SHOWN else ""
            yield f"<ul>{''.join(rows)}{more}</ul>"

    def _value(self, value: Any) -> str:
        if isinstance(value, datetime):
            return _at(value, self._zone)
        return escape(_shortly(_words(value))) or "nothing"

    def _particulars(self, data: Mapping[str, Any]) -> str:
        return "; ".join(
            f"{escape(name.replace('_', ' '))}: {escape(_shortly(words))}"
            for name, value in data.items()
            if (words := _words(value))
        )


def _recorded(line: EventLine) -> Recorded:
    stored = line.stored
    return Recorded(
        UUID(stored.journey_id),
        stored.version,
        UUID(stored.event_id),
        decoded(stored.type, stored.schema_version, to_json(line.read.data).decode()),
        datetime.fromisoformat(stored.occurred_at),
        Precision(stored.occurred_precision),
        datetime.fromisoformat(stored.recorded_at),
        stored.context,
        line.position,
    )


def _accesses(lines: tuple[AccessLine, ...], zone: ZoneInfo) -> Iterator[str]:
    if not lines:
        return
    yield "<section><h2>Who looked</h2>\n<table class=events><thead><tr><th>At<th>Who<th>Did<th>For</thead>\n"
    for each in lines:
        said = each.stored
        who = " ".join(str(said[name]) for name in ("name", "role", "team") if said[name])
        did = f"{said['kind']}, {said['outcome']}"
        cells = (_at(datetime.fromisoformat(said["at"]), zone), who, did, said["purpose"] or "")
        yield "<tr>" + "".join(f"<td>{escape(cell)}" for cell in cells) + "\n"
    yield "</table></section>\n"


def escape(text: str) -> str:
    """As it is shown, whatever it says."""
    return escaped(text.translate(TURNS))


def _at(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def _shortly(text: str) -> str:
    """Ids by their ends: they stand in full in events.ndjson."""
    return ID.sub(r"…\1", text)


def _words(value: Any) -> str:
    match value:
        case dict():
            return str(value.get("display") or _words(list(value.values())))
        case list() | tuple():
            return ", ".join(filter(None, map(_words, value)))
        case None:
            return ""
        case _:
            return str(value)
