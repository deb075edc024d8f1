"""Episode: the journey's own life, from the plan to the close, and who is accountable for it.

    planned | waitlist -> active <-> on hold -> finished -> (reopened) active
    planned | waitlist | active | on hold -> cancelled;   any -> entered in error
    While it is active or on hold, exactly one team, or person of a team, is accountable: another takes over,
    nobody steps down. A readmission within 30 days of a discharge, day 0 being its day, counts unless it was
    planned; it is a journey of its own that is linked, or another stay on this one.

FHIR: EpisodeOfCare, CareTeam.
"""

from journey.domain.episode.commands import (
    ActivateJourney,
    AssignOwner,
    CancelJourney,
    CloseJourney,
    EpisodeCommand,
    LinkJourney,
    OpenJourney,
    PutOnHold,
    RemoveJourney,
    ReopenJourney,
    ResumeJourney,
    UnassignOwner,
    WaitlistJourney,
)
from journey.domain.episode.decide import SomebodyIsAccountable, decide
from journey.domain.episode.events import (
    EpisodeEvent,
    JourneyActivated,
    JourneyCancelled,
    JourneyClosed,
    JourneyEnteredInError,
    JourneyLinked,
    JourneyOpened,
    JourneyPutOnHold,
    JourneyReopened,
    JourneyResumed,
    JourneyWaitlisted,
    OwnerAssigned,
    OwnerUnassigned,
    Relation,
)
from journey.domain.episode.evolve import evolve
from journey.domain.episode.state import TRANSITIONS, Episode, Owner

__all__ = [
    "TRANSITIONS",
    "ActivateJourney",
    "AssignOwner",
    "CancelJourney",
    "CloseJourney",
    "Episode",
    "EpisodeCommand",
    "EpisodeEvent",
    "JourneyActivated",
    "JourneyCancelled",
    "JourneyClosed",
    "JourneyEnteredInError",
    "JourneyLinked",
    "JourneyOpened",
    "JourneyPutOnHold",
    "JourneyReopened",
    "JourneyResumed",
    "JourneyWaitlisted",
    "LinkJourney",
    "OpenJourney",
    "Owner",
    "OwnerAssigned",
    "OwnerUnassigned",
    "PutOnHold",
    "Relation",
    "RemoveJourney",
    "ReopenJourney",
    "ResumeJourney",
    "SomebodyIsAccountable",
    "UnassignOwner",
    "WaitlistJourney",
    "decide",
    "evolve",
]
