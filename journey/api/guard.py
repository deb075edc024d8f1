"""The guard: routes that let nobody past without a key that may, before they look at anything else."""

import re
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from functools import wraps
from typing import Any, NamedTuple
from uuid import UUID

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel

from journey.api.access.admission import Admission, admit
from journey.api.access.asking import Asking
from journey.api.access.caller import INTERACTION, Caller
from journey.api.access.login import NotLetIn
from journey.api.access.scopes import JOURNEY
from journey.api.access.table import FROM_READ_MODELS, PERSONAL, Permission
from journey.api.access.trail import NOBODY, Access, Basis, Kind, Outcome, Who
from journey.api.bodies import looked_at
from journey.api.engine import asking, engine, fresh_if_asked
from journey.api.parameters import is_repeated, refuse_wrong_parameters, said_of, without_names
from journey.api.problems import FieldError, Problem, problem_of
from journey.audit.disclosures import Disclosure
from journey.domain.event import Refused
from journey.domain.journey import NoSuchJourney

PURPOSE = "X-Purpose-Of-Use"
WITHHELD = "something that is withheld from you"

USUAL = "TREAT"
"""The purpose where none is named: treatment."""

PURPOSES = re.compile(r"[A-Z][A-Z0-9]{0,19}")
DENIALS = frozenset({"forbidden", "no-such-journey", "no-such-patient", "no-such-resource", "withheld"})
"""The problems that may mean that somebody was kept from something; not being there looks the same."""

KIND_OF = {
    Permission.READ: Kind.READ,
    Permission.SEARCH: Kind.SEARCH,
    Permission.FEED: Kind.FEED,
    Permission.AUDIT: Kind.AUDIT,
    Permission.WRITE: Kind.WRITE,
    Permission.CUSTODY: Kind.WRITE,
    Permission.FIGURES: Kind.READ,
    Permission.DEFINITIONS: Kind.READ,
    Permission.BREAK_GLASS: Kind.GLASS_BROKEN,
    Permission.VERIFY: Kind.VERIFICATION,
    Permission.OPERATE: Kind.OPERATION,
    Permission.INBOX: Kind.MESSAGE_READ,
    Permission.ADMIN: Kind.KEY_CHANGED,
}
"""What an attempt that is denied was."""

WRITING = (Permission.WRITE, Permission.CUSTODY)

Endpoint = Callable[..., Coroutine[Any, Any, Response]]


class Seen(NamedTuple):
    """Of whom an answer tells, why it may, and what of it has to be accounted for."""

    journeys: tuple[UUID, ...] = ()
    patients: tuple[UUID, ...] = ()
    basis: Basis | None = None
    disclosed: tuple[Disclosure, ...] = ()


NOTHING_SEEN = Seen()


def seen(rows: Sequence[Mapping[str, Any]]) -> Seen:
    """Those that the rows of a list are about."""
    journeys = {str(row["journey_id"]) for row in rows}
    patients = {row.get("patient_id") or row["patient"]["patient_id"] for row in rows}
    return Seen(tuple(map(UUID, sorted(journeys))), tuple(sorted(patients - {None}, key=str)))


async def authenticated(request: Request) -> Caller:
    """Who asks. Raises Problem."""
    limits = engine(request).limits
    limits.before(request)
    login = engine(request).login
    try:
        found = await login.caller(request.headers.get("authorization", ""))
    except NotLetIn as error:
        limits.failed(request)
        others = login.attempts.to_record(request.client.host if request.client else "")
        if others is not None:
            await record(
                request, Kind.LOGIN, Outcome.DENIED, {"key_id": error.key_id, "others_not_recorded": others}
            )
        raise Problem("unauthorized", str(error), headers={"WWW-Authenticate": error.challenge}) from None
    request.state.caller = found
    limits.let_in(request, found.id)
    return found


