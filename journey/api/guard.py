"""The guard: routes that let nobody past without a key that may, before they look at anything else."""

from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any, get_args, get_origin

from fastapi import Request, Response
from fastapi.routing import APIRoute

from journey.api.access import Caller, Permission
from journey.api.engine import engine
from journey.api.problems import FieldError, Problem

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="journey"'}


async def authenticated(request: Request) -> Caller:
    """Who asks. Raises Problem."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    found = await engine(request).keys.caller(token.strip()) if scheme.lower() == "bearer" else None
    if found is None:
        raise Problem(
            "unauthorized", "Send an API key that is in use: Authorization: Bearer jk_…", headers=CHALLENGE
        )
    request.state.caller = found
    return found


def refuse_wrong_parameters(request: Request, known: dict[str, bool]) -> None:
    """A misspelt filter would answer another question than the one that was asked, and so would one of two;
    NUL finds nothing. `known` says which may be repeated.
    """
    given = request.query_params.multi_items()
    wrong = {name: "There is no such parameter here" for name, _ in given if name not in known}
    for name, times in Counter(name for name, _ in given).items():
        if times > 1 and not known.get(name, True):
            wrong[name] = "It can be given only once"
    wrong |= {name: "It holds a NUL character" for name, value in given if "\0" in value}
    if wrong:
        errors = [
            FieldError(where="query", field=name[:100], message=message) for name, message in wrong.items()
        ]
        raise Problem("invalid", "A parameter is wrong; each is named below.", errors=errors[:20])


def refuse_other_media(request: Request) -> None:
    """A body is JSON and says so; one that is missing is missed later, by name."""
    if not {"content-type", "transfer-encoding"} & set(request.headers.keys()) and (
        request.headers.get("content-length", "0") == "0"
    ):
        return
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/json" and not (media.startswith("application/") and media.endswith("+json")):
        raise Problem("unsupported-media-type", "Send the body with Content-Type: application/json.")


def _repeats(annotation: Any) -> bool:
    return any(get_origin(each) in {list, tuple} for each in (annotation, *get_args(annotation)))


def guarded(permission: Permission) -> type[APIRoute]:
    """The class of routes that ask for this permission."""

    class Guarded(APIRoute):
        """Checks, in this order: the key, its role, the parameters' names, the body's type."""

        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()
            known = {
                parameter.alias: _repeats(parameter.field_info.annotation)
                for parameter in self.dependant.query_params
            }
            takes_a_body = self.body_field is not None

            async def checked(request: Request) -> Response:
                found = await authenticated(request)
                if not found.may(permission):
                    raise Problem("forbidden", f"The role {found.role} may not do this.")
                refuse_wrong_parameters(request, known)
                if takes_a_body:
                    refuse_other_media(request)
                return await handle(request)

            return checked

    return Guarded
