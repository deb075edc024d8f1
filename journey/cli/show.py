"""`journey show`: where a patient stands, in words."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from journey.cli import terminal
from journey.cli.options import AS_KNOWN_AT, AS_OF, JourneyId, Json, Moment, in_zone

if TYPE_CHECKING:
    from journey.domain.custody import Safekeeping
    from journey.domain.pathway.clocks import Clock
    from journey.domain.room import Step
    from journey.domain.standing import Pathway, Patient, Standing


def run(
    journey: JourneyId,
    *,
    as_of: Annotated[Moment, AS_OF] = None,
    as_known_at: Annotated[Moment, AS_KNOWN_AT] = None,
    as_json: Json = False,
) -> None:
    """Where a patient stands: stage, who is responsible, what is next, what blocks it, and why."""
    from journey.cli.failure import Failed
    from journey.cli.find import loaded
    from journey.cli.session import prepared, ready
    from journey.domain.journey import journey_at
    from journey.domain.standing import standing
    from journey.pathways import installed

    settings = prepared()
    zone = ZoneInfo(settings.timezone)
    with ready(settings) as database:
        history = loaded(database.conninfo, journey, "show")
    as_of, as_known_at = (in_zone(moment, zone) for moment in (as_of, as_known_at))
    state = journey_at(history, as_of=as_of, as_known_at=as_known_at)
    if state is None:
        raise Failed("The journey was not there yet at that time, or not known yet.")
    now = datetime.now(UTC)
    stands = standing(state, installed()).at(as_of or now)
    if as_json:
        from journey.api.whereabouts import Whereabouts

        told = Whereabouts.model_validate_json(stands.model_dump_json())
        when = {"as_of": as_of or now, "as_known_at": as_known_at or now}
        terminal.say_json(told.model_copy(update=when))
        return
    names = {each.event_id: f"#{each.version} {each.event.stored_as}" for each in history.recorded}
    for line in _Page(stands, as_of or now, zone, names).lines():
        terminal.say(line)


class _Page:
    """A standing as a page of text."""

    def __init__(self, stands: "Standing", now: datetime, zone: ZoneInfo, names: dict[UUID, str]) -> None:
        self._stands = stands
        self._now = now
        self._zone = zone
        self._names = names

    def lines(self) -> Iterator[str]:
        stands = self._stands
        yield from terminal.block("journey", [f"{stands.journey_id}  version {stands.version}"])
        yield from terminal.block("patient", [patient(stands.patient)])
        yield from terminal.block("status", [stands.status])
        if stands.custody is not None:
            yield from terminal.block("custody", self._custody(stands.custody))
        if stands.pathway is not None:
            yield from terminal.block("pathway", [self._pathway(stands.pathway)])
        yield from terminal.block("stage", [f"{stands.stage}  since {self._at(stands.since)}"])
        yield from terminal.block("responsible", [self._responsible()])
        yield from terminal.block("reached", self._reached())
        yield from terminal.block("next", self._steps(stands.next))
        if stands.pathway is not None:
            yield from terminal.block("later", self._steps(stands.later))
            yield from terminal.block("overdue", [step.title or step.step for step in stands.overdue])
            yield from terminal.block("at risk", [step.title or step.step for step in stands.at_risk])
            yield from terminal.block("waived", self._waived())
            yield from terminal.block("clocks", self._clocks())
        yield from terminal.block("blocked by", [f"{each.code}: {each.what}" for each in stands.blocked_by])
        yield from terminal.block("open visits", self._visits())
        yield from terminal.block("why", self._why())

    def _at(self, moment: datetime) -> str:
        return terminal.local(moment, self._zone)

    def _custody(self, kept: "Safekeeping") -> list[str]:
        said = (
            kept.erased_at and f"erased {self._at(kept.erased_at)}",
            kept.restricted and f"restricted: {kept.restricted}",
            kept.holds and f"under {len(kept.holds)} legal hold{'s' * (len(kept.holds) > 1)}",
            kept.erasure_requested and f"erasure requested: {kept.erasure_requested}",
        )
        return [each for each in said if each]

    def _responsible(self) -> str:
        owner = self._stands.responsible
        if owner is None:
            return "nobody"
        whom = f"{owner.team}, {owner.person}" if owner.person else owner.team
        return f"{terminal.printable(whom)}  since {self._at(owner.since)}"

    def _reached(self) -> list[str]:
        rows = [
            (self._at(each.at), each.milestone, self._names[each.event_id]) for each in self._stands.reached
        ]
        return list(terminal.table(rows[0], rows[1:])) if rows else []

    def _steps(self, steps: "Sequence[Step]") -> list[str]:
        """Each with its due time, what it waits for, who sees to it where that is said, and the reason."""
        rows = [self._cells(step) for step in steps]
        if not any(step.owner for step in steps):
            rows = [(*each[:2], *each[3:]) for each in rows]
        lines = list(terminal.table(rows[0], rows[1:])) if rows else []
        return [
            terminal.styled(line, fg="red")
            if step in self._stands.overdue
            else terminal.styled(line, fg="yellow")
            if step in self._stands.at_risk
            else line
            for step, line in zip(steps, lines, strict=True)
        ]

    def _cells(self, step: "Step") -> tuple[str, ...]:
        waits = f"waits for {', '.join(step.waits_for)}" if step.waits_for else ""
        due = ", ".join(part for part in (self._due(step), waits) if part) or "-"
        return step.step, due, step.owner or "-", self._names[step.event_id]

    def _due(self, step: "Step") -> str:
        if step.due is None:
            return ""
        away = terminal.span(step.due - self._now)
        return f"due {self._at(step.due)}, " + (
            f"overdue by {away}" if step in self._stands.overdue else f"in {away}"
        )

    def _pathway(self, pathway: "Pathway") -> str:
        begun = f"since {self._at(pathway.started_at)}" if pathway.started_at else "not begun yet"
        ended = f"ended {self._at(pathway.ended_at)}" if pathway.ended_at else None
        return "  ".join(
            part for part in (f"{pathway.id} {pathway.version}", pathway.title, begun, ended) if part
        )

    def _waived(self) -> list[str]:
        rows = [
            (each.milestone, terminal.printable(each.why), ", ".join(map(self._named, each.event_ids)))
            for each in self._stands.waived
        ]
        return list(terminal.table(rows[0], rows[1:])) if rows else []

    def _clocks(self) -> list[str]:
        rows = [
            (
                each.clock,
                each.state,
                self._ran(each),
                self._left(each),
                ", ".join(map(self._named, each.event_ids)),
            )
            for each in self._stands.clocks
        ]
        lines = list(terminal.table(rows[0], rows[1:])) if rows else []
        return [
            terminal.styled(line, fg="red") if clock.breached else line
            for clock, line in zip(self._stands.clocks, lines, strict=True)
        ]

    def _ran(self, clock: "Clock") -> str:
        end = clock.stopped_at
        length = terminal.span((end or self._now) - clock.started_at)
        return f"since {self._at(clock.started_at)}, {length}" + (f" until {self._at(end)}" if end else "")

    def _left(self, clock: "Clock") -> str:
        if clock.due is None or clock.breached is None:
            return clock.target or "-"
        away = terminal.span(clock.due - (clock.stopped_at or self._now))
        said = f"breached by {away}" if clock.breached else f"{away} left"
        return f"{clock.target}, due {self._at(clock.due)}, {said}"

    def _named(self, event_id: UUID) -> str:
        return self._names[event_id]

    def _visits(self) -> list[str]:
        rows = [
            (
                visit.status,
                visit.encounter_class or "-",
                self._at(visit.start) if visit.start else f"since {self._at(visit.since)}",
                terminal.printable(", ".join(part for part in (visit.service, visit.location) if part)),
            )
            for visit in self._stands.open.visits
        ]
        return list(terminal.table(rows[0], rows[1:])) if rows else []

    def _why(self) -> list[str]:
        return [
            f"{what}: {', '.join(self._names[event_id] for event_id in events)}"
            for what, events in self._stands.why.items()
            if events
        ]


def patient(who: "Patient") -> str:
    """Who it is, in a line."""
    person = who.demographics
    name = ", ".join(part for part in (person.family, " ".join(person.given or ())) if part)
    born = person.birth_date and f"born {person.birth_date}"
    died = person.deceased_at and "died"
    numbers = (f"{each.system} {each.value}" for each in who.identifiers)
    return terminal.printable(
        " · ".join(part for part in (name or "name not known", born, person.gender, died, *numbers) if part)
    )
