"""Demo: where everything is made up, people sign in with one click, and are told what to try first.

Only `journey demo` makes one, and only to browsers on its own machine: nothing in the environment does.
"""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from journey.web.cookies import keep

COOKIE = "journey_first_steps"
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host")
OF_THIS_MACHINE = frozenset({"127.0.0.1", "localhost", "[::1]", "::1"})

ROLES = {
    "coordinator": "Care coordinator: what is next for whom, and everything that can be recorded",
    "clinician": "Clinician: the patients of one team, handoffs taken over and read back",
    "compliance": "Compliance officer: what was known when, who looked, and the proof",
    "integrator": "Integrator: where events are sent, and what became of them",
    "admin": "Administrator: who holds which key, and whether all is well",
}


class Step(NamedTuple):
    """Something to try. `{patient}` in an address is the journey of the patient who shows most."""

    title: str
    about: str
    address: str


CARE = (
    Step("See what is late", "The list of your team, the most urgent first.", "/console/today?show=overdue"),
    Step("Open a patient", "Where they are, what is in the way, and why.", "/console/patients/{patient}"),
    Step(
        "Record something",
        "Every command is a form; what forbids it is said.",
        "/console/patients/{patient}/do",
    ),
    Step("Take over a handoff", "Accepted with a read-back, as I-PASS has it.", "/console/handoffs"),
    Step("Find where patients wait", "Stages, lengths, breaches, and whose they are.", "/console/flow"),
)
STEPS: Mapping[str, tuple[Step, ...]] = {
    "coordinator": CARE,
    "clinician": CARE,
    "compliance": (
        Step(
            "Replay a journey", "What was true, and what was known, at any time.", "/console/replay/{patient}"
        ),
        Step(
            "Ask who looked", "Every read is on record: filter, save, download.", "/console/audit?kind=read"
        ),
        Step("Check a proof", "That an event is in the signed log, as it was.", "/console/proof?of=1"),
        Step("Hold a record", "Legal holds, restriction, an erasure by two.", "/console/custody/{patient}"),
        Step("Tell what left the house", "The accounting a patient may ask for.", "/console/disclosures"),
    ),
    "integrator": (
        Step(
            "Make a subscription",
            "Where events go, which, and how much of them.",
            "/console/subscriptions/new",
        ),
        Step(
            "Watch deliveries", "What was taken, what waits, what is tried again.", "/console/subscriptions"
        ),
        Step("Try the API", "Every route, with examples that run.", "/docs"),
        Step("Read the events", "Each type, as AsyncAPI describes it.", "/asyncapi.json"),
        Step("See what follows the log", "How far each part has come.", "/console/health"),
    ),
    "admin": (
        Step("Make a key", "A role, a team, scopes; shown once.", "/console/keys/new"),
        Step("Look who holds one", "When each was used last; take one away.", "/console/keys"),
        Step("See whether all is well", "Lags, failures, the ledger.", "/console/health"),
        Step("Read the events", "Each type, as AsyncAPI describes it.", "/asyncapi.json"),
        Step("Try the API", "Every route, with examples that run.", "/docs"),
    ),
}


class Demo(NamedTuple):
    """The key of each role, and the journey that the first steps lead to."""

    keys: Mapping[str, str]
    patient: str

    def steps(self, role: str) -> tuple[Step, ...]:
        return tuple(
            each._replace(address=each.address.format(patient=self.patient)) for each in STEPS.get(role, ())
        )


def demo(request: Request) -> Demo | None:
    """Whether this is one, and it is asked by this machine, under a name that only this machine has."""
    found: Demo | None = getattr(request.app.state, "demo", None)
    return found if found and _is_from_here(request) else None


def first_steps(request: Request, role: str) -> tuple[Step, ...]:
    """What to try, until it was said to be enough."""
    found = demo(request)
    return found.steps(role) if found and role not in _done(request) else ()


def done(request: Request, response: Response, role: str) -> None:
    """Enough of them, while this browser is open."""
    kept = ".".join(sorted({*_done(request), role} & {*ROLES}))
    keep(request, response, COOKIE, kept)


def _done(request: Request) -> list[str]:
    return request.cookies.get(COOKIE, "").split(".")


def _is_from_here(request: Request) -> bool:
    if request.client is None or any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ip_address(request.client.host).is_loopback and request.url.hostname in OF_THIS_MACHINE
    except ValueError:
        return False
