"""A pathway as data: what has to be reached, by when, by whom, and which clocks run.

It has the shape of CMMN (stages, milestones, sentries) and is read from YAML. Conditions are data as well: an
event, what its fields say, and how often; nothing in a definition is ever evaluated as a program.
FHIR: PlanDefinition.
"""

import re
from typing import Annotated, Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, PlainSerializer, PlainValidator, Tag

from journey.domain.event import Frozen
from journey.domain.pathway.span import WrittenSpan
from journey.domain.pathway.trigger import (
    Condition,
    Earlier,
    Range,
    Trigger,
    Triggers,
    anything,
    mapping,
    one_of,
)

NAME = r"^[a-z][a-z0-9-]*$"
VERSION = r"^\d{1,9}(\.\d{1,9}){0,2}$"
HOLIDAYS = r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$"
Name = Annotated[
    str,
    Field(pattern=NAME, max_length=60, description="Its name, in lower case letters, digits and hyphens."),
]
Title = Annotated[str | None, Field(description="What people read.")]

START = "start"
"""In place of a milestone: the moment from which the pathway runs."""


class Choice(Frozen):
    """A span that depends on a field of the event that it is counted from, or on a parameter."""

    by: str = Field(description="Path into that event's data, or parameters.<name>.")
    cases: dict[str, WrittenSpan] = Field(min_length=1, description="What it may be -> the span for that.")
    otherwise: WrittenSpan | None = Field(
        default=None, description="Left out: nothing is due in other cases."
    )


Within = Annotated[
    Annotated[Choice, Tag("choice")] | Annotated[WrittenSpan, Tag("span")],
    one_of(choice=mapping, span=anything),
]


class Percent(NamedTuple):
    """A part of the time between the moment from which it is counted and the one when it is due."""

    value: int

    @classmethod
    def read(cls, value: Any) -> "Percent":
        found = re.fullmatch(r"([1-9]\d?)%", value) if isinstance(value, str) else None
        if isinstance(value, cls):
            return value
        if found is None:
            raise ValueError("a part of the time is written as 80%")
        return cls(int(found[1]))


Part = Annotated[
    Annotated[WrittenSpan, Tag("span")]
    | Annotated[
        Percent,
        PlainValidator(Percent.read, json_schema_input_type=str),
        PlainSerializer(lambda percent: f"{percent.value}%", return_type=str),
        Tag("percent"),
    ],
    one_of(percent=lambda value: isinstance(value, Percent) or str(value).endswith("%"), span=anything),
]
"""`80%` of the time until it is due; or a span from where the due time is counted from."""


def _name(value: Any) -> bool:
    return isinstance(value, str) and "." not in value


class Due(Frozen):
    """Until when: so long after the start, a milestone, the start of a clock's latest run, or an event."""

    after: Annotated[
        Annotated[Name, Tag("name")] | Annotated[Triggers, Tag("triggers")],
        one_of(name=_name, triggers=anything),
    ] = Field(default=START, description="start, a milestone, a clock, or triggers: the first that is heard.")
    within: Within | None = Field(
        default=None,
        description="A span, or one that depends on something. Left out, after a clock: the clock's target.",
    )


class Escalation(Frozen):
    """Who else is told, when: at a part of the time, or at its breach."""

    at: Annotated[
        Annotated[Literal["breach"], Tag("breach")] | Annotated[Part, Tag("part")],
        one_of(breach=lambda value: value == "breach", part=anything),
    ] = Field(description="breach, a part of the time (80%) or a span from where it is counted.")
    to: str = Field(min_length=1, description="The role that is told.")


def _combines(value: Any) -> bool:
    return isinstance(value, Condition) or (isinstance(value, dict) and "event" not in value)


class MilestoneDefinition(Frozen):
    """Something to be reached. Being late, or out of order, never keeps it from being recorded."""

    id: Name
    title: Title = None
    reached_by: Annotated[
        Annotated[Condition, Tag("condition")] | Annotated[Triggers, Tag("triggers")],
        one_of(condition=_combines, triggers=anything),
    ] = Field(description="Triggers, or a condition.")
    anytime: bool = Field(default=False, description="What happened before the start counts too.")
    repeat: Literal["first", "latest"] = Field(default="first", description="Which reaching counts.")
    requires: tuple[Name, ...] = Field(
        default=(), description="Milestones without which it is later, not next; it is never refused."
    )
    due: Due | None = Field(default=None, description="Until when.")
    warn_at: Part | None = Field(default=None, description="From when it is at risk: 80%, or a span.")
    owner: str | None = Field(default=None, description="The role that sees to it.")
    escalate: tuple[Escalation, ...] = Field(default=(), description="Who else is told, and when.")
    applies_when: Condition | None = Field(default=None, description="Else it is waived.")
    skip_when: Condition | None = Field(
        default=None, description="Then it is waived, unless it was reached before."
    )
    undone_by: Triggers | None = Field(default=None, description="After these, it is to be reached anew.")


