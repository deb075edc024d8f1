"""Lines: a stream of NDJSON cut into lines, and the command that one of them asks for.

    {"journey": "4711", "command": "start-intake", "body": {"channel": "phone"}, "id": "17"}

A journey goes by its id, or by the sender's own key for it: the id follows from that and from who the sender
is, so that another file can speak of the same journey, and nobody else by chance.
"""

import re
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from typing import Annotated, Any, NamedTuple, get_args
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from journey.domain.custody import CustodyCommand
from journey.domain.episode import OpenJourney
from journey.domain.event import Command
from journey.domain.journey import COMMANDS
from journey.ingest.files import Stream
from journey.ingest.ndjson.result import Result, Wrong, wrong
from journey.jsontext import Malformed, read

NAMESPACE = UUID("3d0b9a52-6f0e-5c1b-9a37-7c2f4b8de610")
"""Under which a sender's own key becomes the id of a journey, and that the id of its patient."""

SOURCE = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
"""What the name of a system that sends lines looks like."""

TAKEN: dict[str, type[Command]] = {
    OpenJourney.name(): OpenJourney,
    **{name: command for name, command in COMMANDS.items() if command not in get_args(CustodyCommand)},
}
"""What may be done with what is kept is decided one at a time, and not imported."""
"""Every command by its name."""

_CHUNK = 1 << 20
_MARK = b"\xef\xbb\xbf"
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

Own = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]+$")]


class Line(BaseModel):
    """One command."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    journey: Own = Field(description="The journey's id, or your own key for it.")
    command: str = Field(description="As in the address of the command; `open-journey` opens one.")
    body: dict[str, Any] = Field(default={}, description="The command, as over HTTP.")
    id: Own | None = Field(
        default=None,
        description="Your name for this line, the same whenever it is sent: a journey takes it once. Left "
        "out, the same command with the same body is taken once.",
    )
    rejected: Any = Field(
        default=None, exclude=True, description="What an earlier import said of the line; not read."
    )


class Told(NamedTuple):
    """What a line asks for, and the name under which its journey takes it once."""

    number: int
    id: str | None
    journey_id: UUID
    command: Command
    key: str

    def result(self, **what: Any) -> Result:
        return Result(line=self.number, id=self.id, journey_id=self.journey_id, **what)


class Lines:
    """Cuts a stream into lines as its pieces come. Of a line that is too long it keeps enough to tell."""

    def __init__(self, longest: int) -> None:
        self._most = longest + 1
        self._held = b""

    def cut(self, piece: bytes) -> list[bytes]:
        """The lines that end in this piece."""
        first, *others = piece.split(b"\n")
        whole = [self._held + first, *others]
        self._held = whole.pop()[: self._most]
        return [line[: self._most] for line in whole]

    def rest(self) -> list[bytes]:
        """What stands behind the last line's end, once the stream has ended."""
        return [self._held] if self._held else []


def split(stream: Stream, longest: int) -> Iterator[bytes]:
    """The lines of a file, empty ones too. Raises what reading it raises."""
    lines = Lines(longest)
    for piece in iter(partial(stream.read1, _CHUNK), b""):
        yield from lines.cut(piece)
    yield from lines.rest()


def told(number: int, raw: bytes, names: str, longest: int) -> Told | Result | None:
    """What this line of the stream asks for, or what is wrong with it; None where nothing stands in it.

    `names`: whose keys and ids they are; under another's, the same ones mean something else.
    """
    text = raw.removeprefix(_MARK) if number == 1 else raw
    if not text.strip():
        return None
    invalid = partial(Result, line=number, status="invalid")
    if len(raw) > longest:
        detail = f"The line is longer than {longest} bytes, the most that a request's body may have."
        return invalid(code="body-too-large", detail=detail)
    try:
        value, faults = read(text)
    except Malformed:
        return invalid(code="malformed-json", detail="The line is not JSON in UTF-8.")
    detail = "The line has the wrong form; each field is named below."
    if faults:
        errors = tuple(Wrong(where="line", field=path, message=what) for path, what in faults)
        return invalid(code="invalid", detail=detail, errors=errors)
    try:
        line = Line.model_validate(value)
    except ValidationError as error:
        return invalid(code="invalid", detail=detail, errors=wrong(error, "line"))
    return _command(number, line, names)


def _command(number: int, line: Line, names: str) -> Told | Result:
    given = _UUID.fullmatch(line.journey)
    journey_id = UUID(line.journey) if given else uuid5(NAMESPACE, f"{names}\0{line.journey}")
    invalid = partial(
        Result, line=number, id=line.id, status="invalid", journey_id=journey_id, code="invalid"
    )
    kind = TAKEN.get(line.command)
    if kind is None:
        unknown = Wrong(where="line", field="command", message="There is no such command")
        return invalid(detail="There is no such command.", errors=(unknown,))
    body = line.body
    if kind is OpenJourney:
        if given:
            own = Wrong(where="line", field="journey", message="Open it under a key of your own")
            return invalid(detail="A journey that is opened is given its id.", errors=(own,))
        body = {"patient_id": uuid5(journey_id, "patient"), **body}
    try:
        command = kind.model_validate(body)
    except ValidationError as error:
        detail = "Something has the wrong form; each field is named below."
        return invalid(detail=detail, errors=wrong(error, "body"))
    return Told(number, line.id, journey_id, command, _key(names, line.id, command))


def _key(names: str, own: str | None, command: Command) -> str:
    """No Idempotency-Key of the API is like it: there is a space in it."""
    said = ("id", own) if own is not None else (command.name(), command.model_dump_json(exclude_unset=True))
    return "ndjson " + sha256("\0".join((names, *said)).encode()).hexdigest()
