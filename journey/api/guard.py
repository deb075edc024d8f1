"""The guard: routes that let nobody past without a key that may, before they look at anything else."""

import re
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import wraps
from typing import Any, NamedTuple, get_args, get_origin
from uuid import UUID

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel

from journey.api.access.admission import admit
from journey.api.access.caller import Caller
from journey.api.access.scopes import JOURNEY
from journey.api.access.table import PERSONAL, Permission
from journey.api.access.trail import Access, Basis, Kind, Outcome, Who
from journey.api.bodies import looked_at
from journey.api.engine import engine
from journey.api.problems import FieldError, Problem, problem_of
from journey.api.spelling import no_such
from journey.domain.event import Refused
from journey.domain.journey import NoSuchJourney

PURPOSE = "X-Purpose-Of-Use"
PURPOSES = re.compile(r"[A-Z][A-Z0-9]{0,19}")
DENIALS = frozenset({"forbidden", "no-such-journey", "no-such-patient"})
"""The problems that may mean that somebody was kept from something; not being there looks the same."""

KIND_OF = {
    Permission.READ: Kind.READ,
    Permission.SEARCH: Kind.SEARCH,
    Permission.FEED: Kind.FEED,
    Permission.AUDIT: Kind.AUDIT,
    Permission.WRITE: Kind.WRITE,
    Permission.FIGURES: Kind.READ,
    Permission.DEFINITIONS: Kind.READ,
    Permission.BREAK_GLASS: Kind.GLASS_BROKEN,
    Permission.ADMIN: Kind.KEY_CHANGED,
}
"""What an attempt that is denied was."""

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="journey"'}


Endpoint = Callable[..., Coroutine[Any, Any, Response]]


class Seen(NamedTuple):
    """Of whom an answer tells, and why it may."""

    journeys: tuple[UUID, ...] = ()
    patients: tuple[UUID, ...] = ()
    basis: Basis | None = None


NOTHING_SEEN = Seen()


def seen(rows: Sequence[Mapping[str, Any]]) -> Seen:
    """Those that the rows of a list are about."""
    journeys = {UUID(str(row["journey_id"])) for row in rows}
    patients = {row.get("patient_id") or row["patient"]["patient_id"] for row in rows}
    return Seen(tuple(sorted(journeys)), tuple(sorted(patients - {None})))


async def authenticated(request: Request) -> Caller:
    """Who asks. Raises Problem."""
    limits = engine(request).limits
    limits.before(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    found = await engine(request).keys.caller(token.strip()) if scheme.lower() == "bearer" else None
    if found is None:
        limits.failed(request)
        raise Problem(
            "unauthorized", "Send an API key that is in use: Authorization: Bearer jk_…", headers=CHALLENGE
        )
    request.state.caller = found
    limits.let_in(request, found.id)
    return found


def refuse_wrong_parameters(request: Request, known: dict[str, bool]) -> None:
    """A misspelt filter would answer another question than the one that was asked, and so would one of two;
    NUL finds nothing. `known` says which may be repeated.
    """
    given = request.query_params.multi_items()
    wrong = {name: no_such("parameter", name, known) for name, _ in given if name not in known}
    for name, times in Counter(name for name, _ in given).items():
        if times > 1 and not known.get(name, True):
            wrong[name] = "It can be given only once"
    wrong |= {name: "It holds a NUL character" for name, value in given if "\0" in value}
    if wrong:
        errors = [
            FieldError(where="query", field=name[:100], message=message) for name, message in wrong.items()
        ]
        raise Problem("invalid", "A parameter is wrong; each is named below.", errors=errors[:20])


def _repeats(annotation: Any) -> bool:
    return any(get_origin(each) in {list, tuple} for each in (annotation, *get_args(annotation)))


def refuse_no_purpose(request: Request) -> None:
    """Why they ask decides what they see, and stands in the trail."""
    purpose = request.headers.get(PURPOSE)
    if purpose is not None and not PURPOSES.fullmatch(purpose):
        error = FieldError(where="header", field=PURPOSE, message="Name a purpose of use, such as TREAT")
        raise Problem("invalid", "The purpose of use has the wrong form.", errors=(error,))


def guarded(
    permission: Permission, resource: str = JOURNEY, interaction: str | None = None
) -> type[APIRoute]:
    """The class of routes that ask for this permission, on this FHIR resource where scopes are given.

    A route whose address names a journey is answered only if the journey is the caller's to see. What is
    answered about patients, and what is denied, is recorded before the answer leaves.
    """

    class Guarded(APIRoute):
        """Checks, in this order: the key, its role, the parameters' names, the body's form, the journey."""

        asks_for = permission

        def __init__(self, path: str, endpoint: Endpoint, **more: Any) -> None:
            """What names a journey lets it in once the request is known to make sense."""
            admitting = _admitting(endpoint, permission) if "{journey_id}" in path else endpoint
            super().__init__(path, admitting, **more)

        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()
            known = {
                parameter.alias: _repeats(parameter.field_info.annotation)
                for parameter in self.dependant.query_params
            }
            takes_a_body = self.body_field is not None

            async def answered(request: Request, found: Caller) -> Response:
                if not found.may(permission, resource, interaction):
                    raise Problem(
                        "forbidden", f"The role {found.role} or the scopes given do not allow this."
                    )
                refuse_wrong_parameters(request, known)
                refuse_no_purpose(request)
                return await handle(await looked_at(request) if takes_a_body else request)

            async def checked(request: Request) -> Response:
                found = await authenticated(request)
                try:
                    response = await answered(request, found)
                except (Problem, Refused) as error:
                    if problem_of(error).code in DENIALS:
                        await _record(request, KIND_OF[permission], Outcome.DENIED)
                    raise
                if permission in PERSONAL:
                    await _record(request, KIND_OF[permission], Outcome.DONE)
                return response

            return checked

    return Guarded


def _admitting(endpoint: Endpoint, permission: Permission) -> Endpoint:
    """The endpoint, for journeys that are the caller's to see. It raises NoSuchJourney for all others."""

    @wraps(endpoint)
    async def admitting(request: Request, journey_id: UUID, **given: Any) -> Response:
        key = request.headers.get("idempotency-key")
        admitted = await admit(engine(request).reads, request.state.caller, permission, journey_id, key=key)
        if admitted is None:
            request.state.seen = Seen((journey_id,))
            raise NoSuchJourney("No journey has this id.")
        patients = (admitted.patient_id,) if admitted.patient_id else ()
        request.state.seen = Seen((journey_id,), patients, admitted.basis)
        request.state.admitted = admitted
        return await endpoint(request=request, journey_id=journey_id, **given)

    return admitting


async def noted(request: Request, kind: Kind, said: BaseModel) -> None:
    """Record something that is neither a read nor an event of a journey."""
    await _record(request, kind, Outcome.DONE, said.model_dump(mode="json"))


async def _record(
    request: Request, kind: Kind, outcome: Outcome, detail: dict[str, Any] | None = None
) -> None:
    state = request.state
    seen: Seen = getattr(state, "seen", NOTHING_SEEN)
    access = Access(
        kind,
        outcome,
        who(request),
        purpose=request.headers.get(PURPOSE),
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
    await engine(request).trail.record(access)


def who(request: Request) -> Who:
    """The caller as they stand in the trail."""
    found: Caller = request.state.caller
    return Who(found.id, found.name, found.role, found.team)
