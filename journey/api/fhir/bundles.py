"""Bundles: several resources in one answer (R4 section 2.36)."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from fastapi import Request, Response
from pydantic_core import to_json

from journey.api.outcome import BASE, MEDIA_TYPE
from journey.fhir.data import Json, instant
from journey.fhir.kind import Kind, Version

METHODS = {201: "POST", 200: "PUT", 204: "DELETE"}


def base(request: Request) -> str:
    """Where the server is, as it was asked."""
    return str(request.base_url).rstrip("/") + BASE


def answer(body: Json, headers: dict[str, str] | None = None, status: int = 200) -> Response:
    return Response(to_json(body), status, headers or {}, MEDIA_TYPE)


def link(request: Request, relation: str, given: Sequence[tuple[str, str]], type_: str | None = None) -> Json:
    """To where it was asked, or to the search of a type."""
    where = f"{base(request)}/{type_}" if type_ else f"{str(request.base_url).rstrip('/')}{request.url.path}"
    return {"relation": relation, "url": f"{where}?{urlencode(given)}" if given else where}


def paged(
    request: Request, type_: str, entries: list[Json], next_: str | None, known: datetime | None = None
) -> Json:
    """A page, with where it is and where it goes on. `known`: until when what was recorded is in it."""
    given = request.query_params.multi_items()
    links = [link(request, "self", given)]
    if next_ is not None:
        others = [each for each in given if each[0] != "cursor"]
        links.append(link(request, "next", [*others, ("cursor", next_)]))
    return bundle(type_, links, entries, known)


def bundle(
    type_: str,
    links: list[Json],
    entries: list[Json],
    known: datetime | None = None,
    total: int | None = None,
) -> Json:
    told: dict[str, Any] = {"resourceType": "Bundle"}
    if known is not None:
        told["meta"] = {"lastUpdated": instant(known)}
    told["type"] = type_
    if total is not None:
        told["total"] = total
    return told | {"link": links} | ({"entry": entries} if entries else {})


def matches(request: Request, resources: Sequence[Json], mode: str) -> Iterator[Json]:
    """What a search found, or what comes along."""
    for each in resources:
        url = f"{base(request)}/{each['resourceType']}/{each['id']}"
        yield {"fullUrl": url, "resource": each, "search": {"mode": mode}}


def was(request: Request, kind: Kind, id_: str, version: Version) -> Json:
    """A version, and what made it."""
    status = 204 if version.body is None else 201 if version.is_first else 200
    method = METHODS[status]
    told: Json = {"fullUrl": f"{base(request)}/{kind.type}/{id_}"}
    if version.body is not None:
        told["resource"] = version.body
    url = kind.type if method == "POST" else f"{kind.type}/{id_}"
    return told | {
        "request": {"method": method, "url": url},
        "response": {
            "status": str(status),
            "etag": f'W/"{version.number}"',
            "lastModified": instant(version.at),
        },
    }
