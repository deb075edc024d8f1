"""Aside: what a failure makes of a resource: parked or rejected, with its reason."""

import structlog
from pydantic import ValidationError

from journey.domain.event import Refused
from journey.ingest.aside import Unapplied, place, sentence
from journey.ingest.fhir.item import Outcome
from journey.ingest.fhir.reasons import PARKED, NothingToApply
from journey.store.errors import Contended

logger = structlog.get_logger()


def set_aside(error: Exception) -> Outcome:
    """Why it cannot be applied, or not now."""
    match error:
        case NothingToApply():
            return Outcome("rejected", error.code, error.sentence, error.where)
        case Unapplied():
            return Outcome("parked", error.code, error.sentence, error.where)
        case Refused():
            return Outcome("parked", error.code, error.sentence)
        case ValidationError():
            return Outcome("parked", "bad-value", sentence(error))
        case Contended():
            return Outcome("parked", "contended", str(error))
        case _:
            logger.error("ingest.internal", error=type(error).__name__, place=place(error))
            return Outcome("parked", "internal", f"{type(error).__name__}: {PARKED['internal']}")
