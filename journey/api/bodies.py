"""Bodies: what is sent is JSON, says so, and is not packed."""

from typing import Any

from fastapi import Request

from journey.api.problems import FieldError, Problem
from journey.jsontext import Malformed, read


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
    try:
        value, faults = read(body)
    except Malformed:
        raise Problem("malformed-json", "The body is not JSON in UTF-8.") from None
    if faults:
        errors = [FieldError(where="body", field=path, message=what) for path, what in faults]
        raise Problem("invalid", "Something has the wrong form; each field is named below.", errors=errors)
    return value
