"""Pathways for tests: those that ship, and a small one in two versions."""

from typing import Any

from journey.domain.pathway import Pathways
from journey.domain.pathway.definition import Definition
from journey.pathways import installed, public_holidays

WAY = "a-way"
FIRST: dict[str, Any] = {
    "id": WAY,
    "version": "1.0.0",
    "title": "A way for tests",
    "calendar": {"zone": "Europe/London", "holidays": "GB-ENG"},
    "parameters": {"pace": ("slow", "quick")},
    "starts": "visit.booked",
    "stages": [
        {"id": "booked", "entered_by": ["start"]},
        {"id": "seen", "entered_by": ["seen"]},
    ],
    "milestones": [
        {"id": "seen", "reached_by": "visit.completed", "due": {"within": "2bd"}, "warn_at": "50%"},
        {
            "id": "told",
            "reached_by": "diagnosis.communicated",
            "requires": ["seen"],
            "due": {
                "after": "seen",
                "within": {"by": "parameters.pace", "cases": {"quick": "1h"}, "otherwise": "3d"},
            },
            "owner": "nurse",
            "escalate": [{"at": "breach", "to": "matron"}],
        },
    ],
}
SECOND: dict[str, Any] = {
    **FIRST,
    "version": "2.0.0",
    "milestones": [
        {"id": "met", "reached_by": "visit.completed"},
        {"id": "agreed", "reached_by": "decision.made"},
    ],
    "stages": [{"id": "booked", "entered_by": ["start"]}],
}


def definition(**changed: Any) -> Definition:
    """The first version, with something changed."""
    return Definition.model_validate({**FIRST, **changed})


def pathways(*definitions: Definition) -> Pathways:
    """What ships, and these."""
    return Pathways([*installed(), *definitions], public_holidays)


PATHWAYS = pathways(definition(), Definition.model_validate(SECOND))
