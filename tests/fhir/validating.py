"""Validating: what is wrong with a FHIR R4 resource. Every one that a test gets hold of comes through here.

The library knows elements, types and cardinalities; beside it stand the codes that R4 requires, its
invariants, where references lead, and what US Core asks of whatever claims one of its profiles.

R4B, which the library has, differs from R4 (4.0.1) in none of the types that journeys are told as.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from fhir.resources.R4B import get_fhir_model_class
from pydantic import BaseModel, ValidationError

from journey.fhir.data import references
from tests.fhir.invariants import INVARIANTS
from tests.fhir.required import REQUIRED
from tests.fhir.us_core import lacking

Json = dict[str, Any]


class There(NamedTuple):
    """What references may lead to: resources of the server, where that is known, and those contained."""

    known: Collection[str] | None
    contained: frozenset[str]


ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
OWN = re.compile(r"([A-Z]\w+)/([^/|]+)(/_history/[^/]+)?")
"""A reference to a resource of this server; any other leads elsewhere, by a whole address."""


def assert_valid(*bodies: Json, known: Collection[str] | None = None) -> None:
    """Each of them, with every complaint about it. `known`: what references may lead to, as `Patient/1`."""
    for body in bodies:
        complaints = list(complaints_about(body, known))
        where = f"{body.get('resourceType')}/{body.get('id')}"
        assert not complaints, "\n".join([where, *complaints])


def complaints_about(body: Json, known: Collection[str] | None = None) -> Iterator[str]:
    """What is wrong with it, a sentence each. Where references lead is asked only where `known` says what
    there is.
    """
    yield from _blank(body, "")
    try:
        resource = get_fhir_model_class(body["resourceType"]).model_validate(body)
    except ValidationError as error:
        for each in error.errors(include_url=False):
            yield f"{'.'.join(map(str, each['loc']))}: {each['msg']}"
        return
    except (LookupError, AttributeError, ValueError):
        yield "resourceType: names no type of R4"
        return
    if body["resourceType"] != "Bundle":
        yield from _complaints_about_ids(body)
    contained = frozenset(f"#{each.get('id')}" for each in body.get("contained", ()))
    for unused in contained - {told for _, told in references(body)}:
        yield f"contained: breaks dom-3, since nothing refers to {unused}"
    yield from _of_part(resource, body, body["resourceType"], There(known, contained))
    yield from lacking(body)


def _blank(value: object, path: str) -> Iterator[str]:
    """Whatever is there has a value."""
    match value:
        case None | "" | [] | dict() if not value:
            yield f"{path}: is there, and empty"
        case str() if not value.strip():
            yield f"{path}: is nothing but blanks"
        case dict():
            for name, each in value.items():
                yield from _blank(each, f"{path}.{name}".lstrip("."))
        case list():
            for number, each in enumerate(value):
                yield from _blank(each, f"{path}.{number}")
        case _:
            pass


def _complaints_about_ids(body: Json) -> Iterator[str]:
    if body["resourceType"] != "OperationOutcome" and not ID.fullmatch(body.get("id", "")):
        yield "id: a resource has one, of 1 to 64 letters, digits, hyphens and dots"


def _of_part(part: BaseModel, told: Json, path: str, there: There) -> Iterator[str]:
    """Of the resource, or of something in it, down to the last of its parts."""
    type_ = type(part).__name__
    for name, holds in INVARIANTS.get(type_, {}).items():
        if not holds(told):
            yield f"{path}: breaks {name}"
    for name, field in type(part).model_fields.items():
        element = field.alias or name
        if element not in told:
            continue
        where = f"{path}.{element}"
        yield from _codes(type_, element, told[element], where)
        targets = (field.json_schema_extra or {}).get("enum_reference_types")  # type: ignore[union-attr]  # the library's is a dict
        for inner, inner_told in zip(_each(getattr(part, name)), _each(told[element]), strict=True):
            if isinstance(inner, BaseModel):
                if type(inner).__name__ == "Reference":
                    yield from _leads(inner_told, where, targets, there)
                yield from _of_part(inner, inner_told, where, there)


def _codes(type_: str, element: str, told: object, where: str) -> Iterator[str]:
    allowed = REQUIRED.get(f"{type_}.{element}")
    if allowed is not None:
        yield from (f"{where}: {each!r} is no code of R4's" for each in _each(told) if each not in allowed)


def _each(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _leads(reference: Mapping[str, Any], where: str, targets: Any, there: There) -> Iterator[str]:
    """A reference leads to something that is there and may stand here, or only says what it means."""
    if not {"reference", "identifier", "display", "extension"} & set(reference):
        yield f"{where}: leads nowhere, and has no display"
    address = reference.get("reference", "")
    own = OWN.fullmatch(address)
    if address.startswith("#") and address not in there.contained:
        yield f"{where}: breaks ref-1, since {address} is not contained"
    elif address and own is None and not re.match(r"(https?:|urn:|#)", address):
        yield f"{where}: {address!r} is no reference"
    type_ = own[1] if own else reference.get("type")
    if own and reference.get("type", type_) != type_:
        yield f"{where}: leads to a {type_}, and says {reference['type']}"
    if type_ is not None and targets and type_ not in targets and "Resource" not in targets:
        yield f"{where}: leads to a {type_}, where {', '.join(targets)} may stand"
    if own and there.known is not None and f"{own[1]}/{own[2]}" not in there.known:
        yield f"{where}: {address} is not there"
