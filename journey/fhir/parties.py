"""Parties: whoever is known here by a name or a number alone, as FHIR refers to them."""

import re

from journey.domain.handoff.state import Party
from journey.fhir.data import Json, filled, named
from journey.fhir.x12 import NPI

NPI_NUMBER = re.compile(r"[12][0-9]{9}")


def team(name: str | None) -> Json | None:
    """A team is an Organization: it may ask and be asked, which a CareTeam may not."""
    return named("Organization", name)


def person(name: str | None) -> Json | None:
    return named("Practitioner", name)


def whoever(team_name: str | None, person_name: str | None) -> Json | None:
    """The team, or the person where no team is known."""
    return team(team_name) or person(person_name)


def provider(told: str | None) -> Json | None:
    """Somebody, or some place, by its National Provider Identifier or by a local name."""
    if told is None or not NPI_NUMBER.fullmatch(told):
        return filled({"display": told}) or None
    return {"identifier": {"system": NPI, "value": told}, "display": told}


def recipients(parties: tuple[Party, ...]) -> list[Json]:
    """Everybody who is asked: the teams, and the persons in them."""
    everybody = [each for party in parties for each in (team(party.team), person(party.person))]
    return [each for each in everybody if each is not None]
