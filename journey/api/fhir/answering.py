"""Answering: what became of each resource that was sent, as FHIR says it."""

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus

from fastapi import Request, Response

from journey.api.fhir import bundles
from journey.api.outcome import PROBLEMS
from journey.fhir.data import Json
from journey.fhir.every import KINDS
from journey.ingest.counts import COUNTED
from journey.ingest.fhir.ingest import Counts
from journey.ingest.fhir.item import Item, Outcome

ISSUES = {
    "bad-value": "value",
    "missing-element": "required",
    "no-time": "required",
    "no-patient": "not-found",
    "two-patients": "multiple-matches",
    "unparseable": "structure",
    "not-fhir": "structure",
    "not-r4": "not-supported",
    "awaits-reference": "not-found",
    "contended": "transient",
    "internal": "exception",
    "forbidden": "forbidden",
}
"""R4 issue-type, by our codes. What a rule refuses is a business-rule."""

NOT_MAPPED = "Nothing here is about such a resource; it was passed over, and is not kept."
AGAIN = "It was taken before."
WAITS = "It is kept, and applied when that comes."
KEPT = "It is kept as it came, and can be tried again."
NO_DATA = "Only POST and PUT of a resource are taken, without ifMatch."


def entry(number: int, items: Sequence[Item], *, is_data: bool) -> Json:
    """What became of one entry, which may hold a Bundle."""
    if not is_data:
        return {
            "response": {"status": _status(HTTPStatus.METHOD_NOT_ALLOWED), "outcome": told([no_data(number)])}
        }
    outcomes = [each.outcome for each in items if each.outcome]
    worst = max((_http(each) for each in outcomes), default=HTTPStatus.OK)
    issues = [issue for each in items for issue in _issues(f"Bundle.entry[{number}].resource", each)]
    response: Json = {"status": _status(worst)}
    if len(items) == 1 and (location := _location(items[0])):
        response["location"] = location
    return {"response": response | ({"outcome": told(issues)} if issues else {})}


def problems(entries: Sequence[Sequence[Item]]) -> Iterator[Json]:
    """Why a transaction is not applied: what is wrong with each entry."""
    for number, items in enumerate(entries):
        for each in items:
            if each.outcome and _http(each.outcome) >= HTTPStatus.BAD_REQUEST:
                yield from _issues(f"Bundle.entry[{number}].resource", each, is_kept=False)


def of_lines(items: Sequence[Item]) -> Iterator[Json]:
    """What is wrong with lines that were not applied."""
    for each in items:
        if each.outcome and each.outcome.code:
            yield from _issues(f"line {each.number}", each)


def counts(counted: Counts, issues: Sequence[Json]) -> Json:
    """The counts of a run, and what was not applied."""
    numbers = [{"name": name, "valueInteger": getattr(counted, name)} for name in COUNTED]
    kinds = [{"name": name, "valueInteger": number} for name, number in sorted(counted.not_mapped.items())]
    parameter: list[Json] = [*numbers, {"name": "released", "valueInteger": counted.released}]
    if kinds:
        parameter.append({"name": "not_mapped", "part": kinds})
    if issues:
        parameter.append({"name": "outcome", "resource": told(issues)})
    return {"resourceType": "Parameters", "parameter": parameter}


def refused(request: Request, issues: Sequence[Json]) -> Response:
    """A transaction of which nothing was applied."""
    body = told(issues) | {"id": str(request.state.request_id)}
    return bundles.answer(body, status=HTTPStatus.UNPROCESSABLE_ENTITY)


def told(issues: Sequence[Json]) -> Json:
    return {"resourceType": "OperationOutcome", "issue": list(issues)}


def passed_over(ignored: Mapping[str, str]) -> Json:
    """The parameters of a search that were not looked at, and why."""
    return told(
        [
            _issue("warning", "not-supported", "invalid", f"{why}. It was passed over.", f"http.{name[:100]}")
            for name, why in ignored.items()
        ]
    )


def no_data(number: int) -> Json:
    return _issue("error", "not-supported", "not-supported", NO_DATA, f"Bundle.entry[{number}].request")


def _http(outcome: Outcome) -> HTTPStatus:
    match outcome.status:
        case "barred":
            return HTTPStatus.FORBIDDEN
        case "parked" if outcome.code == "awaits-reference":
            return HTTPStatus.ACCEPTED
        case "parked" | "rejected":
            return HTTPStatus.UNPROCESSABLE_ENTITY
        case _:
            return HTTPStatus.OK


def _status(status: HTTPStatus) -> str:
    return f"{status.value} {status.phrase}"


def _issues(where: str, item: Item, *, is_kept: bool = True) -> Iterator[Json]:
    outcome = item.outcome
    match outcome:
        case None | Outcome(status="applied"):
            return
        case Outcome(status="not-mapped"):
            yield _issue("information", "not-supported", "not-mapped", NOT_MAPPED, where)
        case Outcome(status="duplicate"):
            yield _issue("information", "duplicate", "duplicate", AGAIN, where)
        case _:
            code = outcome.code or ""
            waits = code == "awaits-reference"
            kept = (WAITS if waits else KEPT) if is_kept and outcome.status == "parked" else ""
            sentence = " ".join(filter(None, (outcome.reason, kept if not waits or is_kept else "")))
            _, _, element = (outcome.where or "").partition(".")
            place = f"{where}.{element}" if element else where
            severity = "warning" if waits else "error"
            yield _issue(severity, ISSUES.get(code, "business-rule"), code, sentence, place)


def _issue(severity: str, kind: str, code: str, sentence: str, where: str) -> Json:
    return {
        "severity": severity,
        "code": kind,
        "details": {"coding": [{"system": PROBLEMS, "code": code}], "text": sentence},
        "diagnostics": sentence,
        **({"expression": [where]} if not where.startswith("line ") else {"location": [where]}),
    }


def _location(item: Item) -> str | None:
    """Where the resource can be read here, if it can."""
    outcome, type_ = item.outcome, item.came.body.get("resourceType")
    if outcome is None or outcome.status != "applied" or outcome.journey_id is None or type_ not in KINDS:
        return None
    return f"{type_}/{outcome.thing_id}"
