"""What `journey replay`, `difference` and `why` share: a journey's past, and events and changes in words."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

from journey.cli import terminal

if TYPE_CHECKING:
    from journey.api.replay.telling import Known

T = TypeVar("T")
Row = dict[str, Any]
FOR_PROGRAMS = ("event_id", "event_ids")
"""The last part of paths that people are not shown; `--json` has them all."""


def known_of(conninfo: str, text: str, command: str, as_known_at: datetime | None = None) -> "Known":
    """All that is recorded on the one journey that is meant, or was by then. Raises Failed."""
    from journey.api.replay.telling import Known
    from journey.cli.find import loaded

    history = loaded(conninfo, text, command)
    return Known(history if as_known_at is None else history.known_at(as_known_at))


def told(telling: Callable[[], T]) -> T:
    """What is told of it. Raises Failed."""
    from journey.api.replay.telling import NoSuchField, NotThereYet
    from journey.cli.failure import Failed

    try:
        return telling()
    except NotThereYet:
        raise Failed("The journey was not there yet at that time, or not known yet.") from None
    except NoSuchField:
        raise Failed(
            "An answer has nothing of this name; `journey replay` shows the names of its fields."
        ) from None


def headline(event: Row, zone: ZoneInfo) -> str:
    """An event in a line: what, when, by whom, what for and from where."""
    happened, recorded = (terminal.local(event[name], zone) for name in ("occurred_at", "recorded_at"))
    struck = " (voided)" if event["voided_by"] else " (corrected)" if event["corrected_by"] else ""
    what = f"#{event['version']} {event['type']}{struck}"
    said = f"happened {happened}, recorded {recorded}, by {_who(event['actor'])}, {event['purpose']}"
    source = event["source"]
    return terminal.printable(f"{what}  {said}, from {source['system']} {source['channel']}")


def _who(actor: Row) -> str:
    particulars = ", ".join(actor[name] for name in ("role", "team") if actor.get(name))
    return f"{actor['id']} ({particulars})" if particulars else str(actor["id"])


def changed(changes: Iterable[Row], zone: ZoneInfo) -> Iterator[str]:
    """Each change in a line, `field: before -> after`, without what only programs read."""
    for each in changes:
        if is_for_people(each["path"]):
            before, after = (in_words(each[name], zone) for name in ("before", "after"))
            yield terminal.printable(f"{each['path']}: {before} -> {after}")


def is_for_people(path: str) -> bool:
    """Whether people are shown it."""
    return path.rpartition(".")[2] not in FOR_PROGRAMS and not path.startswith("why.")


def in_words(value: Any, zone: ZoneInfo) -> str:
    """A value as people read it."""
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return terminal.local(value, zone)
        case list() | tuple():
            return ", ".join(in_words(each, zone) for each in value)
    return str(value)


def because(reasons: Iterable[Row], zone: ZoneInfo) -> Iterator[str]:
    """Each event that decided something, and what was said of it since."""
    for each in reasons:
        yield headline(each["event"], zone)
        yield from (f"    {headline(correction, zone)}" for correction in each["corrections"])
