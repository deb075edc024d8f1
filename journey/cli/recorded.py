"""Recorded: that somebody looked from the command line, on disk before anything is shown."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

if TYPE_CHECKING:
    from journey.api.access.trail import Access, Kind


class Seen(NamedTuple):
    """Of whom something is shown."""

    journeys: tuple[UUID, ...] = ()
    patients: tuple[UUID, ...] = ()

    @classmethod
    def of(cls, rows: Iterable[tuple[UUID, UUID | None]]) -> "Seen":
        """Journeys and whose they are, each once."""
        journeys, patients = (dict.fromkeys(ids) for ids in zip(*rows, strict=True)) if rows else ({}, {})
        return cls(tuple(journeys), tuple(each for each in patients if each))


NOBODY = Seen()


def recorded(
    conninfo: str, kind: "Kind", command: str, seen: Seen = NOBODY, *, purpose: str = "HOPERAT"
) -> None:
    """That somebody looked. Raises what connecting does: what cannot be recorded is not shown."""
    from journey.api.access import trail
    from journey.connection import OPERATING
    from journey.database import connect

    with connect(conninfo, OPERATING) as connection:
        trail.record(connection, [access(kind, command, seen, purpose=purpose)])


def access(
    kind: "Kind",
    command: str,
    seen: Seen = NOBODY,
    *,
    purpose: str = "HOPERAT",
    detail: Mapping[str, Any] = MappingProxyType({}),
) -> "Access":
    """Who it was: the account that started the program, on the machine that it was started on."""
    from os import getuid
    from platform import node
    from pwd import getpwuid

    from journey.api.access.trail import COMMAND_LINE, Access, Outcome

    try:
        account = getpwuid(getuid()).pw_name
    except KeyError:
        account = str(getuid())
    return Access(
        kind,
        Outcome.DONE,
        COMMAND_LINE,
        purpose,
        journeys=seen.journeys,
        patients=seen.patients,
        detail={**detail, "command": command, "account": account},
        peer=node() or None,
    )
