"""Bodies: what is sent is JSON in UTF-8 (RFC 8259), says each thing once, and can be kept.

A name that is given twice is refused: whichever of the two was meant, something that was said would be lost.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, NoReturn

from fastapi import Request

from journey.api.problems import FieldError, Problem

DEEPEST = 32
"""Levels of nesting. No command has ten."""

HALF = re.compile("[\ud800-\udfff]")
"""Half a character: what an escape of one surrogate leaves."""

HALF_ESCAPED = re.compile(rb"\\u[dD][89a-fA-F]")


class TooLarge(ValueError):
    """A number is too large to be kept."""


class Repeating(dict[str, Any]):
    """An object in which names are given more than once."""

    repeated: tuple[str, ...] = ()


class Sent(Request):
    """A request with a body that was looked at."""

    async def json(self) -> Any:
        """What it says. Raises Problem."""
        if not hasattr(self, "_json"):
            self._json = said(await self.body())
        return self._json


async def looked_at(request: Request) -> Request:
    """The same, its body found to be JSON. One that is missing is missed later, by name. Raises Problem."""
    sent = Sent(request.scope, request.receive)
    refuse_other_media(request)
    if await sent.body():
        await sent.json()
    return sent


def refuse_other_media(request: Request) -> None:
    """A body is JSON and says so, as it is."""
    if not {"content-type", "transfer-encoding"} & set(request.headers.keys()) and (
        request.headers.get("content-length", "0") == "0"
    ):
        return
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/json" and not (media.startswith("application/") and media.endswith("+json")):
        raise Problem("unsupported-media-type", "Send the body with Content-Type: application/json.")
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        headers = {"Accept-Encoding": "identity"}
        raise Problem("unsupported-media-type", "Send the body as it is, not packed.", headers=headers)


def said(body: bytes) -> Any:
    """What the body says. Raises Problem."""
    repeating: list[Repeating] = []

    def made(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) == len(pairs):
            return found
        twice = Repeating(found)
        twice.repeated = tuple(
            name for name, times in Counter(name for name, _ in pairs).items() if times > 1
        )
        repeating.append(twice)
        return twice

    try:
        text = body.decode()
        value = json.loads(text, object_pairs_hook=made, parse_constant=_no_number, parse_float=_finite)
    except TooLarge as error:
        raise _refused([FieldError(where="body", field="", message=str(error).rstrip("."))]) from None
    except (ValueError, RecursionError):
        raise Problem("malformed-json", "The body is not JSON in UTF-8.") from None
    may_be_deep = body.count(b"{") + body.count(b"[") > DEEPEST
    if repeating or may_be_deep or HALF_ESCAPED.search(body):
        faults = [FieldError(where="body", field=path, message=what) for path, what in _faults(value, ())]
        if faults:
            raise _refused(faults[:20])
    return value


def _no_number(_: str) -> NoReturn:
    raise ValueError


def _finite(text: str) -> float | int:
    """JSON has one kind of number: 3.0 is as whole as 3."""
    number = float(text)
    if number in {float("inf"), float("-inf")}:
        raise TooLarge(TooLarge.__doc__)
    return int(number) if number.is_integer() else number


def _faults(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """What is wrong with it, each with where it stands."""
    if len(path) > DEEPEST:
        yield _told(path), f"It is nested more than {DEEPEST} levels deep"
        return
    match value:
        case dict():
            if isinstance(value, Repeating):
                yield from ((_told((*path, name)), "It is given more than once") for name in value.repeated)
            for name, each in value.items():
                if HALF.search(name):
                    yield _told((*path, name)), "Its name holds half a character"
                yield from _faults(each, (*path, name))
        case list():
            for index, each in enumerate(value):
                yield from _faults(each, (*path, str(index)))
        case str() if HALF.search(value):
            yield _told(path), "It holds half a character"


def _told(path: tuple[str, ...]) -> str:
    return HALF.sub("�", ".".join(part[:100] for part in path[:DEEPEST]))


def _refused(errors: list[FieldError]) -> Problem:
    return Problem("invalid", "Something has the wrong form; each field is named below.", errors=errors)
