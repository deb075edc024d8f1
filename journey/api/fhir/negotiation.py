"""Negotiation: in which form an answer is asked for. There is one, which is JSON of R4."""

import re
from typing import Annotated

from fastapi import Query, Request

from journey.api.problems import Problem

JSON_NAMES = frozenset({"json", "application/json", "application/fhir+json", "application/fhir json"})
"""As `_format` names it: a plus sign that was not escaped is a blank."""

OURS = (
    ("application/fhir+json", "application/*", "*/*"),
    ("application/json", "application/*", "*/*"),
)
"""What a header may call it, the most exact name first."""

RELEASE = "4.0"
WEIGHT = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?")

Format = Annotated[str | None, Query(alias="_format")]
"""Looked at where the type is; declared, so that it is known."""


def refuse_other_forms(request: Request) -> None:
    """Raises Problem."""
    said = request.query_params.getlist("_format")
    if any(each.partition(";")[0] not in JSON_NAMES for each in said):
        raise Problem("not-acceptable", "Everything is answered as JSON: ask with _format=json, or without.")
    accepted = ",".join(request.headers.getlist("accept"))
    if not said and accepted and not is_welcome(accepted):
        raise Problem("not-acceptable", "Everything is answered as application/fhir+json of R4 (4.0).")


def is_welcome(accept: str) -> bool:
    """Whether one of the names is accepted by the most exact range that holds it (RFC 9110, 12.5.1)."""
    weights = dict(each for piece in accept.split(",") if (each := _range(piece)) is not None)
    found = (next((weights[name] for name in names if name in weights), 0.0) for names in OURS)
    return any(found)


def _range(piece: str) -> tuple[str, float] | None:
    """A range of media types and its weight; None for another release of FHIR."""
    name, *parameters = (each.strip().lower() for each in piece.split(";"))
    said = dict(each.partition("=")[::2] for each in parameters)
    if said.get("fhirversion", RELEASE).strip('"') != RELEASE:
        return None
    weight = said.get("q", "1")
    return name, float(weight) if WEIGHT.fullmatch(weight) else 1.0
