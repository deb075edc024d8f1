"""What a Claim is: a request, an update or an appeal of one, an inquiry; and how its items are marked."""

from journey.fhir.x12 import (
    APPEALS,
    CANCEL,
    CERTIFICATION_TYPE,
    CERTIFICATION_TYPES,
    CERTIFICATIONS,
    CERTIFIED_BEFORE,
    INFO_CANCELLED,
    INFO_CHANGED,
    PROFILE_INQUIRY,
    PROFILE_INQUIRY_RESPONSE,
    PROFILE_UPDATE,
)
from journey.ingest.fhir.pas.reading import extension, in_table, said
from journey.ingest.fhir.resource import Element, Resource

CODES = {code: code for code in CERTIFICATIONS}
MODES = frozenset({"changed", "added"})


def is_inquiry(resource: Resource) -> bool:
    """Whether it looks for what was decided before, or is what was found."""
    if _profiles(resource) & {PROFILE_INQUIRY, PROFILE_INQUIRY_RESPONSE}:
        return True
    if resource.type != "Claim":
        return False
    return any(
        each.text("url") in CERTIFIED_BEFORE
        for item in resource.all("item")
        for each in item.all("extension")
    )


def is_update(resource: Resource) -> bool:
    """Whether it is about the request that it is related to; else it is another one in its place."""
    if PROFILE_UPDATE in _profiles(resource) or certification(resource) in {CANCEL, *APPEALS}:
        return True
    told = (each for name in ("item", "supportingInfo") for each in resource.all(name))
    return any(mode(each) or is_cancelled(each) or certification(each) in APPEALS for each in told)


def _profiles(resource: Resource) -> set[str]:
    meta = resource.one("meta")
    return {each.partition("|")[0] for each in meta.texts("profile")} if meta else set()


def certification(element: Element) -> str | None:
    return in_table(
        extension(element, CERTIFICATION_TYPE), "valueCodeableConcept", CERTIFICATION_TYPES, CODES
    )


def mode(item: Element) -> str:
    told = said(item, INFO_CHANGED, "valueCode")
    if told and told not in MODES:
        raise item.unknown("extension", "infoChanged should be changed or added")
    return told


def is_cancelled(item: Element) -> bool:
    flags = (each for each in item.all("modifierExtension") if each.text("url") == INFO_CANCELLED)
    return any(each.flag("valueBoolean") for each in flags) or certification(item) == CANCEL
