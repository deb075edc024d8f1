"""Rendering: templates, with the words and times that all of them use."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.responses import Response

from journey.web.navigation import navigation

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
}
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SOON = timedelta(hours=4)


@cache
def environment() -> Environment:
    made = Environment(
        loader=PackageLoader("journey.web"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "at": at,
        "day": day,
        "words": words,
        "named": name_of,
        "span": span,
        "due": due,
        "urgency": urgency,
    }
    made.globals |= {"navigation": navigation, "version": version()}
    return made


@cache
def version() -> str:
    """Changes with what is served beside the pages, so that no browser keeps what is old."""
    folder = files("journey.web") / "static"
    made = sha256()
    for each in sorted(folder.iterdir(), key=lambda one: one.name):
        if each.is_file():
            made.update(each.read_bytes())
    return made.hexdigest()[:12]


def render(template: str, status: int = 200, **context: Any) -> Response:
    text = environment().get_template(template).render(**context)
    return Response(text, status, HEADERS, "text/html")


def moment(said: str | datetime) -> datetime:
    return said if isinstance(said, datetime) else datetime.fromisoformat(said)


def at(said: str | datetime | None) -> str:
    """A time as people read it; UTC."""
    return "" if said is None else f"{moment(said).astimezone(UTC):%d %b %Y, %H:%M}".lstrip("0")


def day(said: str | datetime | None) -> str:
    return "" if said is None else f"{moment(said).astimezone(UTC):%d %b %Y}".lstrip("0")


def words(said: str | None) -> str:
    """`book-visit` as people say it."""
    text = (said or "").replace("-", " ").replace("_", " ").replace(".", " ")
    return text[:1].upper() + text[1:]


def span(length: timedelta) -> str:
    """A length of time in its largest two units."""
    length = abs(length)
    if length >= DAY:
        hours = (length % DAY) // HOUR
        return f"{length // DAY} d" + (f" {hours} h" if hours else "")
    if length >= HOUR:
        return f"{length // HOUR} h {(length % HOUR) // MINUTE:02} min"
    return f"{length // MINUTE} min"


def name_of(patient: Mapping[str, Any]) -> str:
    """Family name first, as lists have it."""
    return ", ".join(each for each in (patient["family"], patient["given"]) if each) or "Name not known"


def due(said: str | datetime | None, now: datetime) -> str:
    """How long it is until then, or was since."""
    if said is None:
        return ""
    left = moment(said) - now
    return f"in {span(left)}" if left >= timedelta() else f"{span(left)} overdue"


def urgency(said: str | datetime | None, now: datetime) -> str:
    """A word for the colour: late, soon, or calm."""
    if said is None:
        return "calm"
    left = moment(said) - now
    return "late" if left < timedelta() else "soon" if left < SOON else "calm"
