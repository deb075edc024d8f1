"""Where the patient goes: the codes of FHIR and of UB-04, read, checked and turned into one another."""

from journey.domain.codes import (
    DISPOSITION_OF_THE_SITE,
    DISPOSITION_SYSTEM,
    UB04_DISPOSITION,
    UB04_OF_DISPOSITION,
    UB04_READMISSION_PLANNED,
    UB04_STILL_PATIENT,
    UB04_SYSTEMS,
    Disposition,
)
from journey.domain.event import Coded, Refused


class UnknownDisposition(Refused):
    """The code system has no such discharge disposition."""


def coded(disposition: Coded | Disposition) -> Coded:
    """The disposition with its code system."""
    if isinstance(disposition, Disposition):
        return Coded(system=DISPOSITION_SYSTEM, code=disposition)
    return disposition


def meaning(disposition: Coded | Disposition | None) -> Disposition | None:
    """The FHIR word for a disposition, as far as its code system is known."""
    if isinstance(disposition, Disposition) or disposition is None:
        return disposition
    if disposition.system == DISPOSITION_SYSTEM:
        return Disposition(disposition.code) if disposition.code in set(Disposition) else None
    return UB04_DISPOSITION.get(disposition.code.zfill(2)) if _is_ub04(disposition) else None


def ub04(disposition: Coded | Disposition | None) -> str | None:
    """The UB-04 code for a disposition: its own, or the most usual one for the FHIR word."""
    if isinstance(disposition, Coded) and _is_ub04(disposition):
        return disposition.code.zfill(2)
    word = meaning(disposition)
    return None if word is None else UB04_OF_DISPOSITION[word]


def returns_as_planned(disposition: Coded | None) -> bool:
    """Whether the code says that the patient is to come back to hospital."""
    if disposition is None or not _is_ub04(disposition):
        return False
    return disposition.code in UB04_READMISSION_PLANNED


def refuse_unknown(disposition: Coded | Disposition) -> None:
    """Refuse a code that its own system does not have. What a system we do not know has, it knows."""
    if isinstance(disposition, Disposition):
        return
    system, code = disposition.system, disposition.code
    if system == DISPOSITION_SYSTEM and meaning(disposition) is None:
        words = ", ".join(Disposition)
        raise UnknownDisposition(f"FHIR discharge-disposition ({system}) has no such code; it has {words}.")
    if system not in UB04_SYSTEMS:
        return
    if code.zfill(2) == UB04_STILL_PATIENT:
        raise UnknownDisposition("UB-04 code 30 says that the patient is still here: that is no discharge.")
    if meaning(disposition) is None:
        raise UnknownDisposition(
            "UB-04 form locator 17 (patient discharge status) has no such code; look it up in the NUBC "
            "manual, or give a FHIR discharge-disposition word."
        )


def _is_ub04(disposition: Coded) -> bool:
    return disposition.system in UB04_SYSTEMS or disposition.system == DISPOSITION_OF_THE_SITE
