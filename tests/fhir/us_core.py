"""US Core: what a resource has to have that claims one of its profiles, and what it has where that is known.

FHIR: US Core 6.1.0, the mandatory and the must-support elements of the profiles that journeys claim.
"""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

from journey.domain.journey import Journey
from journey.domain.referral import ReferralOrder

Json = dict[str, Any]
Known = Callable[[Journey, UUID], object]
"""What of a journey an element of the resource of this id is made of."""

US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"


class Profile(NamedTuple):
    """`mandatory`: what is always there. `supported`: what is there where the journey knows it."""

    mandatory: tuple[str, ...]
    supported: Mapping[str, Known] = MappingProxyType({})


def _stay(journey: Journey, id_: UUID) -> Any:
    return journey.visits.by_id[id_]


def _order(journey: Journey, id_: UUID) -> ReferralOrder:
    return journey.referrals.by_id[id_].order


PROFILES = MappingProxyType(
    {
        f"{US_CORE}encounter": Profile(
            ("status", "class", "type", "subject"),
            {
                "identifier.value": lambda _journey, id_: id_,
                "participant.individual": lambda journey, id_: _stay(journey, id_).participants,
                "period.start": lambda journey, id_: _stay(journey, id_).begun,
                "period.end": lambda journey, id_: _stay(journey, id_).ended,
                "hospitalization.dischargeDisposition": lambda journey, id_: (
                    journey.discharges.of(id_).disposition
                ),
                "location.location": lambda journey, id_: (
                    _stay(journey, id_).begun and _stay(journey, id_).location
                ),
            },
        ),
        f"{US_CORE}patient": Profile(
            ("identifier.system", "identifier.value", "name", "gender"),
            {
                "name.family": lambda journey, _: journey.identity.demographics.family,
                "name.given": lambda journey, _: journey.identity.demographics.given,
                "birthDate": lambda journey, _: journey.identity.demographics.birth_date,
                "telecom.value": lambda journey, _: journey.identity.demographics.phone,
                "address": lambda journey, _: journey.identity.demographics.address,
                "communication.language": lambda journey, _: journey.identity.demographics.language,
            },
        ),
        f"{US_CORE}careteam": Profile(
            ("subject", "participant.role", "participant.member"),
            {"status": lambda journey, _: journey.episode.status},
        ),
        f"{US_CORE}careplan": Profile(
            ("status", "intent", "category", "subject"),
            {"text.div": lambda journey, _: journey.careplan.since or journey.enrolment.since},
        ),
        f"{US_CORE}servicerequest": Profile(
            ("status", "intent", "category", "code", "subject"),
            {
                "authoredOn": lambda journey, id_: journey.referrals.by_id[id_].sent,
                "occurrencePeriod": lambda journey, id_: _order(journey, id_).valid_from,
                "requester": lambda journey, id_: _order(journey, id_).requester,
                "reasonCode": lambda journey, id_: _order(journey, id_).reason,
            },
        ),
    }
)
"""By their addresses."""


def lacking(body: Json) -> Iterator[str]:
    """What the profiles that it claims ask for, and it has not."""
    for profile in _claimed(body):
        for path in PROFILES[profile].mandatory:
            if not _everywhere(body, path.split(".")):
                yield f"{path}: is missing, and {profile} asks for it"


def untold(body: Json, journey: Journey) -> Iterator[str]:
    """What the journey knows, and its profiles would have told, and it does not tell."""
    for profile in _claimed(body):
        for path, known in PROFILES[profile].supported.items():
            if known(journey, UUID(body["id"])) and not _anywhere(body, path.split(".")):
                yield f"{path}: is known, and {profile} would have it told"


def _claimed(body: Json) -> Iterator[str]:
    claims = body.get("meta", {}).get("profile", ())
    return (each for each in claims if each.startswith(US_CORE))


def _everywhere(value: Any, path: list[str]) -> bool:
    if isinstance(value, list):
        return bool(value) and all(_everywhere(each, path) for each in value)
    return not path or (path[0] in value and _everywhere(value[path[0]], path[1:]))


def _anywhere(value: Any, path: list[str]) -> bool:
    if isinstance(value, list):
        return any(_anywhere(each, path) for each in value)
    return not path or (path[0] in value and _anywhere(value[path[0]], path[1:]))
