"""Server-Sent Events as a client hears them (WHATWG HTML, 9.2.6): lines become messages."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Heard(NamedTuple):
    """One message; `id` is where whoever heard it stands now."""

    event: str
    data: str
    id: str


def heard(lines: Iterable[str]) -> Iterator[Heard]:
    """Each message that is whole. A comment is none, and neither is what stops in the middle."""
    event, data, last = "message", list[str](), ""
    for line in lines:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "" if not line:
                if data:
                    yield Heard(event, "\n".join(data), last)
                event, data = "message", []
            case "event":
                event = value
            case "data":
                data.append(value)
            case "id":
                last = value
            case _:
                pass
