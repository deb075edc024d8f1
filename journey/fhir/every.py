"""Every type of resource that journeys are told as."""

from types import MappingProxyType

from journey.fhir.appointment import APPOINTMENT
from journey.fhir.claim import CLAIM
from journey.fhir.claimresponse import CLAIM_RESPONSE
from journey.fhir.communication import COMMUNICATION
from journey.fhir.encounter import ENCOUNTER
from journey.fhir.servicerequest import SERVICE_REQUEST
from journey.fhir.task import TASK

EVERY = (
    APPOINTMENT,
    CLAIM,
    CLAIM_RESPONSE,
    COMMUNICATION,
    ENCOUNTER,
    SERVICE_REQUEST,
    TASK,
)
KINDS = MappingProxyType({each.type: each for each in EVERY})
"""By their types."""
