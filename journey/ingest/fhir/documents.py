"""Documents: JSON and NDJSON as resources: what stands alone, and what lies in a Bundle.

Of a Bundle each resource is taken by itself, whatever the Bundle's type: its entries are data.
"""

import json
from collections.abc import Iterator
from hashlib import sha256
from itertools import count
from typing import Any

from pydantic_core import from_json

from journey.ingest.fhir.item import UNREAD, Item
from journey.ingest.fhir.naming import Came, is_temporary
from journey.ingest.fhir.pas import enclosed, unwrapped
from journey.ingest.fhir.resource import Json, clean
from journey.ingest.files import Stream

LONGEST = 256 << 20
"""Bytes of one document: more is refused, and should come as NDJSON."""

PIECE = 1 << 20
LONGEST_URL = 500
"""Characters of a fullUrl: more is no name."""

INSIDE = 8
"""Bundles within Bundles, at most."""


class TooLong(OSError):
    """A document is longer than can be read at once."""

    def __init__(self) -> None:
        super().__init__(f"one document is longer than {LONGEST >> 20} MB; send it as NDJSON")
        self.strerror = str(self)


class NotJson(ValueError):
    """The bytes are no JSON object."""


def split(stream: Stream) -> Iterator[bytes]:
    """A line each, where the first line is a whole object (NDJSON); else all of it as one document."""
    first = b""
    while not first.strip():
        first = stream.readline(LONGEST)
        if not first:
            return
    if _is_object(first):
        yield first
        while line := stream.readline(LONGEST):
            if line.strip():
                yield line
        return
    whole = first + stream.read(LONGEST - len(first) + 1)
    if len(whole) > LONGEST:
        raise TooLong
    yield from _lines_of(whole)


def _lines_of(whole: bytes) -> Iterator[bytes]:
    """One document; or lines, where it is none and one of them is."""
    lines = [line for line in whole.splitlines() if line.strip()]
    if not _is_object(whole) and any(_is_object(line) for line in lines):
        yield from lines
    else:
        yield whole


def _is_object(text: bytes) -> bool:
    try:
        read(text)
    except NotJson:
        return False
    return True


def read(text: bytes) -> Json:
    """Raises NotJson."""
    try:
        value = from_json(text.removeprefix(b"\xef\xbb\xbf"), allow_inf_nan=False)
    except ValueError:
        raise NotJson from None
    if not isinstance(value, dict):
        raise NotJson
    return value


def items(text: bytes, source: str, number: int, system: str) -> list[Item]:
    """The resources of one document, to be taken; one that is none is an item as well."""
    try:
        document = read(text)
    except NotJson:
        return [Item(Came({UNREAD: text.decode(errors="backslashreplace")}, system), source, number)]
    return [Item(came, source, number) for came in resources(document, system)]


def entries(bundle: Json, system: str, source: str) -> list[list[Item]]:
    """The resources of each entry of a Bundle, which is one unless the entry holds a Bundle."""
    scope, others, numbers = scope_of(bundle), _beside(bundle), count(1)
    came = Came({}, system, scope=scope)
    return [
        [Item(each, source, next(numbers)) for each in _entry(entry, came, others, INSIDE)]
        for entry in bundle.get("entry", ())
    ]


def resources(document: Json, system: str) -> Iterator[Came]:
    """What a document holds: itself, or the entries of a Bundle, or of those that a notification holds."""
    for each in unwrapped(document):
        if each.get("resourceType") == "Bundle" and isinstance(each.get("entry"), list):
            yield from _entries(each, system, INSIDE)
        elif each.get("resourceType") != "Bundle" or "entry" in each:
            yield Came(each, system)


def scope_of(bundle: Json) -> str:
    """The Bundle's own name, where something in it goes by a name that is known in it alone."""
    urls = (entry.get("fullUrl") for entry in bundle.get("entry", ()) if isinstance(entry, dict))
    if not any(isinstance(url, str) and is_temporary(url) for url in urls):
        return ""
    content = json.dumps(bundle, sort_keys=True, separators=(",", ":"))
    return f"bundle:{sha256(content.encode()).hexdigest()[:32]}"


def _entries(bundle: Json, system: str, inside: int) -> Iterator[Came]:
    came, others = Came({}, system, scope=scope_of(bundle)), _beside(bundle)
    for entry in bundle["entry"]:
        yield from _entry(entry, came, others, inside)


def _beside(bundle: Json) -> dict[str, Json]:
    """The resources of a Bundle by what references to them say."""
    found: dict[str, Json] = {}
    for entry in bundle.get("entry", ()):
        body = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(body, dict):
            named = (entry.get("fullUrl"), f"{body.get('resourceType')}/{body.get('id')}")
            found |= {name: body for name in named if isinstance(name, str)}
    return found


def _entry(entry: Any, came: Came, others: dict[str, Json], inside: int) -> Iterator[Came]:
    body = entry.get("resource") if isinstance(entry, dict) else None
    if not isinstance(body, dict):
        if (
            isinstance(entry, dict)
            and "resource" not in entry
            and ("request" in entry or "response" in entry)
        ):
            return  # a deletion, a search, an answer: there is no data in it
        yield came._replace(body={"entry": entry})
    elif body.get("resourceType") == "Bundle" and isinstance(body.get("entry"), list) and inside:
        yield from _entries(body, came.source, inside - 1)
    else:
        url = entry.get("fullUrl")
        named = clean(url)[: LONGEST_URL + 1] if isinstance(url, str) else ""
        yield came._replace(body=enclosed(body, others), full_url=named if len(named) <= LONGEST_URL else "")
