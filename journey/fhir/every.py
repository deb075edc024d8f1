"""Every type of resource that journeys are told as."""

from types import MappingProxyType

from journey.fhir.encounter import ENCOUNTER

KINDS = MappingProxyType({each.type: each for each in (ENCOUNTER,)})
"""By their types."""
