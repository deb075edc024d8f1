"""Which pathway a journey follows. The definitions that ship are named here; the rules are theirs."""

from datetime import datetime

from journey.domain.enrolment import AssignPathway
from journey.simulate.step import RECORDS
from journey.simulate.story import Story, Told

SEPSIS = "inpatient-sepsis"
WAIT = "nhs-rtt-18-week"
CANCER = "nhs-62-day-cancer"
PRIOR_AUTHORIZATION = "us-specialty-referral-with-prior-auth"
TRANSITION = "us-discharge-tcm"


def follows(story: Story, told: Told, at: datetime, pathway: str, **parameters: str) -> None:
    """From then on, this one; a journey that follows another one stays with it."""
    if told.pathway is None:
        told.pathway = pathway
        assign = AssignPathway(occurred_at=at, pathway=pathway, parameters=parameters)
        story.say(told, assign, RECORDS)
