"""Aside: what a failure makes of a resource: parked or rejected, with its reason."""

import structlog
from pydantic import ValidationError

from journey.domain.event import Refused
from journey.ingest.fhir.inbox import Outcome
from journey.ingest.fhir.reasons import PARKED, NothingToApply, Unapplied
from journey.ingest.hl7v2.receiver import place
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
            return Outcome("parked", "bad-value", _sentence(error))
        case Contended():
            return Outcome("parked", "contended", str(error))
        case _:
            logger.error("ingest.internal", error=type(error).__name__, place=place(error))
            return Outcome("parked", "internal", f"{type(error).__name__}: {PARKED['internal']}")


def _sentence(problem: ValidationError) -> str:
    """Which value is wrong, and how; never the value."""
    first = problem.errors(include_input=False, include_url=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"] if isinstance(part, str))
    return f"{where or problem.title}: {first['msg'].removeprefix('Value error, ')}."
