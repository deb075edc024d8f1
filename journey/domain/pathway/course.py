"""The course of a journey on its pathway: where it is, what was reached, what is next, until when, and why.

A milestone is reached by what happened, in whatever order and however late: what it requires decides only
whether it is *next*. What is overdue is not said here; the due times are, and a reader's clock decides.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from journey.domain.attendance import mistaken_left_out
from journey.domain.enrolment import Enrolment
from journey.domain.event import Blocker, Fact, Recorded
from journey.domain.pathway.beginning import beginning
from journey.domain.pathway.clocks import Clock, Runs, clocks, latest, runs, warning
from journey.domain.pathway.definition import START, BlockerDefinition, MilestoneDefinition
from journey.domain.pathway.plan import NOWHERE, Heard, Hit, Plan, chosen
from journey.domain.pathway.trigger import Condition
from journey.domain.pathway.undoing import Undone
from journey.domain.room import Escalation, Milestone, Step, Waived


class Course(NamedTuple):
    """Where a journey stands on its pathway. `stage` is None where the pathway has not begun."""

    began: Fact | None = None
    stage: tuple[str, Fact] | None = None
    reached: tuple[Milestone, ...] = ()
    waived: tuple[Waived, ...] = ()
    next: tuple[Step, ...] = ()
    later: tuple[Step, ...] = ()
    blockers: tuple[Blocker, ...] = ()
    clocks: tuple[Clock, ...] = ()
    ended: Fact | None = None
    stuck: Mapping[str, Fact] = MappingProxyType({})
    """What made each of the definition's own blockers stand."""


def course(plan: Plan, enrolment: Enrolment, recorded: Sequence[Recorded]) -> Course:
    """Where the journey with these events, in the order in which they happened, stands on the pathway."""
    on_it = following(plan, enrolment, recorded)
    return Course() if on_it is None else on_it.whole


def following(plan: Plan, enrolment: Enrolment, recorded: Sequence[Recorded]) -> "Following | None":
    """The journey on its way; None where the pathway has not begun."""
    recorded = mistaken_left_out(recorded)
    heard = plan.hear(recorded)
    start = beginning(plan, heard, enrolment, recorded)
    return None if start is None else Following(plan, heard, enrolment, start, recorded)


