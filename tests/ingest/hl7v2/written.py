"""Messages as tests write them: fields in their places, everything else left out."""

from itertools import count

_numbers = count(1)

PID = "PID|1||M1^^^HOSP^MR||Doe^Jane"
VISIT = {2: "I", 3: "W1^101^B2^HOSP", 19: "V1^^^HOSP^VN"}


def segment(name: str, fields: dict[int, str]) -> str:
    """A segment with these fields at their numbers; not for MSH, whose first field is the separator."""
    return "|".join([name, *(fields.get(number, "") for number in range(1, max(fields, default=0) + 1))])


def pv1(**fields: str) -> str:
    """PV1 of the one visit of these tests, with fields of its own: `f44="2026…"`."""
    return segment("PV1", {**VISIT, **{int(name[1:]): value for name, value in fields.items()}})


def evn(occurred: str, recorded: str = "") -> str:
    return segment("EVN", {2: recorded, 6: occurred})


def message(
    kind: str, *segments: str, sent: str = "20260302120000+0000", control_id: str | None = None
) -> bytes:
    """A message of its own control id, unless one is given."""
    name = f"T{next(_numbers)}" if control_id is None else control_id
    return "\r".join((rf"MSH|^~\&|APP|HOSP|JOURNEY|NET|{sent}||{kind}|{name}|P|2.5.1", *segments)).encode()
