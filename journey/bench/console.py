"""How long each page of the console takes the server, and how much a browser fetches, beside bare pages.

Every page is asked for as a browser does that is signed in, by who works with it, one at a time and by eight
at once. The floor sends the same bytes, made beforehand, from the same framework: it knows no session, asks
no API, draws nothing and records nobody.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from http import HTTPStatus
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple
from urllib.parse import urlencode

from journey.api.access import keys
from journey.api.access.table import Role
from journey.bench import clinic, fhir
from journey.bench.board import speeds
from journey.bench.browsing import Browser, Fetched, linked
from journey.bench.callers import Target
from journey.bench.clinic import Clinic
from journey.bench.figures import Figure, Measured, measured, percentile
from journey.bench.requests import WORST, asked
from journey.bench.scratch import Scratch
from journey.bench.serve import beside, served

TURN, ROUNDS, MANY = 0.4, 5, 8
MILLISECONDS, KILOBYTE = 1000, 1024
TEAM = "team-1"
NURSE = "nurse"
PAGES: dict[str, tuple[str, ...]] = {
    NURSE: (
        *("today", "handoffs", "patients", "lists/referrals", "lists/authorizations"),
        *("lists/visits", "lists/unbooked", "lists/missed", "lists/barriers"),
    ),
    Role.COORDINATOR: (
        *("today", "today?show=overdue", "handoffs", "handoffs/{handed_over}/{handoff}", "lists"),
        *("lists/authorizations", "lists/visits", "lists/unbooked", "lists/missed", "lists/barriers"),
        *("flow", "flow/patients?stage=in-care", "patients/{journey}", "patients/{journey}/timeline"),
        *("patients/{journey}/report", "patients/{journey}/discharge-summary"),
        *("patients/{journey}/do", "patients/{journey}/do/book-visit", "replay/{journey}"),
    ),
    Role.COMPLIANCE: (
        *("custody/{journey}", "audit", "audit/reviews", "proof", "proof/verification", "disclosures"),
    ),
    Role.INTEGRATOR: ("subscriptions", "subscriptions/new", "parked"),
    Role.ADMIN: ("keys", "keys/new", "keys/roles", "keys/teams", "health", "display"),
}
"""By who works with it; what is about one patient, of one with a long record."""

SEARCHES = {"a name": "okafor 1970", "a name with a typing error": "okafro 1970", "a number": "MRN-0004711"}


class Page(NamedTuple):
    """One that is asked for: by whom, the request as it goes out, and what it is answered."""

    what: str
    asking: bytes
    fetched: Fetched


def console(server: Scratch) -> Iterator[Figure]:
    """What a browser fetches first, every page beside its floor, and the board as it grows."""
    with ExitStack() as stack:
        filled = clinic.filled(server, server.journeys)
        at, _ = stack.enter_context(served(filled.url, 0, with_worker=False))
        browsers = {who: Browser(at.address, token) for who, token in _tokens(filled.url).items()}
        yield from _first(browsers[Role.COORDINATOR])
        pages = [*_pages(filled, browsers), *_found(browsers[Role.COORDINATOR])]
        folder = stack.enter_context(TemporaryDirectory())
        for number, page in enumerate(pages):
            Path(folder, str(number)).write_text(page.fetched.text)
        floor = stack.enter_context(beside(fhir.serve_ready, folder))
        for number, page in enumerate(pages):
            yield from _figures(page, at.address, floor, f"/{number}")
    yield from speeds(server)


def _tokens(url: str) -> dict[str, str]:
    nurse = keys.create(url, NURSE, Role.CLINICIAN, TEAM)
    return {NURSE: nurse.token} | {role: keys.create(url, role, Role(role)).token for role in list(PAGES)[1:]}


def _first(browser: Browser) -> Iterator[Figure]:
    """With nothing kept from before: the page, and what stands in its head."""
    page = browser.fetch("/console/today")
    beside_it = [browser.fetch(each) for each in linked(page.text)]
    every = [page, *beside_it]
    yield Figure("the first page, all that is fetched", _kilobytes(each.on_the_way for each in every), "KB")
    yield Figure(
        "of that scripts, styles and pictures", _kilobytes(each.on_the_way for each in beside_it), "KB"
    )
    yield Figure(
        "the first page, not compressed", _kilobytes(len(each.text.encode()) for each in every), "KB"
    )


def _kilobytes(sizes: Iterator[int]) -> float:
    return sum(sizes) / KILOBYTE


def _pages(filled: Clinic, browsers: dict[str, Browser]) -> Iterator[Page]:
    for who, paths in PAGES.items():
        for path in paths:
            address = "/console/" + path.format_map(filled.named)
            page = browsers[who].fetch(address)
            yield Page(f"{path}, {who}", browsers[who].asking(address), _answered(page))


def _found(browser: Browser) -> Iterator[Page]:
    """Patients, by what is written into the form."""
    csrf = browser.csrf("/console/patients")
    for what, text in SEARCHES.items():
        form = {"csrf": csrf, "q": text}
        page = browser.send("/console/patients", **form)
        yield Page(
            f"patients, by {what}",
            browser.asking("/console/patients", urlencode(form).encode()),
            _answered(page),
        )


def _answered(page: Fetched) -> Fetched:
    if page.status != HTTPStatus.OK:
        raise ValueError(f"A page was answered {page.status}: {page.text[-2000:]}")
    return page


def _figures(page: Page, address: Target, floor: Target, ready: str) -> Iterator[Figure]:
    times: list[float] = []
    bare = f"GET {ready} HTTP/1.1\r\nHost: journey\r\n\r\n".encode()
    found: Measured = measured(
        {"ours": partial(_time, address, page.asking, times), "floor": partial(_time, floor, bare, [])},
        rounds=ROUNDS,
    )
    many: list[float] = []
    _time(address, page.asking, many, MANY, TURN * ROUNDS / 2)
    yield Figure(f"{page.what}: on the way", page.fetched.on_the_way / KILOBYTE, "KB")
    yield Figure(f"{page.what}: in it", len(page.fetched.text.encode()) / KILOBYTE, "KB")
    yield found.figure(f"{page.what}: p50", "ours", "ms", "floor", scale=MILLISECONDS)
    yield Figure(f"{page.what}: p99", percentile(times, WORST) * MILLISECONDS, "ms")
    yield Figure(f"{page.what}: p99, {MANY} at once", percentile(many, WORST) * MILLISECONDS, "ms")


def _time(
    address: Target, asking: bytes, times: list[float], connections: int = 1, seconds: float | None = None
) -> float:
    """How long it takes in the middle; all times are kept."""
    found = asked(address, lambda _: asking, connections=connections, seconds=seconds or TURN)
    if found.statuses.keys() != {HTTPStatus.OK}:
        raise ValueError(f"Not all was answered: {dict(found.statuses)}")
    times += found.times
    return median(found.times)
