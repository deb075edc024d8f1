"""OpenAPI: what the document says beyond the routes themselves: the key, every route's problems, and links.

The commands differ in their bodies and words alone: the framework describes one of them, and the others are
made from it, in a fifth of the time.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema, to_json

from journey.api import links
from journey.api.catalogue import CATALOGUE, catalogue
from journey.api.problems import MEDIA_TYPE, ProblemDocument
from journey.domain.journey import COMMANDS

GUARDED = (
    "unauthorized",
    "issuer-unavailable",
    "forbidden",
    "address-too-long",
    "invalid",
    "too-many-requests",
    "headers-too-large",
    "internal",
    "store-unavailable",
    "key-missing",
    "overloaded",
    "too-slow",
    "not-caught-up",
)
"""What any route with a key may answer."""

READING = ("no-such-journey",)
LISTING = ("bad-cursor",)
TAKING_A_BODY = ("malformed-json", "request-timeout", "body-too-large", "unsupported-media-type")
WRITING = (*TAKING_A_BODY, "key-reused", "contended", "outcome-unknown")

JSON = "application/json"
EXAMPLES = Path(__file__).with_name("examples.json")
"""Of each command a request and its answer; written and carried out by the tests."""

ANSWERS = EXAMPLES.with_name("answers.json")
"""Of each read an answer; written and asked for by the tests."""

REF = "#/components/schemas/{model}"
REFUSAL = "Refusal"
WITH = "An API key, `jk_<id>.<secret>`, or an access token of the issuer that the settings name."
ABOUT = """Every request carries `Authorization: Bearer …`. Times are UTC, RFC 3339. Every error is an
`application/problem+json` with a stable `code`. Every answer carries `X-Request-Id`. A read with
`Cache-Control: no-cache` shows what had been recorded when it was asked."""

ETAG = {"ETag": {"description": "Names what is answered.", "schema": {"type": "string"}}}
HEADERS: dict[int, dict[str, Any]] = {
    201: {"Location": {"description": "Where it is.", "schema": {"type": "string"}}},
    401: {"WWW-Authenticate": {"description": "How to say who asks.", "schema": {"type": "string"}}},
    429: {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}},
    503: {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}},
}
"""What stands in the head of an answer of this status."""

ANSWERED: dict[str, type[BaseModel]] = {}
"""The shapes of all answers; filled as the routes are made."""


class Place(NamedTuple):
    """Where something is told: what it stands in, at which key, and what it would be called."""

    holder: Any
    key: str | int
    name: str


class Shapes(GenerateJsonSchema):
    """The shapes as they are told: of what may be left out no `null` is said, and a value that is of one kind
    or another need not be of one only.
    """

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        made = super().default_schema(schema)
        return {name: each for name, each in made.items() if (name, each) != ("default", None)}

    def tagged_union_schema(self, schema: core_schema.TaggedUnionSchema) -> JsonSchemaValue:
        """As any other union."""
        return self.get_union_of_schemas([self.generate_inner(each) for each in schema["choices"].values()])


def answers(
    model: type[BaseModel], *codes: str, status: int = 200, refused: bool = False, tagged: bool = False
) -> dict[int | str, dict[str, Any]]:
    """The documented answers of a guarded route: its own, and its problems by status. One that is tagged
    is not sent again to who has it.
    """
    if ANSWERED.get(model.__name__, model).__module__ != model.__module__:
        raise ValueError(f"Two answers are shaped as {model.__name__}: give one another name")
    ANSWERED[model.__name__] = model
    head = {**HEADERS.get(status, {}), **(ETAG if tagged else {})}
    documented: dict[int | str, dict[str, Any]] = {status: _answer("Done.", JSON, _ref(model.__name__), head)}
    if tagged and not refused:
        documented[304] = {"description": "What you have still holds.", "headers": ETAG}
    by_status: dict[int, list[str]] = {409: []} if refused else {}
    for code in dict.fromkeys((*GUARDED, *codes)):
        by_status.setdefault(CATALOGUE[code].status, []).append(code)
    for each, told in sorted(by_status.items()):
        documented[each] = _problem(each, told, refused=refused and each == 409)  # noqa: PLR2004 - a status
    return documented


def streamed(*codes: str) -> dict[int | str, dict[str, Any]]:
    """The documented answers of a guarded route that goes on and on: its events, and its problems."""
    documented = answers(ProblemDocument, *codes)
    shape = {"type": "string", "description": "Server-Sent Events; the `data` of each is a CloudEvent."}
    return documented | {200: _answer("What happens, as it does.", "text/event-stream", shape, {})}


def filed(media: str, *codes: str) -> dict[int | str, dict[str, Any]]:
    """The documented answers of a guarded route that gives a file, and its problems."""
    shape = {"type": "string", "format": "binary"}
    return answers(ProblemDocument, *codes) | {200: _answer("The file.", media, shape, {})}


def _problem(status: int, codes: list[str], *, refused: bool) -> dict[str, Any]:
    """One answer that is a problem, with the codes that it can have."""
    words = [*(["the code of the rule that refuses"] if refused else []), *(f"`{code}`" for code in codes)]
    narrowed = {"allOf": [_ref(ProblemDocument.__name__), {"properties": {"code": {"enum": codes}}}]}
    shape = _ref(REFUSAL) if refused else narrowed
    return _answer(" or ".join(words), MEDIA_TYPE, shape, HEADERS.get(status, {}))


def _answer(said: str, media: str, shape: dict[str, Any], head: dict[str, Any]) -> dict[str, Any]:
    return {
        "description": said,
        "content": {media: {"schema": shape}},
        **({"headers": head} if head else {}),
    }


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": REF.format(model=name)}


def document(title: str, version: str, routes: Sequence[APIRoute]) -> dict[str, Any]:
    """The whole document."""
    made = get_openapi(title=title, version=version, description=ABOUT, routes=_described(routes))
    paths, schemas = made["paths"], made["components"]["schemas"]
    for route in routes:
        if route.include_in_schema:
            for method in map(str.lower, route.methods or ()):
                told = paths.setdefault(route.path_format, {})
                operation = told.setdefault(method, {}) or _like(paths, route)
                told[method] = operation | {"operationId": operation_id(route)}
    for name, shape in _shapes().items():
        if schemas.setdefault(name, shape) != shape:
            raise ValueError(f"{name} has another shape where it is sent than where it is answered")
    made["components"]["schemas"] = dict(sorted(schemas.items()))
    made["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer", "description": WITH}}
    for path, operation in operations_of(paths):
        operation["security"] = [{"key": []}] if path.startswith("/v1/") else []
        operation["parameters"] = [_never_null(each) for each in operation.get("parameters", ())]
    links.attach(made)
    _exemplify(paths)
    made["components"] |= _shared(paths)
    return made


def _exemplify(paths: dict[str, Any]) -> None:
    """Beside each command what was sent in a test, and what came of it; beside each read what it answered."""
    examples: dict[str, Any] = json.loads(EXAMPLES.read_bytes())
    read: dict[str, Any] = json.loads(ANSWERS.read_bytes())
    for path, operation in operations_of(paths):
        if path.endswith(f"/{operation['operationId']}") and operation["operationId"] in examples:
            example = examples[operation["operationId"]]
            operation["requestBody"]["content"][JSON]["example"] = example["request"]
            operation["responses"]["200"]["content"][JSON]["example"] = example["response"]
        elif operation["operationId"] in read:
            operation["responses"]["200"]["content"][JSON]["example"] = read[operation["operationId"]]


def _never_null(parameter: dict[str, Any]) -> dict[str, Any]:
    """An address and a header leave out what is not said: they have no null."""
    match parameter["schema"]:
        case {"anyOf": [kind, {"type": "null"}], **more}:
            return {**parameter, "schema": {**kind, **more}}
    return parameter


def operations_of(paths: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every operation, with its path."""
    return ((path, operation) for path, item in paths.items() for operation in item.values())


