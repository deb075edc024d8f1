"""Links: which answer leads on to which request, and what of it is sent there (OpenAPI Link Objects)."""

from collections.abc import Iterator
from itertools import chain
from typing import Any, NamedTuple

from journey.domain.journey import COMMANDS

OPENING = "open-journey"
STANDS = "where-the-patient-stands"
SEARCH = "journeys-that-match"
REPLAYED = ("step-by-step", "between-two-moments")
OF_A_JOURNEY = (STANDS, "everything-recorded", "what-happened", *REPLAYED, "why-it-is-so")
LISTS = ("worklist", "handoffs", "referrals", "authorizations", "visits", "barriers")
PAGED = (
    SEARCH,
    "where-they-stood",
    "everything-recorded",
    "what-happened",
    *REPLAYED,
    *(f"list-{name}" for name in LISTS),
)


class Link(NamedTuple):
    """From the answer of one operation to another; each parameter with where its value stands."""

    source: str
    target: str
    parameters: dict[str, str]


def every_link() -> Iterator[Link]:
    """All of them, by where they begin."""
    opened = {"journey_id": "$response.body#/journey_id"}
    for target in (*OF_A_JOURNEY, *COMMANDS):
        yield Link(OPENING, target, opened)
    written = {**opened, "min_version": "$response.body#/version"}
    for command in COMMANDS:
        yield Link(command, STANDS, written)
    for page in PAGED:
        own = {"journey_id": "$request.path.journey_id"} if page in OF_A_JOURNEY else {}
        yield Link(page, page, {**own, "cursor": "$response.body#/next"})
    yield Link("the-log", "the-log", {"after": "$response.body#/next"})
    yield Link("the-log", STANDS, {"journey_id": "$response.body#/events/0/subject"})
    yield Link(STANDS, "records-of-a-patient", {"patient_id": "$response.body#/patient/patient_id"})
    for target in OF_A_JOURNEY:
        yield Link(SEARCH, target, {"journey_id": "$response.body#/journeys/0/journey_id"})
    yield Link("list-pathways", "what-a-pathway-asks-for", {"pathway": "$response.body#/pathways/0/id"})
    yield Link("make-a-key", "end-a-key", {"key_id": "$response.body#/key/id"})


def attach(document: dict[str, Any]) -> None:
    """Put each link beside the answer that it leads on from; one that many share has a name of its own."""
    operations = {
        operation["operationId"]: operation
        for operation in chain.from_iterable(item.values() for item in document["paths"].values())
    }
    shared = document["components"].setdefault("links", {})
    for link in every_link():
        said = {"operationId": operations[link.target]["operationId"], "parameters": link.parameters}
        if link.source in COMMANDS:
            shared[link.target] = said
            said = {"$ref": f"#/components/links/{link.target}"}
        done = next(status for status in operations[link.source]["responses"] if status.startswith("2"))
        operations[link.source]["responses"][done].setdefault("links", {})[link.target] = said
