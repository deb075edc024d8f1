"""Episode: the journey's own life, from the plan to the close, and who is accountable for it.

    planned | waitlist -> active <-> on hold -> finished -> (reopened) active
    planned | waitlist | active | on hold -> cancelled;   any -> entered in error

FHIR: EpisodeOfCare, CareTeam.
"""

from journey.domain.episode.commands import (
    ActivateJourney,
    AssignOwner,
    CancelJourney,
    CloseJourney,
    EpisodeCommand,
    OpenJourney,
    PutOnHold,
    RemoveJourney,
    ReopenJourney,
    ResumeJourney,
    UnassignOwner,
    WaitlistJourney,
)
from journey.domain.episode.decide import decide
from journey.domain.episode.events import (
    EpisodeEvent,
    JourneyActivated,
    JourneyCancelled,
    JourneyClosed,
    JourneyEnteredInError,
    JourneyOpened,
    JourneyPutOnHold,
    JourneyReopened,
    JourneyResumed,
    JourneyWaitlisted,
    OwnerAssigned,
    OwnerUnassigned,
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
    "JourneyOpened",
    "JourneyPutOnHold",
    "JourneyReopened",
    "JourneyResumed",
    "JourneyWaitlisted",
    "OpenJourney",
    "Owner",
    "OwnerAssigned",
    "OwnerUnassigned",
    "PutOnHold",
    "RemoveJourney",
    "ReopenJourney",
    "ResumeJourney",
    "UnassignOwner",
    "WaitlistJourney",
    "decide",
    "evolve",
]