def operation_id(route: APIRoute) -> str:
    """The route's name, in the kebab case of the commands."""
    return route.name.replace("_", "-")


def _is_command(route: APIRoute) -> bool:
    return route.name in COMMANDS and route.path_format.endswith(f"/{route.name}")


def _described(routes: Sequence[APIRoute]) -> list[APIRoute]:
    """What is left to the framework: all but the commands, and the first of them."""
    commands = [route for route in routes if _is_command(route)]
    return [route for route in routes if route not in commands[1:]]


def _like(paths: dict[str, Any], route: APIRoute) -> dict[str, Any]:
    """The operation of this command, made from that of the first one."""
    first = next(item["post"] for path, item in paths.items() if path.rpartition("/")[2] in COMMANDS)
    body = {"required": True, "content": {JSON: {"schema": _ref(COMMANDS[route.name].__name__)}}}
    return {
        **first,
        "tags": list(route.tags),
        "summary": route.summary,
        "description": route.description,
        "requestBody": body,
        "responses": {str(status): deepcopy(each) for status, each in route.responses.items()},
    }


def _shapes() -> dict[str, Any]:
    """The shapes of commands, answers and problems. An answer has all its fields, a body those it needs."""
    wanted = [
        *((command, "validation") for command in COMMANDS.values()),
        *((model, "serialization") for model in (*ANSWERED.values(), ProblemDocument)),
    ]
    _, made = models_json_schema(wanted, ref_template=REF, schema_generator=Shapes)  # type: ignore[arg-type]  # the modes are words
    refusals = sorted(code for code, kind in catalogue().items() if kind.status == 409)  # noqa: PLR2004 - a status
    narrowed = {"description": "A rule forbids it.", "properties": {"code": {"enum": refusals}}}
    shapes: dict[str, Any] = made["$defs"]
    return {**shapes, REFUSAL: {"allOf": [_ref(ProblemDocument.__name__), narrowed]}}


def _shared(paths: dict[str, Any]) -> dict[str, Any]:
    """The answers and parameters that are told of more than once, by names that now stand in their places."""
    of_all = [operation for _, operation in operations_of(paths)]
    places: dict[str, list[Place]] = {
        "responses": [
            Place(told["responses"], status, _name(status, answer))
            for told in of_all
            for status, answer in told["responses"].items()
        ],
        "parameters": [
            Place(parameters, index, f"{each['in']}.{each['name']}")
            for parameters in (told.get("parameters", []) for told in of_all)
            for index, each in enumerate(parameters)
        ],
    }
    return {kind: _taken_out(each, kind) for kind, each in places.items()}


def _taken_out(places: list[Place], kind: str) -> dict[str, Any]:
    """What stands in several of the places, by name."""
    times = Counter(to_json(holder[key]) for holder, key, _ in places)
    shared: dict[str, Any] = {}
    for holder, key, name in places:
        told = holder[key]
        if times[to_json(told)] > 1 and shared.setdefault(name, told) == told:
            holder[key] = {"$ref": f"#/components/{kind}/{name}"}
    return dict(sorted(shared.items()))


def _name(status: str, answer: dict[str, Any]) -> str:
    """What an answer is called: its status, and its shape or codes."""
    for content in answer.get("content", {}).values():
        match content.get("schema"):
            case {"$ref": str(ref)}:
                return f"{status}.{ref.rpartition('/')[2]}"
            case {"allOf": [_, {"properties": {"code": {"enum": codes}}}]}:
                return ".".join([status, *codes])
    return status
