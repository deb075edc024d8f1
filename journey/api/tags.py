"""Entity tags: whether the caller has the answer already (RFC 9110 section 13.1.2)."""

from hashlib import blake2b
from typing import Annotated

from fastapi import Header, Response

IfNoneMatch = Annotated[str | None, Header(description="The `ETag` that you have; 304 if it still holds.")]


def tagged(body: bytes, if_none_match: str | None) -> Response:
    """The answer, named by what it says; or that the caller has it."""
    headers = {"ETag": f'"{blake2b(body, digest_size=12).hexdigest()}"'}
    if has_it(if_none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(body, 200, headers, "application/json")


def has_it(if_none_match: str | None, tag: str) -> bool:
    """Whether one of the tags that the caller names is this one."""
    if if_none_match is None:
        return False
    tags = [each.strip().removeprefix("W/") for each in if_none_match.split(",")]
    return tag in tags or tags == ["*"]
