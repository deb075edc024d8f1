"""Things: what a journey has that a form may name: its visits, referrals and so on, and its events."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from journey.web.page import Asked
from journey.web.rendering import words
from journey.web.times import at, day

ALIKE = {"order": "coverage_id", "supersedes": "authorization_id"}
"""What else a field may be called that names one."""

NAMED_BY = ("what", "title", "description", "text", "service", "order", "appointment", "code", "kind")
"""Where the words for a thing are looked for, in its own event."""

Choices = tuple[tuple[str, str], ...]


class Things:
    """All of them, by the field that names one; each with what people call it."""

    def __init__(self, events: list[Mapping[str, Any]]) -> None:
        self.events = {each["event_id"]: each for each in events}
        self._found: dict[str, dict[str, str]] = {}
        self._last: dict[str, str] = {}
        for each in events:
            if each["voided_by"] is None:
                self._read(each, each["data"])
        self._found["event_id"] = {
            each["event_id"]: f"{words(each['type'])}, {at(each['occurred_at'])}" for each in reversed(events)
        }

    def of(self, name: str) -> Choices:
        """Those that this field may name."""
        if name == "about":
            every = (each for field, each in self._found.items() if field != "event_id")
            return tuple((key, self._said(key, said)) for each in every for key, said in each.items())
        found = self._found.get(ALIKE.get(name, name), {})
        return tuple((key, self._said(key, said)) for key, said in found.items())

    def _said(self, key: str, said: str) -> str:
        return f"{said}: {self._last[key]}" if key in self._last else said

    def _read(self, event: Mapping[str, Any], holder: Any) -> None:
        """What is named in it; the first that an event names is what it is about."""
        for name, value in _ids(holder):
            named = _named(holder) or words(name.removesuffix("_id"))
            if holder is event["data"] and name == _first(holder):
                self._last[value] = words(event["type"].partition(".")[2]).lower()
            self._found.setdefault(name, {}).setdefault(value, f"{named}, {day(event['occurred_at'])}")
        for each in _within(holder):
            self._read(event, each)


async def things(asked: Asked, journey_id: str) -> Things:
    """What whoever asks may see of it. Raises Refusal."""
    return Things([each for each in await everything(asked, journey_id) if not each.get("withheld")])


async def everything(asked: Asked, journey_id: str) -> list[Mapping[str, Any]]:
    """All that happened, in the order of happening."""
    return [each async for each in asked.api.every(f"/v1/journeys/{journey_id}/timeline", "events")]


def _ids(holder: Any) -> Iterator[tuple[str, str]]:
    if isinstance(holder, dict):
        for name, value in holder.items():
            if name.endswith("_id") and isinstance(value, str) and _is_id(value):
                yield name, value


def _is_id(value: str) -> bool:
    try:
        UUID(value)
    except ValueError:
        return False
    return True


def _first(holder: Mapping[str, Any]) -> str | None:
    return next((name for name, _ in _ids(holder)), None)


def _within(holder: Any) -> Iterator[Any]:
    if isinstance(holder, dict):
        yield from (each for each in holder.values() if isinstance(each, dict | list))
    elif isinstance(holder, list):
        yield from holder


def _named(holder: Any) -> str | None:
    """In the words of whoever recorded it."""
    match holder:
        case {"system": _, "code": str(code)}:
            return holder.get("display") or code
        case dict():
            found = (_named(holder[name]) for name in NAMED_BY if holder.get(name))
            return next((each for each in found if each), None)
        case str():
            return words(holder)[:60]
    return None
