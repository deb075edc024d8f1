"""The tables of docs/access.md: roles and permissions, rooms and resources, what every address asks for."""

from collections.abc import Iterable, Iterator
from typing import Any

from fastapi.routing import APIRoute, iter_route_contexts

from journey.api.access.caller import WHATEVER_SCOPES
from journey.api.access.scopes import RESOURCE
from journey.api.access.table import LABELLED_FOR, MEANING, REACHES, ROLES, Permission, Reach, reach
from journey.api.app import create_app
from journey.domain.journey import COMMANDS
from journey.settings import Settings

WORD = {Reach.NONE: "-", Reach.GRANTED: "granted", Reach.OWN: "own", Reach.ALL: "all"}


def written() -> dict[str, str]:
    """What stands between each pair of marks."""
    return {"roles": _roles(), "rooms": _rooms(), "routes": _routes(), "purposes": _purposes()}


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(head), *map(list, rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "".join(
        f"|{'|'.join(f' {cell} ' if cell != '---' else cell for cell in line)}|\n" for line in lines
    )


def _roles() -> str:
    rows = (
        (f"**{permission}**: {MEANING[permission]}", *(WORD[reach(role, permission)] for role in ROLES))
        for permission in Permission
    )
    told = "".join(f"- **{WORD[each]}**: {REACHES[each]}\n" for each in Reach)
    return _table(["", *(f"`{role}`" for role in ROLES)], rows) + "\n" + told


def _rooms() -> str:
    resources = sorted(set(RESOURCE.values()))
    rooms = {each: [room for room, found in RESOURCE.items() if found == each] for each in resources}
    return _table(["resource", "rooms"], ([f"`{each}`", ", ".join(of)] for each, of in rooms.items()))


def _purposes() -> str:
    return ", ".join(f"`{each}`" for each in sorted(LABELLED_FOR)) + "\n"


def _routes() -> str:
    rows = sorted(set(_asked()))
    return _table(["address", "permission", "scope"], (row for _, *row in rows))


def _asked() -> Iterator[tuple[str, str, str, str]]:
    """Under what each is found, and its cells. The commands of a room ask for the same."""
    app = create_app(Settings.load(), "", with_worker=False)
    for route in iter_route_contexts(app.routes):
        found: Any = route.original_route
        if isinstance(found, APIRoute) and hasattr(found, "asks_for"):
            path = str(route.path)
            is_command = found.name in COMMANDS and path.endswith(f"/{found.name}")
            for method in sorted(route.methods or ()):
                told = f"every command of {found.tags[0]}" if is_command else f"`{method} {path}`"
                under = path.removesuffix(found.name) if is_command else path
                yield under, told, f"{found.asks_for}", _scope(found)


def _scope(route: Any) -> str:
    """What a scope has to name."""
    if route.asks_for in WHATEVER_SCOPES:
        return "whatever it is"
    if route.by_interaction is None:
        return "closed to scopes"
    return f"`{route.of_resource or '*'}.{route.by_interaction}`" + (
        ", each by itself" if route.of_resource is None else ""
    )
