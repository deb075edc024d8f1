"""What `/v1/flow` answers: figures over many journeys. Times are seconds, shares are between 0 and 1."""

from datetime import datetime
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field


class Bucket(StrEnum):
    """The pieces of time that a trend is made of; a week begins on Monday."""

    WEEK = "week"
    MONTH = "month"


class Spread(BaseModel):
    """How long something took: `n` times that are known; half of them were within the median."""

    n: int
    median: float | None = Field(description="Seconds; null where n is 0.")
    p90: float | None = Field(description="Seconds within which nine of ten were done.")


class SpreadThen(Spread):
    """The same of one piece of time."""

    begins: AwareDatetime


class Census(BaseModel):
    """How many patients are at one place now, and since when."""

    pathway: str | None
    stage: str
    team: str | None
    status: str
    patients: int
    waiting_median: float = Field(description="Seconds that they have been there.")
    waiting_max: float


class StageFigures(BaseModel):
    """One stage: every stay in it that began in the time asked for."""

    pathway: str
    stage: str
    stays: int
    here: int = Field(description="Stays that are not over.")
    time: Spread = Field(description="From the entry until another stage was entered.")
    trend: tuple[SpreadThen, ...] = Field(description="By when they began.")


class MilestoneFigures(BaseModel):
    """One milestone: every journey that reached it in the time asked for."""

    pathway: str
    milestone: str
    reached: int
    due: int = Field(description="Of these, those that had a due time.")
    late: int
    from_start: Spread = Field(description="Since the pathway began.")
    from_due_base: Spread = Field(description="Since what its due time is counted from.")


class StepFigures(BaseModel):
    """Two milestones, one reached right after the other."""

    pathway: str
    earlier: str
    later: str
    time: Spread


class QueueThen(BaseModel):
    """Who came and who went in one piece of time."""

    begins: AwareDatetime
    arrivals: int
    departures: int


class QueueFigures(BaseModel):
    """A stage as a queue."""

    pathway: str
    stage: str
    length: int = Field(description="Patients in it now, whenever they came.")
    arrivals: int
    departures: int
    trend: tuple[QueueThen, ...]


class StageRework(BaseModel):
    """A stage that journeys came back to."""

    pathway: str
    stage: str
    journeys: int
    again: int = Field(description="Stays beyond the first of each journey.")


class MilestoneRework(BaseModel):
    """A milestone that was undone."""

    pathway: str
    milestone: str
    journeys: int
    undone: int


class Rework(BaseModel):
    """What was done more than once."""

    stages: tuple[StageRework, ...]
    milestones: tuple[MilestoneRework, ...]


class ClockFigures(BaseModel):
    """One clock: every run that began in the time asked for. A run without a target is never breached."""

    pathway: str
    clock: str
    runs: int
    running: int
    stopped: int
    nullified: int
    restarted: int
    unfinished: int = Field(description="Still running when the journey was closed or cancelled.")
    breached: int = Field(description="Stopped or running, beyond the target.")
    breached_running: int
    within_stopped: float | None = Field(description="Share of the stopped with a target that met it.")
    within_running: float | None = Field(description="Share of the running with a target still within it.")
    standard: float | None = Field(description="The share that the pathway says should meet the target.")
    time: Spread = Field(description="Of the stopped, from start to stop.")


class VisitRates(BaseModel):
    """Who came, by the time of the appointment, or of the arrival where there was none."""

    due: int = Field(description="Agreed times that came: kept or missed.")
    missed: int
    no_show_rate: float | None
    came: int
    left_unseen: int
    left_unseen_rate: float | None = Field(description="Of those who came.")


class Denials(BaseModel):
    """What payers decided, by when they first did; items, not requests."""

    decided: int
    denied: int
    denial_rate: float | None


class ServiceDenials(Denials):
    """The same of one service."""

    service: str | None = Field(description="Null where the request did not say.")


class Authorizations(Denials):
    """The same of all, and of each service."""

    services: tuple[ServiceDenials, ...]


class FlowFigures(BaseModel):
    """How patients flow."""

    model_config = ConfigDict(populate_by_name=True)

    as_of: datetime
    pathway: str | None
    team: str | None
    begins: datetime | None = Field(alias="from")
    ends: datetime | None = Field(alias="to")
    bucket: Bucket
    zone: str = Field(description="The time zone in which weeks and months begin.")
    census: tuple[Census, ...] = Field(description="Now, of all journeys that are not over.")
    stages: tuple[StageFigures, ...]
    milestones: tuple[MilestoneFigures, ...]
    steps: tuple[StepFigures, ...]
    queues: tuple[QueueFigures, ...]
    rework: Rework
    clocks: tuple[ClockFigures, ...]
    visits: VisitRates
    authorizations: Authorizations
