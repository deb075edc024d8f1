"""Audience: who a row is for. A journey with labelled events has its rows twice: as who is cleared for all of
its labels sees it, and as who is cleared for none does.
"""

from dataclasses import replace
from enum import StrEnum
from typing import NamedTuple

from journey.conditions import Condition
from journey.domain import labels
from journey.domain.consent.state import ORDINARY
from journey.domain.correction import CORRECTIONS
from journey.domain.journey import fold
from journey.domain.labels import Labels
from journey.projections.model import Change


class Audience(StrEnum):
    """As it stands in the tables."""

    EVERYONE = "everyone"
    CLEARED = "cleared"
    UNCLEARED = "uncleared"


WHOLE = Condition("status.audience <> 'uncleared'")
"""Every journey once, with all that is recorded of it."""

UNLABELLING = CORRECTIONS | labels.RESTRICTING
"""What may take the last label from a journey."""


class Views(NamedTuple):
    """A change of a journey that bears these labels, as each audience sees it. `anew`: the journey may have
    rows for others, and where it stood before is not what those that are there were made of.
    """

    labels: Labels
    of: tuple[tuple[Audience, Change], ...]
    anew: bool


def views(change: Change) -> Views:
    """For everyone; or for who is cleared for the journey's labels, and for who is not, where anything is
    left for them.
    """
    borne = labels.of_journey(change.journey.recorded)
    if not borne:
        anew = any(type(each.event) in UNLABELLING for each in change.recorded)
        seen = replace(change, before=None) if anew else change
        return Views(borne, ((Audience.EVERYONE, seen),), anew)
    whole = replace(change, before=None)
    left = labels.shown(change.journey.recorded, ORDINARY)
    if not left:
        return Views(borne, ((Audience.CLEARED, whole),), anew=True)
    cut = replace(whole, state=fold(left, change.journey_id, change.journey.version))
    return Views(borne, ((Audience.CLEARED, whole), (Audience.UNCLEARED, cut)), anew=True)