def purpose_of(request: Request) -> str:
    """Why they ask: it decides what they see, and stands in the trail. Raises Problem."""
    purpose = request.headers.get(PURPOSE, USUAL)
    if not PURPOSES.fullmatch(purpose):
        error = FieldError(where="header", field=PURPOSE, message="Name a purpose of use, such as TREAT")
        raise Problem("invalid", "The purpose of use has the wrong form.", errors=(error,))
    return purpose


def guarded(
    permission: Permission,
    resource: str | None = JOURNEY,
    interaction: str | None = None,
    *,
    any_name: bool = False,
) -> type[APIRoute]:
    """The class of routes that ask for this permission, on this FHIR resource where scopes are given; on any,
    where it is None, and the route looks at each by itself, as it does at its parameters, where `any_name`.

    A route whose address names a journey is answered only if the journey is the caller's to see. What is
    answered about patients, and what is denied, is recorded before the answer leaves.
    """

    class Guarded(APIRoute):
        """Checks, in this order: the key, its role, the parameters' names, the body's form, the journey."""

        asks_for = permission
        of_resource = resource
        by_interaction = interaction or INTERACTION.get(permission)

        def __init__(self, path: str, endpoint: Endpoint, **more: Any) -> None:
            """What names a journey lets it in once the request is known to make sense."""
            admitting = _admitting(endpoint) if "{journey_id}" in path else endpoint
            super().__init__(path, admitting, **more)

        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()
            known = dict(_parameters(self.dependant))
            takes_a_body = self.body_field is not None

            async def answered(request: Request, found: Caller) -> Response:
                refuse_who_may_not(found, permission, resource, interaction)
                if not any_name:
                    refuse_wrong_parameters(request, known)
                request.state.asking = Asking(found, permission, purpose_of(request))
                if permission in FROM_READ_MODELS:
                    await fresh_if_asked(request)
                return await handle(await looked_at(request) if takes_a_body else request)

            async def checked(request: Request) -> Response:
                found = await authenticated(request)
                request.state.seen = Seen(_named(request))
                try:
                    response = await answered(request, found)
                except (Problem, Refused) as error:
                    await record_refusal(request, permission, error)
                    raise
                tells = permission in PERSONAL or request.state.seen.basis is Basis.BREAK_GLASS
                if tells and not getattr(request.state, "is_noted", False):
                    await record(request, getattr(request.state, "kind", KIND_OF[permission]))
                return response

            return checked

    return Guarded


def _parameters(of: Dependant) -> Iterator[tuple[str, bool]]:
    """Those of an address, the route's own and those of what it depends on, and which may be repeated."""
    for each in of.query_params:
        yield each.alias, is_repeated(each.field_info.annotation)
    for beneath in of.dependencies:
        yield from _parameters(beneath)


def _admitting(endpoint: Endpoint) -> Endpoint:
    """The endpoint, for journeys that are the caller's to see. It raises NoSuchJourney for all others."""

    @wraps(endpoint)
    async def admitting(request: Request, journey_id: UUID, **given: Any) -> Response:
        admission = await let_in(request, journey_id)
        try:
            return await endpoint(request=request, journey_id=journey_id, **given)
        except Refused as refusal:
            raise without_words(refusal) if admission.withheld else refusal from None

    return admitting


async def let_in(request: Request, journey_id: UUID) -> Admission:
    """The journey, if it is the caller's to see. Raises NoSuchJourney for all others."""
    key = request.headers.get("idempotency-key")
    repeats = key if asking(request).permission in WRITING else None
    admission = await admit(engine(request).looks, asking(request), journey_id, key=repeats)
    patients = (admission.patient_id,) if admission.patient_id else ()
    request.state.seen = Seen((journey_id,), patients, admission.basis)
    if admission.basis is None:
        raise NoSuchJourney("No journey has this id.")
    request.state.admission = admission
    return admission


