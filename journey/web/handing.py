"""Handing: a file that the API makes, for whoever is at the browser to keep: it goes on as it comes."""

from starlette.responses import Response, StreamingResponse

from journey.web.calling import File
from journey.web.rendering import HEADERS


def handed(file: File, name: str) -> Response:
    """The file, under this name."""
    headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(file.pieces, 200, headers, file.headers["content-type"])
