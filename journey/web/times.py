"""Times: as people read and write them, in the zone that pages are shown in, and the exact instant."""

import re
from datetime import UTC, datetime, time, timedelta, tzinfo

from markupsafe import Markup

from journey.web.calling import Refusal
from journey.web.display import display

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SOON = timedelta(hours=4)
WITHOUT_ZONE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?")

TIME = Markup('<time datetime="{}" title="{}">{}</time>')
DUE = Markup('<time datetime="{}" data-due title="{}">{}</time>')


class NoSuchTime(Refusal):
    """A local time that there was not, or twice; the detail says what to write."""

    def __init__(self, detail: str) -> None:
        super().__init__(422, {"title": "Which time is meant?", "detail": detail, "code": "invalid"})


def moment(said: str | datetime) -> datetime:
    return said if isinstance(said, datetime) else datetime.fromisoformat(said)


# --- Read


def at(said: str | datetime | None) -> str:
    """A time, with what the clock is called by which it is told."""
    if said is None:
        return ""
    local = _local(said)
    return f"{local:%d %b %Y, %H:%M} {_clock(local)}".lstrip("0")


def day(said: str | datetime | None) -> str:
    return "" if said is None else _day(_local(said))


def period(said: str | datetime) -> str:
    """The first day of what took all of it, or longer: it begins at midnight somewhere."""
    begun, shown = moment(said), display()
    there = (_in(zone, begun) for zone in (shown.clinic, UTC, shown.zone))
    return _day(next((each for each in there if each.time() == time()), _local(said)))


def exact(said: str | datetime) -> str:
    """The instant as it was recorded, with its distance from UTC."""
    return _local(said).isoformat(" ")


def when(said: str | datetime | None) -> Markup:
    """A time on a page."""
    return Markup() if said is None else TIME.format(said, exact(said), at(said))


def until(said: str | datetime | None, now: datetime) -> Markup:
    """How long it is until then; the page counts on."""
    return Markup() if said is None else counted(said, due(said, now))


def counted(said: str | datetime, left: str) -> Markup:
    """A time that the page counts on to, with how long that is."""
    return DUE.format(said, f"{at(said)} ({exact(said)})", left)


def span(length: timedelta) -> str:
    """A length of time in its largest two units."""
    length = abs(length)
    if length >= DAY:
        hours = (length % DAY) // HOUR
        return f"{length // DAY} d" + (f" {hours} h" if hours else "")
    if length >= HOUR:
        return f"{length // HOUR} h {(length % HOUR) // MINUTE:02} min"
    return f"{length // MINUTE} min"


def due(said: str | datetime | None, now: datetime) -> str:
    """How long it is until then, or was since."""
    if said is None:
        return ""
    left = moment(said) - now
    return f"in {span(left)}" if left >= timedelta() else f"{span(left)} overdue"


def urgency(said: str | datetime | None, now: datetime) -> str:
    """A word for the colour: late, soon, or calm."""
    if said is None:
        return "calm"
    left = moment(said) - now
    return "late" if left < timedelta() else "soon" if left < SOON else "calm"


# --- Written


def instant(said: str) -> str:
    """What was written into a field, as the API takes it: without a zone, in the one that pages are shown in.
    A day begins at its midnight. What is no time stays as it is. Raises NoSuchTime.
    """
    local = _naive(said)
    if local is None:
        return said
    first, second = _readings(local)
    if _is_twice(local):
        raise NoSuchTime(
            f"The clocks went back: {local:%H:%M} was twice. Write {_offset(first)} behind it for the first "
            f"({_clock(first)}), {_offset(second)} for the second ({_clock(second)})."
        )
    if _offset(first) != _offset(second):
        raise NoSuchTime(
            f"The clocks went forward: there was no {local:%H:%M} that day. Choose another time."
        )
    try:
        return first.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except OverflowError:
        raise NoSuchTime("Elsewhere the calendar does not reach so far. Choose another time.") from None


def written(said: str) -> str:
    """An instant as it stands in a field: the local time, with its offset where there are two of it. What is
    none, or has no local time, stays as it was typed.
    """
    try:
        local = moment(said)
    except ValueError:
        return said
    if local.tzinfo is None:
        return said
    local = _local(local)
    if local.tzinfo is not display().zone:
        return said
    plain = f"{local:%Y-%m-%dT%H:%M}"
    return f"{plain}{_offset(local)}" if _is_twice(local.replace(tzinfo=None)) else plain


def picker(said: str) -> str:
    """The kind of field for a time: what a picker of local times cannot say is written."""
    local = _naive(said)
    return "text" if said and (local is None or _is_twice(local)) else "datetime-local"


def _naive(said: str) -> datetime | None:
    """A local time as fields have it; None of anything else."""
    try:
        return datetime.fromisoformat(said) if WITHOUT_ZONE.fullmatch(said) else None
    except ValueError:
        return None


def _readings(local: datetime) -> tuple[datetime, datetime]:
    """The instants that it may be: the same, save where the clocks were changed."""
    first, second = (local.replace(tzinfo=display().zone, fold=fold) for fold in (0, 1))
    return first, second


def _is_twice(local: datetime) -> bool:
    first, second = (_in(UTC, each) for each in _readings(local))
    return first < second


def _local(said: str | datetime) -> datetime:
    """A day alone is the same everywhere."""
    found = moment(said)
    return found if found.tzinfo is None else _in(display().zone, found)


def _in(zone: tzinfo, found: datetime) -> datetime:
    """By the clock there; what no calendar there reaches (9999-12-31T23:59:59Z: for ever) stays as it is."""
    try:
        return found.astimezone(zone)
    except OverflowError:
        return found


def _day(local: datetime) -> str:
    return f"{local:%d %b %Y}".lstrip("0")


def _clock(local: datetime) -> str:
    """GMT, BST, EDT; UTC+03:00 where it has no name."""
    name = local.tzname() or ""
    return name if name.isalpha() else f"UTC{_offset(local)}"


def _offset(local: datetime) -> str:
    return local.isoformat()[-6:]
