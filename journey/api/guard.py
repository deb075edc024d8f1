"""The guard: routes that let nobody past without a key that may, before they look at anything else."""

import json
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from typing import Any

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


def refuse_unknown_parameters(request: Request, known: frozenset[str]) -> None:
    """A misspelt filter would answer another question than the one that was asked."""
    unknown = sorted(request.query_params.keys() - known)
    if unknown:
        errors = tuple(
            FieldError(where="query", field=name[:100], message="There is no such parameter here")
            for name in unknown[:20]
        )
        raise Problem("invalid", "A parameter is unknown; each is named below.", errors=errors)


def refuse_nul(request: Request, body: bytes) -> None:
    """The database holds every character but this one."""
    found = [("query", name) for name, value in request.query_params.multi_items() if "\0" in name + value]
    if rb"\u0000" in body:
        with suppress(ValueError, RecursionError):
            found += [("body", field) for field in _nul(json.loads(body), "")]
    if found:
        errors = tuple(
            FieldError(where=where, field=name.replace("\0", "")[:100], message="NUL cannot be stored")
            for where, name in found[:20]
        )
        raise Problem("invalid", "There is a NUL character; each place is named below.", errors=errors)


def _nul(value: Any, path: str) -> Iterator[str]:
    match value:
        case str():
            if "\0" in value:
                yield path
        case list():
            for index, each in enumerate(value):
                yield from _nul(each, f"{path}.{index}".lstrip("."))
        case dict():
            for name, each in value.items():
                yield from _nul(name, path)
                yield from _nul(each, f"{path}.{name}".lstrip("."))
        case _:
            pass


def refuse_other_media(request: Request) -> None:
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/json" and not (media.startswith("application/") and media.endswith("+json")):
        raise Problem("unsupported-media-type", "Send the body with Content-Type: application/json.")


def guarded(permission: Permission) -> type[APIRoute]:
    """The class of routes that ask for this permission."""

    class Guarded(APIRoute):
        """Checks, in this order: the key, its role, the parameters' names, the body's type."""

        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()
            known = frozenset(parameter.alias for parameter in self.dependant.query_params)
            takes_a_body = self.body_field is not None

            async def checked(request: Request) -> Response:
                found = await authenticated(request)
                if not found.may(permission):
                    raise Problem("forbidden", f"The role {found.role} may not do this.")
                refuse_unknown_parameters(request, known)
                if takes_a_body:
                    refuse_other_media(request)
                refuse_nul(request, await request.body() if takes_a_body else b"")
                return await handle(request)

            return checked

    return Guarded