class Following:
    """One journey on one plan. What is asked for most is found at once, and the rest when it is asked for."""

    def __init__(
        self, plan: Plan, heard: Heard, enrolment: Enrolment, start: Hit, recorded: Sequence[Recorded]
    ) -> None:
        self.plan = plan
        self.start = start
        self.recorded = recorded
        """Without the no-shows that were none."""
        self._heard = heard
        self._enrolment = enrolment
        began = heard.begins(start)
        self._before = began - 1  # the place behind which things count: what starts it is one of them
        self._behind = start.place if began == start.place else self._before
        self.milestones = tuple(self._expected())
        self.waived = dict(self._not_owed())
        self.reached = {
            each.id: hit
            for each in self.milestones
            if each.id not in self.waived and (hit := self._reaching(each)) is not None
        }
        self.waived |= dict(self._skipped())

    def until(self, place: int) -> "Following":
        """As it was after the event at this place, which is not before the start."""
        heard = self._heard.until(place)
        return Following(self.plan, heard, self._enrolment, self.start, self.recorded[: place + 1])

    @cached_property
    def whole(self) -> Course:
        """All there is to say of it."""
        ended = self._ended
        stuck = () if ended else tuple(self._stuck())
        owed = () if ended else tuple(self._owed())
        return Course(
            began=self.start.recorded.fact,
            stage=self.stage,
            reached=tuple(self._milestone(name, hit) for name, hit in self.reached.items()),
            waived=tuple(self.waived.values()),
            next=tuple(step for step in owed if not step.waits_for),
            later=tuple(step for step in owed if step.waits_for),
            blockers=(
                *(Blocker(code=each.id, what=each.what) for each, _ in stuck),
                *self._requirements(owed),
            ),
            clocks=tuple(clocks(self.plan, self._runs, self._parameters)),
            ended=ended.recorded.fact if ended else None,
            stuck={each.id: since.recorded.fact for each, since in stuck},
        )

    @cached_property
    def _parameters(self) -> Mapping[str, str]:
        return self.plan.parameters(self._enrolment.parameters)

    @cached_property
    def _places(self) -> Mapping[UUID, int]:
        return {each.event_id: place for place, each in enumerate(self.recorded)}

    @cached_property
    def _ended(self) -> Hit | None:
        ends = self.plan.definition.ends
        return self._heard.first(ends, self._behind) if ends else None

    @cached_property
    def _runs(self) -> Runs:
        return runs(self.plan, self._heard, self.start, self._ended)

    @cached_property
    def _clocks(self) -> Mapping[str, tuple[Hit, datetime | None]]:
        return latest(self.plan, self._runs, self._parameters)

    # --- What is to be reached

    def _expected(self) -> Iterator[MilestoneDefinition]:
        """The milestones of the pathway, and of the branches that it has taken."""
        definition = self.plan.definition
        yield from definition.milestones
        for branch in definition.branches:
            if self._heard.holds(branch.when, self._before) is not None:
                yield from branch.milestones

    def _not_owed(self) -> Iterator[tuple[str, Waived]]:
        said = self._enrolment.said
        for name, (*_, last) in said.items():
            if last.word == "waived":
                yield name, _waived(name, last.why, (last.fact,))
        if self._enrolment.dropped:
            there = {each.id for each in self.plan.definition.every_milestone()}
            for name, dropped in self._enrolment.dropped.items():
                if name not in there:
                    yield name, _waived(name, dropped.why, (dropped.fact,))
        for each in self.milestones:
            applies = each.applies_when
            if each.id not in said and applies is not None and self._heard.holds(applies) is None:
                yield each.id, _waived(each.id, "does not apply", ())

    def _skipped(self) -> Iterator[tuple[str, Waived]]:
        """What was reached before there was a reason to skip it stays reached."""
        for each in self.milestones:
            if each.skip_when is None or each.id in self.reached or each.id in self._enrolment.said:
                continue
            held = self._heard.holds(each.skip_when)
            if held is not None:
                yield each.id, _waived(each.id, "skipped", [hit.recorded.fact for hit in held])

    # --- What is reached

    def _reaching(self, milestone: MilestoneDefinition) -> Hit | None:
        """What reached it last, or first, since it was last undone."""
        undone = self._undone(milestone)
        after = NOWHERE if milestone.anytime else self._before
        if isinstance(milestone.reached_by, Condition):
            held = self._heard.holds(milestone.reached_by, max(undone.latest, after))
            hits = sorted(held, key=_place)[-1:] if held else []
        elif any(trigger.count > 1 for trigger in milestone.reached_by):
            hits = self._heard.hits(milestone.reached_by, max(undone.latest, after))
        else:
            hits = undone.still(self._heard.hits(milestone.reached_by, after))
        attested = self._said(milestone, "attested")
        if attested > undone.latest:
            hits = sorted([*hits, Hit(attested, self.recorded[attested])], key=_place)
        if not hits:
            return None
        return hits[0] if milestone.repeat == "first" else hits[-1]

    def _undone(self, milestone: MilestoneDefinition) -> Undone:
        hits = self._heard.hits(milestone.undone_by, self._before) if milestone.undone_by else []
        return Undone(hits, self._said(milestone, "reopened"))

    def _said(self, milestone: MilestoneDefinition, word: str) -> int:
        """The place at which a person last said so of it."""
        said = self._enrolment.said.get(milestone.id, ())
        places = (self._places.get(each.fact.event_id, NOWHERE) for each in said if each.word == word)
        return max(places, default=NOWHERE)

    def _milestone(self, name: str, hit: Hit) -> Milestone:
        return Milestone(milestone=name, at=hit.recorded.occurred_at, event_id=hit.recorded.event_id)

    @property
    def stage(self) -> tuple[str, Fact]:
        """The latest stage, in the order of the definition, of which an entry is reached."""
        stages = self.plan.definition.stages
        here = (stages[0].id, self.start.recorded.fact)
        for stage in stages:
            entries = [self.reached[name] for name in stage.entered_by if name in self.reached]
            if START in stage.entered_by:
                entries.append(self.start)
            if entries:
                here = (stage.id, min(entries, key=_place).recorded.fact)
        return here

    @property
    def is_complete(self) -> bool:
        """Whether it has come to the last stage, or to an end."""
        definition = self.plan.definition
        return bool(self._ended) or any(name in self.reached for name in definition.stages[-1].entered_by)

    def came_before(self, milestone: MilestoneDefinition, hit: Hit) -> tuple[str, ...]:
        """What the milestone requires and what had not been reached when it was."""
        return tuple(
            name
            for name in milestone.requires
            if name not in self.waived and (name not in self.reached or self.reached[name].place > hit.place)
        )

    # --- What is owed

    def _owed(self) -> Iterator[Step]:
        for milestone in self.milestones:
            if milestone.id in self.reached or milestone.id in self.waived:
                continue
            yield self._step(milestone)

    def _step(self, milestone: MilestoneDefinition) -> Step:
        base, due = self.due(milestone)
        counted_from = self.plan.counted_from(base.recorded)
        return Step(
            step=milestone.id,
            title=milestone.title,
            due=due,
            warn_at=warning(self.plan, counted_from, due, milestone.warn_at),
            owner=milestone.owner,
            waits_for=tuple(
                name for name in milestone.requires if name not in self.reached and name not in self.waived
            ),
            escalate=tuple(self._escalations(milestone, counted_from, due)),
            event_id=base.recorded.event_id,
        )

    def due(self, milestone: MilestoneDefinition) -> tuple[Hit, datetime | None]:
        """What it is counted from, and until when; from the start where there is nothing else yet."""
        if milestone.due is None:
            return self.start, None
        after = milestone.due.after
        if isinstance(after, str):
            base, target = self._named(after)
        else:
            base, target = self._heard.first(after, self._before), None
        if base is None:
            return self.start, None
        if milestone.due.within is None:
            return base, target
        span = chosen(milestone.due.within, base.recorded.event, self._parameters)
        if span is None:
            return base, None
        return base, self.plan.calendar.after(self.plan.counted_from(base.recorded), span)

    def _named(self, name: str) -> tuple[Hit | None, datetime | None]:
        """What starts the pathway, reached the milestone or started the clock; and the clock's target."""
        if name == START:
            return self.start, None
        return (self.reached[name], None) if name in self.reached else self._clocks.get(name, (None, None))

    def _escalations(
        self, milestone: MilestoneDefinition, start: datetime, due: datetime | None
    ) -> Iterator[Escalation]:
        for each in milestone.escalate:
            at = due if each.at == "breach" else warning(self.plan, start, due, each.at)
            if at is not None:
                yield Escalation(at=at, to=each.to)

    # --- What stands in the way

    def _stuck(self) -> Iterator[tuple[BlockerDefinition, Hit]]:
        for each in self.plan.definition.blockers:
            until = self._heard.hits(each.until, self._before)
            since = self._heard.first(each.since, until[-1].place if until else self._before)
            if since is not None:
                yield each, since

    def _requirements(self, owed: Sequence[Step]) -> Iterator[Blocker]:
        """What the steps that come right after the next ones wait for."""
        following = {step.step for step in owed if not step.waits_for}
        for step in owed:
            if step.waits_for and set(step.waits_for) <= following:
                yield Blocker(code="requires", what=f"{step.step} waits for {', '.join(step.waits_for)}")


def _place(hit: Hit) -> int:
    return hit.place


def _waived(name: str, why: str, facts: Sequence[Fact]) -> Waived:
    return Waived(milestone=name, why=why, event_ids=tuple(fact.event_id for fact in facts))
