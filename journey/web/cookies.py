"""Cookies: how each of ours is set."""

from starlette.requests import Request
from starlette.responses import Response


def keep(request: Request, response: Response, name: str, value: str, seconds: int | None = None) -> None:
    """A cookie that no script reads and no other site's form sends."""
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
