"""Correcting: what an event says as a form of its own fields, and of what is typed there, what differs."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from journey.domain.correction import CORRECTIONS, VoidEvent
from journey.domain.event import EVENTS
from journey.domain.journey import ROOM_OF_EVENT
from journey.web.acts import Act
from journey.web.filled import MOST_ROWS, Filled, Typed, as_typed
from journey.web.forms import Field, Form, fields_of
from journey.web.page import Asked
from journey.web.rendering import words

COMMAND = "correct-event"
TIMES = ("happened_at", "happened_precision")


class Correcting(NamedTuple):
    """An event as it reads now, and the form that it is corrected with."""

    event: Mapping[str, Any]
    reading: Mapping[str, Any]
    form: Form

    @property
    def room(self) -> str:
        return ROOM_OF_EVENT[EVENTS[self.event["type"]]]

    @property
    def typed(self) -> Typed:
        """What has to be typed for what it says now."""
        time = {"happened_at": "occurred_at", "happened_precision": "occurred_precision"}
        told = {name: self.reading[its] for name, its in time.items()}
        return as_typed({"data": self.reading["data"], **told}, self.form.fields)

    def corrected(self, said: Mapping[str, Any]) -> dict[str, Any] | None:
        """The command for what the form says: the fields that differ. None where nothing does."""
        was = Filled(self.form.fields, self.typed).body
        now, before, after = self.reading["data"], was.get("data", {}), said.get("data", {})
        changes = {
            name: merged(now.get(name), before.get(name), after.get(name))
            for name in dict.fromkeys((*before, *after))
            if before.get(name) != after.get(name)
        }
        times = _times({name: was[name] for name in TIMES}, said)
        if not changes and not times:
            return None
        asked = {name: said[name] for name in ("reason", "dependants") if name in said}
        return {"event_id": self.event["event_id"], "data": changes, **times, **asked}


def can_be_corrected(event: Mapping[str, Any]) -> bool:
    """Whether it holds, and is not undone in another way."""
    kind = EVENTS[event["type"]]
    is_open = event["voided_by"] is None and kind not in CORRECTIONS
    return is_open and kind.undone_by == VoidEvent.name()


async def correcting(asked: Asked, act: Act, plain: Form, event: Mapping[str, Any]) -> Correcting:
    """Raises Refusal."""
    version = EVENTS[event["type"]].schema_version()
    schema = await asked.api.get(f"/v1/schemas/{event['type']}/{version}")
    return Correcting(event, event["reading"] or event, of_its_own(plain, act, event["type"], schema))


def of_its_own(plain: Form, act: Act, kind: str, schema: Mapping[str, Any]) -> Form:
    """The command's form with the event's fields in place of its data, save those that say what it is about.
    When the correction itself was made is now.
    """
    required = schema.get("required", ())
    about = {name for name in schema["properties"] if name.endswith("_id") and name in required}
    its = tuple(each for each in fields_of(schema.get("$defs", {}), act, schema) if each.name not in about)
    data = Field("data", words(kind), "", "group", required=True, fields=its)
    own = {each.name: each for each in (*plain.needed, *plain.more)}
    happened = own["happened_at"]._replace(hint="")
    precision = own["happened_precision"]._replace(hint="How exactly that is known.")
    needed = (*([data] if its else []), happened, precision, own["reason"])
    return Form(act, needed, (own["dependants"],), (), None)


def _times(was: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """A time goes with how exactly it is known."""
    asked = {name: said.get(name, was[name]) for name in TIMES}
    if asked["happened_at"] != was["happened_at"]:
        return asked
    return {} if asked == was else {"happened_precision": asked["happened_precision"]}


def merged(now: Any, before: Any, after: Any) -> Any:
    """What was typed, with what was left as it is to the last digit: a field has a time to the minute, and a
    form not every row. `before`: what the form makes of `now`.
    """
    if before == after:
        return now
    match now, before, after:
        case dict(), dict(), dict():
            unseen = {name: value for name, value in now.items() if name not in {*before, *after}}
            typed = {name: merged(now.get(name), before.get(name), said) for name, said in after.items()}
            return unseen | typed
        case list(), list(), list() if len(before) == min(len(now), MOST_ROWS):
            return [_row(now, before, after, at) for at in range(len(after))] + now[len(before) :]
    return after


def _row(now: list[Any], before: list[Any], after: list[Any], at: int) -> Any:
    """One that moved up, because another was emptied, is the same row still."""
    said = after[at]
    stays = at < len(before) and (said == before[at] or len(before) == len(after))
    if not stays and said in before:
        return now[before.index(said)]
    return merged(now[at], before[at], said) if stays else said
