"""How schemathesis asks: with a key that may, of journeys that there are; and what else it looks at."""

import json
import os
from ipaddress import IPv4Address
from itertools import count
from typing import Any
from uuid import UUID

import schemathesis
from schemathesis import Case, CheckContext, HookContext, Response, SerializationContext
from schemathesis.auths import AuthContext

BEYOND_A_SHAPE = (
    "the year should be from 1800",
    "a NUL character cannot be kept",
    "it should be an IANA time zone",
    "There is no such type of event",
    "There is no such room",
    "There is no such pathway",
    "A label is letters and digits",
    "It should be a URL",
    "Give one of position, time and after",
    "name a time to come",
    "No such pathway is at hand",
    "the fields there are are",
    "It should be later than",
    "Ask for one thing",
    "ends: it should be later than begins",
    "It holds a NUL character",
    "It holds half a character",
    "name the patient by one of",
    "A scope is written system/Task.rs",
    "An appointment cannot end before it starts",
    "a length of time is written as",
    "It is no checkpoint of this ledger",
    "It is no JSON object",
    "It has a character that the character set in MSH-18 lacks",
    "What was applied as it came is not listed",
)
"""What is wrong with a value although its shape is right."""

ADDRESSES = map(IPv4Address, count(int(IPv4Address("10.0.0.1"))))
"""Each request comes from another address: it is sent without its key as well, as one address may seldom."""

UNREACHED = {"version-not-reached"}
"""The only 503 of a server that has everything it needs."""


@schemathesis.auth(refresh_interval=None)
class WithAKey:
    """The key that may."""

    def get(self, case: Case[Any], _: AuthContext) -> str | None:
        tokens: dict[str, str] = json.loads(os.environ["FUZZ_TOKENS"])
        return tokens.get(f"{case.operation.method.upper()} {case.operation.path}")

    def set(self, case: Case[Any], data: str | None, _: AuthContext) -> None:
        case.headers["X-Forwarded-For"] = str(next(ADDRESSES))
        if data:
            case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.serializer("application/x-ndjson")
def lines(_: SerializationContext, value: Any) -> bytes:
    """A line for each of several, or one."""
    each = value if isinstance(value, list) else [value]
    return b"".join(one if isinstance(one, bytes) else json.dumps(one).encode() + b"\n" for one in each)


@schemathesis.hook
def map_path_parameters(_: HookContext, path_parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    """Of two ids that are made up, one becomes that of something that is there."""
    known: dict[str, list[str]] = json.loads(os.environ["FUZZ_KNOWN"])
    for name, value in (path_parameters or {}).items():
        try:
            number = UUID(str(value)).int
        except ValueError:
            continue
        if path_parameters and name in known and number % 4:
            path_parameters[name] = known[name][number % len(known[name])]
    return path_parameters


@schemathesis.check
def a_problem_is_of_its_kind(_: CheckContext, response: Response, case: Case[Any]) -> None:
    """A 503 is foreseen, and what is refused although its shape is right is so for a reason that is known."""
    if response.status_code not in {422, 503}:
        return
    problem = response.json()
    if response.status_code == 503 and "ready" not in problem:
        assert problem["code"] in UNREACHED, problem
    positive = case.meta is not None and case.meta.generation.mode.value == "positive"
    if positive and problem.get("code") == "invalid":
        for error in problem["errors"]:
            assert error["message"].startswith(BEYOND_A_SHAPE), problem
