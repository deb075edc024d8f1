"""Whether an authorization may be used on a day for a service, and if not, why not."""

from collections.abc import Iterator
from uuid import UUID

from journey.domain.authorization.line import Grant
from journey.domain.authorization.request import ReviewAction
from journey.domain.authorization.state import Authorization, Authorizations, Use
from journey.domain.authorization.status import ENDED, GRANTED, UNASKED
from journey.domain.authorization.status import AuthorizationStatus as S
from journey.domain.event import Blocker

NONE_YET = Blocker(
    code="authorization-missing", what="the payer has to authorize it first: submit-authorization"
)


def usable(
    authorizations: Authorizations,
    authorization_id: UUID,
    use: Use,
    *,
    besides: UUID | None = None,
    sequence: int | None = None,
    quantity: int | None = None,
) -> tuple[Blocker, ...]:
    """Why this authorization does not cover the use; nothing where it does. `besides` is the visit itself;
    outside a visit the item may be named by its sequence, and the quantity as it is.
    """
    each = authorizations.get(authorization_id)
    if each is None:
        return (NONE_YET.model_copy(update={"subject_id": authorization_id}),)
    if each.status is S.NOT_REQUIRED or (each.status in GRANTED and not each.lines):
        return ()
    covering = each.granting(use.service, sequence)
    grant = None if covering is None else each.lines[covering].grant
    if each.status in ENDED or covering is None or grant is None:
        return (_nothing_granted(each, use),)
    granted, used = grant.quantity, authorizations.used(each, covering, besides=besides)
    left = None if granted is None else max(0, granted - used)
    return tuple(_short(each, grant, use, (left, quantity or use.counts(grant.unit))))


def lacks(authorizations: Authorizations, use: Use, *, besides: UUID | None = None) -> tuple[Blocker, ...]:
    """Why nothing authorizes what the visit asks for; nothing where something does, or need not."""
    if not authorizations.needs(use):
        return ()
    if use.authorization_id is not None:
        return usable(authorizations, use.authorization_id, use, besides=besides)
    why: tuple[Blocker, ...] = (NONE_YET,)
    for each in authorizations.current():
        if use.service is None or each.is_about(use.service):
            why = usable(authorizations, each.authorization_id, use, besides=besides)
            if not why:
                break
    return why


def another_performs(authorizations: Authorizations, visit_id: UUID, use: Use) -> Iterator[Blocker]:
    """A word of warning: what the visit uses is authorized for somebody else."""
    key = authorizations.charged(visit_id, use) if use.performers else None
    each = None if key is None else authorizations.get(key)
    covering = None if each is None else each.granting(use.service)
    if each is None or covering is None:
        return
    grant = each.lines[covering].grant
    performer = grant and grant.performer
    if performer and performer not in use.performers:
        what = f"it is authorized for {performer}: change-visit, or update-authorization"
        yield Blocker(code="authorization-other-provider", what=what, subject_id=key)


def _nothing_granted(each: Authorization, use: Use) -> Blocker:
    """Why none of it covers the service."""
    said = [line.action for line in each.lines.values() if use.service and line.is_for(use.service)]
    key = each.authorization_id
    if each.status in UNASKED:
        return NONE_YET.model_copy(update={"subject_id": key})
    if each.status in ENDED:
        what = f"the authorization is {each.status}: submit another"
        return Blocker(code="authorization-ended", what=what, subject_id=key)
    if each.status is S.DENIED or ReviewAction.NOT_CERTIFIED in said:
        what = "the authorization is denied: appeal it, or submit another that supersedes it"
        return Blocker(code="authorization-denied", what=what, subject_id=key)
    if each.status in GRANTED:
        what = "the authorization is for another service: update-authorization adds this one"
        return Blocker(code="authorization-other-service", what=what, subject_id=key)
    what = f"the authorization is {each.status}, and not decided"
    return Blocker(code="authorization-undecided", what=what, subject_id=key)


def _short(each: Authorization, grant: Grant, use: Use, units: tuple[int | None, int]) -> Iterator[Blocker]:
    left, wanted = units
    key = each.authorization_id
    if grant.is_ahead_on(use.on):
        what = f"it may be used from {grant.valid_from}"
        yield Blocker(code="authorization-not-yet-valid", what=what, subject_id=key)
    if grant.is_over_on(use.on):
        what = f"it could be used until {grant.valid_until}: extend-authorization"
        yield Blocker(code="authorization-expired", what=what, subject_id=key)
    if left is not None and wanted > left:
        what = f"{left} of {grant.quantity} {grant.unit} are left: update-authorization asks for more"
        yield Blocker(code="authorization-used-up", what=what, subject_id=key)
