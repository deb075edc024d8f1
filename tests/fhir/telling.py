"""What the tests of resources ask: given what was recorded, what is it told as? Each answer is validated."""

from dataclasses import replace
from uuid import UUID

from journey.domain.correction import History
from journey.domain.custody import ErasureBasis, ErasureRequested, SubjectErased
from journey.domain.event import Event
from journey.domain.parting import parted
from journey.fhir.every import KINDS
from journey.fhir.kind import Version, current, versions
from tests.fhir.validating import Json, assert_valid
from tests.spec import Given

ERASURE = UUID(int=71)


def told_as(type_: str, told: Given) -> list[Json]:
    """Every resource of this type, as it is now."""
    bodies = list(current(KINDS[type_], told.history))
    assert_valid(*bodies)
    return bodies


def one(type_: str, told: Given) -> Json:
    """The only one."""
    (body,) = told_as(type_, told)
    return body


def every_version(type_: str, id_: object, told: Given) -> list[Version]:
    """All that there ever was of it, the first one first."""
    found = list(versions(KINDS[type_], str(id_), told.history))
    assert_valid(*(each.body for each in found if each.body is not None))
    return found[::-1]


def statuses(type_: str, id_: object, told: Given) -> list[str | None]:
    """The status in each version; None where it is gone."""
    bodies = [each.body for each in every_version(type_, id_, told)]
    return [None if body is None else body["status"] for body in bodies]


def texts(body: Json, *path: str) -> list[object]:
    """What stands at the end of a path, in each of the lists on the way."""
    found: list[object] = [body]
    for name in path:
        found = [each[name] for each in found if isinstance(each, dict) and name in each]
        found = [inner for each in found for inner in (each if isinstance(each, list) else [each])]
    return found


def erased(told: Given) -> Given:
    """The same once the key is destroyed: what was personal is left out, or read as erased."""
    asked = ErasureRequested(erasure_id=ERASURE, basis=ErasureBasis.CONSENT_WITHDRAWN, reason="her letter")
    done = SubjectErased(
        erasure_id=ERASURE, basis=asked.basis, requested_by="nurse-1", decided_by="officer-2"
    )
    return Given(unreadable(told.recording([asked, done], told.next_moment).history))


def unreadable(history: History) -> History:
    """Without all that is personal."""
    return History(tuple(replace(each, event=_lasting(each.event)) for each in history.recorded))


def _lasting(event: Event) -> Event:
    return type(event).model_validate(parted(event).lasting)
