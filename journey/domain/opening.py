"""The first events of a journey: the patient, what is known of them, and who is accountable."""

from collections.abc import Iterator

from journey.domain import episode, identity
from journey.domain.correction import History
from journey.domain.event import Event, Refused


class AlreadyOpened(Refused):
    """The journey is there, for another patient."""


def open_journey(history: History, command: episode.OpenJourney) -> Iterator[Event]:
    """The first events of a journey; nothing when it is open for this patient already."""
    if history.recorded:
        opening = history.recorded[0].event
        if isinstance(opening, episode.JourneyOpened) and opening.patient_id == command.patient_id:
            return
        raise AlreadyOpened("This journey was opened for another patient; open a new one.")
    yield episode.JourneyOpened(
        patient_id=command.patient_id,
        status=command.status,
        concern=command.concern,
        continues=command.continues,
    )
    for identifier in command.identifiers:
        yield identity.IdentifierAssigned(identifier=identifier)
    if command.patient != identity.Demographics():
        yield identity.DemographicsChanged(demographics=command.patient)
    if command.team is not None:
        yield episode.OwnerAssigned(team=command.team, person=command.person)
