"""Given what was recorded, when this is asked, then that happens: the domain's tests need nothing else.

Times go up a minute an event unless they are given; whatever stands later in `given` was recorded later,
whenever it happened. Ids of events follow from what they say, so that two tellings of one thing compare.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

import pytest
from hypothesis import HealthCheck, settings

from journey.domain.correction import History
from journey.domain.decision import decide
from journey.domain.event import Command, Event, Precision, Recorded, Refused, latest
from journey.domain.journey import Journey, fold
from tests.ways import PATHWAYS

JOURNEY = UUID(int=1)
PATIENT = UUID(int=2)
DAY = datetime(2026, 3, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CONTEXT = '{"actor":{"id":"nurse-1","kind":"human"},"source":{"system":"test","channel":"test"}}'

STABLE = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=60,
    stateful_step_count=30,
    suppress_health_check=[HealthCheck.too_slow],
)
"""Hypothesis tries the same examples on every machine, and is not timed."""

Told = Event | tuple[Event, datetime] | tuple[Event, datetime, Precision]


def at(hour: int, minute: int = 0, *, day: int = 0) -> datetime:
    """A time of the day on which the tests take place, or of one so many days later."""
    return DAY + timedelta(days=day, hours=hour, minutes=minute)


@dataclass(frozen=True)
class Given:
    """What is recorded."""

    history: History

    @property
    def journey(self) -> Journey:
        """The state after all of it."""
        return self.journey_at(None)

    def journey_at(self, moment: datetime | None) -> Journey:
        """The state of the world at that moment, by all that is recorded."""
        recorded = self.history.effective if moment is None else self.history.until(moment)
        return fold(recorded, JOURNEY, self.history.version)

    @property
    def events(self) -> tuple[Event, ...]:
        """Everything recorded, in the order of its recording."""
        return tuple(each.event for each in self.history.recorded)

    @property
    def next_moment(self) -> datetime:
        ends = (latest(each.occurred_at, each.occurred_precision) for each in self.history.recorded)
        return max(ends, default=at(8)) + MINUTE

    def id_of(self, event: Event) -> UUID:
        """The id under which it was recorded, the first time."""
        return next(each.event_id for each in self.history.recorded if each.event == event)

    def recording(
        self, events: Iterable[Event], occurred_at: datetime, precision: Precision = Precision.INSTANT
    ) -> "Given":
        """The same, and these recorded together."""
        recorded = self.history.recorded
        learnt = max(
            [
                latest(occurred_at, precision),
                *(each.recorded_at + timedelta(seconds=1) for each in recorded[-1:]),
            ]
        )
        for event in events:
            same = sum(1 for each in recorded if each.event == event and each.occurred_at == occurred_at)
            says = f"{event.stored_as} {event.model_dump_json()} {occurred_at} {same}"
            one = Recorded(
                journey_id=JOURNEY,
                version=len(recorded) + 1,
                event_id=uuid5(JOURNEY, says),
                event=event,
                occurred_at=occurred_at,
                occurred_precision=precision,
                recorded_at=learnt,
                context_json=CONTEXT,
            )
            recorded = (*recorded, one)
        return Given(History(recorded))

    def when(self, command: Command, *, at: datetime | None = None) -> "When":
        """This is asked, at that time or else a minute after everything."""
        moment = at or command.occurred_at or self.next_moment
        return When(self, command.model_copy(update={"occurred_at": moment}))


@dataclass(frozen=True)
class When:
    """What is asked, given what is recorded."""

    given: Given
    command: Command

    def decided(self) -> tuple[Event, ...]:
        return tuple(decide(self.given.history, self.command, PATHWAYS))

    def done(self) -> Given:
        """What is recorded afterwards."""
        assert self.command.occurred_at is not None
        events = self.decided()
        return self.given.recording(events, self.command.occurred_at, self.command.occurred_precision)

    def then(self, *events: Event) -> Given:
        """These events happen, and nothing more when the command is sent again."""
        assert self.decided() == events
        after = self.done()
        again = tuple(decide(after.history, self.command, PATHWAYS))
        assert again == (), f"sent again, {self.command.name()} is not quiet"
        return after

    def then_nothing(self) -> Given:
        assert self.decided() == ()
        return self.given

    def then_refused(self, refusal: type[Refused], *, blockers: Sequence[str] = ()) -> Given:
        with pytest.raises(Refused) as refused:
            self.decided()
        assert type(refused.value) is refusal
        assert [blocker.code for blocker in refused.value.blockers] == list(blockers)
        assert str(refused.value).endswith((".", "?")), "a refusal is a sentence"
        return self.given


def given(*told: Told) -> Given:
    """What was recorded, in this order; each event alone, or with when it happened."""
    out = Given(History())
    for each in told:
        match each:
            case Event():
                out = out.recording([each], out.next_moment)
            case (event, moment):
                out = out.recording([event], moment)
            case (event, moment, precision):
                out = out.recording([event], moment, precision)
    return out


def through_json(recorded: Recorded) -> Recorded:
    """The same after it was written and read."""
    event = type(recorded.event).model_validate(json.loads(recorded.event.model_dump_json(exclude_none=True)))
    return Recorded(
        recorded.journey_id,
        recorded.version,
        recorded.event_id,
        event,
        recorded.occurred_at,
        recorded.occurred_precision,
        recorded.recorded_at,
        recorded.context_json,
    )