async def let_in_to_read(request: Request, journey_id: UUID) -> Admission:
    """All that a route that reads one journey asks before it answers. Raises Problem, NoSuchJourney."""
    found = await authenticated(request)
    request.state.seen = Seen((journey_id,))
    try:
        refuse_who_may_not(found, Permission.READ, JOURNEY, None)
        request.state.asking = Asking(found, Permission.READ, purpose_of(request))
        return await let_in(request, journey_id)
    except (Problem, Refused) as error:
        await record_refusal(request, Permission.READ, error)
        raise


def without_words(refusal: Refused) -> Refused:
    """What stands in the way may be something that is withheld: its code is told, and no more."""
    blockers = tuple(each.model_copy(update={"what": WITHHELD}) for each in refusal.blockers)
    return type(refusal)(refusal.sentence, blockers=blockers, field=refusal.field)


def refuse_who_may_not(
    found: Caller, permission: Permission, resource: str | None, interaction: str | None
) -> None:
    """Raises Problem."""
    if not found.may(permission, resource, interaction):
        raise Problem("forbidden", f"The role {found.role} or the scopes given do not allow this.")


async def record_refusal(request: Request, permission: Permission, error: Exception) -> None:
    """That somebody was kept from something, or was told of somebody why it cannot be done."""
    if problem_of(error).code in DENIALS:
        await record(request, KIND_OF[permission], Outcome.DENIED)
    elif request.state.seen.patients:
        await record(request, KIND_OF[permission], Outcome.REFUSED)


def _named(request: Request) -> tuple[UUID, ...]:
    """The journey that the address names, whether there is one or not."""
    try:
        return (UUID(request.path_params["journey_id"]),)
    except (KeyError, ValueError):
        return ()


async def denied(request: Request, journey_id: UUID) -> None:
    """Record that somebody was kept from telling a journey something that their address does not name."""
    request.state.seen = Seen((journey_id,))
    await record(request, Kind.WRITE, Outcome.DENIED)


async def told_through_glass(request: Request, known: Admission) -> None:
    """Record that a journey that their address does not name was told something through broken glass."""
    patients = (known.patient_id,) if known.patient_id else ()
    request.state.seen = Seen((known.journey_id,), patients, known.basis)
    await record(request, Kind.WRITE)


async def noted(request: Request, kind: Kind, said: BaseModel) -> None:
    """Record something that is neither a read nor an event of a journey."""
    request.state.is_noted = True
    await record(request, kind, Outcome.DONE, said.model_dump(mode="json"))


async def record(
    request: Request, kind: Kind, outcome: Outcome = Outcome.DONE, detail: dict[str, Any] | None = None
) -> None:
    """Record what the request did; when this returns, it is on disk. Raises StoreUnavailable."""
    seen: Seen = getattr(request.state, "seen", NOTHING_SEEN)
    if detail is None and outcome is Outcome.DONE and said_of(request):
        detail = {"query": without_names(request)}
    await engine(request).trail.record(accessed(request, kind, outcome, detail), seen.disclosed)


def accessed(
    request: Request, kind: Kind, outcome: Outcome = Outcome.DONE, detail: Mapping[str, Any] | None = None
) -> Access:
    """The record of what the request did, for whoever writes it with what it changes."""
    state = request.state
    seen: Seen = getattr(state, "seen", NOTHING_SEEN)
    return Access(
        kind,
        outcome,
        who(request),
        purpose=said if PURPOSES.fullmatch(said := request.headers.get(PURPOSE, "")) else None,
        method=request.method,
        route=request.scope["route"].path,
        journeys=seen.journeys,
        patients=seen.patients,
        basis=seen.basis,
        detail=detail or {},
        peer=request.client and request.client.host,
        request_id=state.request_id,
        correlation_id=state.correlation_id,
    )


def who(request: Request) -> Who:
    """The caller as they stand in the trail; nobody, where nobody was let in."""
    found: Caller | None = getattr(request.state, "caller", None)
    return Who(found.id, found.name, found.role, found.team) if found else NOBODY
