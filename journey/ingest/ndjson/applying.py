"""Applying lines: which of them can be told at the same time, and telling a journey those that are its own.

A journey hears its lines in their order. What is about another one, too, is told alone, between what comes
before it and what comes after.
"""

from collections.abc import Iterable, Iterator, Sequence
from traceback import extract_tb
from typing import NamedTuple, TypeAlias
from uuid import UUID

import structlog

from journey.domain.episode import LinkJourney
from journey.domain.event import Actor, Context, Refused, Source
from journey.ingest.ndjson.lines import Told
from journey.ingest.ndjson.result import Led, Result
from journey.store import across
from journey.store.bulk import Answer, Asked, handle_all
from journey.store.errors import Contended, KeyReused, StoreUnavailable
from journey.store.store import Store

CHANNEL = "ndjson"
WINDOW = 200
"""Lines that are looked at together: as many as a journey can be told of in a moment."""

STOPS = (Contended, StoreUnavailable)
"""What keeps a line from being applied now, though not later: those behind it wait, so that order is kept."""

ALONE = (*across.ACROSS, LinkJourney)
"""What is about another journey, too."""

Group: TypeAlias = list[Told]
"""Lines of one journey."""

logger = structlog.get_logger()


class Sender(NamedTuple):
    """Who sends the lines, as it stands on every event."""

    system: str
    actor: Actor
    purpose: str = "TREAT"
    correlation_id: UUID | None = None
    traceparent: str | None = None

    def context(self, line: Told) -> Context:
        return Context(
            actor=self.actor,
            purpose=self.purpose,
            source=Source(system=self.system, channel=CHANNEL, message_id=line.id),
            correlation_id=self.correlation_id,
            traceparent=self.traceparent,
        )


class Window:
    """Lines that are looked at together, and what becomes of each."""

    def __init__(self, lines: Sequence[Told | Result | None]) -> None:
        self._lines = lines
        self._became: dict[int, Result] = {}

    def turns(self) -> Iterator[list[Group]]:
        """The journeys that can be told at the same time, turn after turn."""
        of: dict[UUID, Group] = {}
        for line in self._lines:
            if not isinstance(line, Told):
                continue
            if isinstance(line.command, ALONE):
                if of:
                    yield list(of.values())
                yield [[line]]
                of = {}
            else:
                of.setdefault(line.journey_id, []).append(line)
        if of:
            yield list(of.values())

    def settle(self, group: Group, results: Iterable[Result]) -> None:
        """Keep what became of these lines."""
        self._became |= {id(line): result for line, result in zip(group, results, strict=True)}

    def results(self) -> Iterator[Result | Told | None]:
        """What became of each line, in their order; a line that was not told yet is still what it was."""
        return (self._became.get(id(line), line) for line in self._lines)


def tell(store: Store, sender: Sender, group: Group) -> list[Result]:
    """Tell a journey its lines. Raises one of STOPS: send them again, and what was applied is a duplicate."""
    asked = [Asked(line.command, sender.context(line), line.key) for line in group]
    if isinstance(group[0].command, across.ACROSS):
        answers: Sequence[Answer | Exception] = [_across(store, group[0], asked[0])]
    else:
        answers = handle_all(store, group[0].journey_id, asked)
    return [_result(line, answer) for line, answer in zip(group, answers, strict=True)]


def _across(store: Store, line: Told, asked: Asked) -> Answer | Exception:
    try:
        repeated = store.datastore.remembered(line.journey_id, asked.key) is not None
        told = across.handle(store, line.journey_id, asked.command, asked.context, idempotency_key=asked.key)
    except STOPS:
        raise
    except Exception as problem:  # noqa: BLE001 - the answer to this line, and no matter to the others
        return problem
    return Answer(told, repeated)


def _result(line: Told, answer: Answer | Exception) -> Result:
    match answer:
        case Answer(appended, repeated):
            events = tuple(Led.model_construct(**each._asdict()) for each in appended.events)
            status = "duplicate" if repeated else "applied"
            return line.result(status=status, version=appended.version, events=events)
        case Refused():
            blockers = answer.blockers or None
            return line.result(status="refused", code=answer.code, detail=answer.sentence, blockers=blockers)
        case KeyReused():
            detail = "This id was sent before, with another command or body; send it under a new id."
            return line.result(status="invalid", code="key-reused", detail=detail)
        case _:
            logger.error("import.failed", error=type(answer).__name__, place=_place(answer))
            detail = "Something went wrong here; it is logged. The lines around it are not touched by it."
            return line.result(status="failed", code="internal", detail=detail)


def _place(error: Exception) -> str:
    """The innermost line of ours that failed. Not the traceback: its texts may quote the patient."""
    ours = [each for each in extract_tb(error.__traceback__) if "/journey/" in each.filename]
    return f"{ours[-1].name}:{ours[-1].lineno}" if ours else ""
