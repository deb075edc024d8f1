"""Rendering: templates, with the words and times that all of them use."""

from collections.abc import Callable, Mapping
from functools import cache
from hashlib import sha256
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from starlette.responses import Response

from journey.web.course import pace
from journey.web.demo import first_steps
from journey.web.display import display
from journey.web.navigation import navigation
from journey.web.styles import STATIC, frontend
from journey.web.times import at, counted, day, due, exact, picker, span, until, urgency, when, written

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
}


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
        "exact": exact,
        "when": when,
        "until": until,
        "counted": counted,
        "span": span,
        "due": due,
        "urgency": urgency,
        "picker": picker,
        "written": written,
        "words": words,
        "named": name_of,
        "pace": pace,
    }
    made.globals |= {
        "navigation": navigation,
        "version": version(),
        "display": display,
        "first_steps": first_steps,
    }
    return made


@cache
def version() -> str:
    """Changes with what is served beside the pages, so that no browser keeps what is old."""
    made = sha256(frontend().encode())
    for each in sorted(STATIC.iterdir(), key=lambda one: one.name):
        if each.is_file():
            made.update(each.read_bytes())
    return made.hexdigest()[:12]


def render(template: str, status: int = 200, **context: Any) -> Response:
    text = environment().get_template(template).render(**context)
    return Response(text, status, HEADERS, "text/html")


def macro(template: str, name: str) -> Callable[..., Markup]:
    """A piece of a template, to be drawn by itself."""
    found: Callable[..., Markup] = getattr(environment().get_template(template).module, name)
    return found


def words(said: str | None) -> str:
    """`book-visit` as people say it."""
    text = (said or "").replace("-", " ").replace("_", " ").replace(".", " ")
    return text[:1].upper() + text[1:]


def name_of(patient: Mapping[str, Any]) -> str:
    """Family name first, as lists have it."""
    return ", ".join(each for each in (patient["family"], patient["given"]) if each) or "Name not known"