class Restart(Frozen):
    """After one of these, the clock begins anew with the first of those; so does one that was nullified."""

    after: Triggers
    on: Triggers


class Extension(Frozen):
    """An event that gives the clock more time, once."""

    when: Triggers
    by: WrittenSpan = Field(description="How much, behind the target.")


class ClockDefinition(Frozen):
    """A time that somebody measures. After a stop, another start begins another run."""

    id: Name
    title: Title = None
    start: Annotated[
        Annotated[Literal["start"], Tag("name")] | Annotated[Triggers, Tag("triggers")],
        one_of(name=_name, triggers=anything),
    ] = Field(default="start", description="start, or triggers of its own.")
    stop: Triggers
    nullify: Triggers | None = Field(default=None, description="As if it had never started.")
    restart: Restart | None = Field(default=None, description="When it begins anew.")
    extend: Extension | None = Field(default=None, description="What gives it more time.")
    target: Within | None = Field(default=None, description="How long it may run; else it only measures.")
    warn_at: Part | None = Field(default=None, description="From when it is at risk: 80%, or a span.")
    standard: float | None = Field(default=None, gt=0, le=1, description="The share that should meet it.")
    applies_when: Condition | None = Field(default=None, description="Else it is not there.")


class Stage(Frozen):
    """A part of the way. The patient is in the latest stage that was entered."""

    id: Name
    title: Title = None
    entered_by: tuple[Name, ...] = Field(min_length=1, description="Milestones, or start.")


class Branch(Frozen):
    """Milestones that are there only when something has happened."""

    id: Name
    when: Condition = Field(description="What takes it; only what happens after the start does.")
    milestones: tuple[MilestoneDefinition, ...] = Field(min_length=1, description="What is to be reached.")


class BlockerDefinition(Frozen):
    """Something that stands in the way from one event until another."""

    id: Name
    since: Triggers
    until: Triggers
    what: str = Field(min_length=1, description="A sentence for whoever looks at it.")


def _known_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("a zone of the IANA database, like Europe/London") from error
    return value


class CalendarDefinition(Frozen):
    """Where days begin and end. `holidays`: a country, and a part of it where it has its own: GB-ENG."""

    zone: Annotated[str, AfterValidator(_known_zone)] = Field(description="IANA: Europe/London.")
    holidays: str | None = Field(
        default=None,
        pattern=HOLIDAYS,
        description="Whose public holidays: US, GB-ENG. Left out: none are kept.",
    )


class Definition(Frozen):
    """One version of a pathway."""

    id: Name
    version: str = Field(pattern=VERSION, description="One to three numbers; the highest is the latest.")
    title: str = Field(min_length=1, description="What people read.")
    about: str | None = Field(default=None, description="Where the figures come from, and what is left out.")
    calendar: CalendarDefinition = Field(description="Where days begin and end.")
    starts: Triggers | None = Field(default=None, description="Left out: when the pathway is assigned.")
    ends: Triggers | None = Field(default=None, description="After one of these nothing more is owed.")
    parameters: dict[Name, Annotated[tuple[str, ...], Field(min_length=1)]] = Field(
        default={}, description="Name -> words; the first holds where nobody says another."
    )
    stages: tuple[Stage, ...] = Field(min_length=1, description="The parts of the way, in their order.")
    milestones: tuple[MilestoneDefinition, ...] = Field(min_length=1, description="What is to be reached.")
    branches: tuple[Branch, ...] = Field(default=(), description="Milestones that come with something.")
    clocks: tuple[ClockDefinition, ...] = Field(default=(), description="Times that somebody measures.")
    blockers: tuple[BlockerDefinition, ...] = Field(default=(), description="What stands in the way.")

    def every_milestone(self) -> tuple[MilestoneDefinition, ...]:
        """Those of the branches too."""
        return (*self.milestones, *(each for branch in self.branches for each in branch.milestones))


MODELS = (
    Definition,
    CalendarDefinition,
    Stage,
    MilestoneDefinition,
    Due,
    Choice,
    Escalation,
    Branch,
    ClockDefinition,
    Restart,
    Extension,
    BlockerDefinition,
    Trigger,
    Earlier,
    Range,
    Condition,
)
"""Everything that a definition is made of, the whole first."""
FIELDS = sorted({name for model in MODELS for name in model.model_fields})
