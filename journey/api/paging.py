"""Paging: how a page is asked for, of any list."""

from typing import Annotated

from fastapi import Query

FORM = {"pattern": "^[A-Za-z0-9_-]+$"}

Limit = Annotated[int, Query(ge=1, le=500, description="The most that one page holds.")]
CursorIn = Annotated[
    str | None,
    Query(alias="cursor", max_length=200, description="`next` of the page before.", json_schema_extra=FORM),
]
