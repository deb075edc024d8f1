"""Every type of resource that journeys are told as."""

from types import MappingProxyType

from journey.fhir.appointment import APPOINTMENT
from journey.fhir.careplan import CARE_PLAN
from journey.fhir.careteam import CARE_TEAM
from journey.fhir.claim import CLAIM
from journey.fhir.claimresponse import CLAIM_RESPONSE
from journey.fhir.communication import COMMUNICATION
from journey.fhir.consent import CONSENT
from journey.fhir.coverage import COVERAGE
from journey.fhir.encounter import ENCOUNTER
from journey.fhir.episode import EPISODE_OF_CARE
from journey.fhir.kind import Include
from journey.fhir.patient import PATIENT
from journey.fhir.servicerequest import SERVICE_REQUEST
from journey.fhir.task import TASK

EVERY = (
    APPOINTMENT,
    CARE_PLAN,
    CARE_TEAM,
    CLAIM,
    CLAIM_RESPONSE,
    COMMUNICATION,
    CONSENT,
    COVERAGE,
    ENCOUNTER,
    EPISODE_OF_CARE,
    PATIENT,
    SERVICE_REQUEST,
    TASK,
)
KINDS = MappingProxyType({each.type: each for each in EVERY})
"""By their types."""


def referring_to(type_: str) -> dict[str, Include]:
    """What refers to resources of the type, as `Encounter:patient`."""
    return {
        f"{kind.type}:{name}": include
        for kind in EVERY
        for name, include in sorted(kind.includes.items())
        if type_ in include.types and kind.type != type_
    }
