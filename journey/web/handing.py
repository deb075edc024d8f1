"""Handing: a file that the API made, for whoever is at the browser to keep."""

from starlette.responses import Response

from journey.web.calling import Answer, told
from journey.web.rendering import HEADERS


def handed(answer: Answer, name: str) -> Response:
    """The file, under this name. Raises Refusal."""
    found = told(answer)
    headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(found.body, 200, headers, found.headers["content-type"])
