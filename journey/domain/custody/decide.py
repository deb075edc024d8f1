"""What is recorded when something is asked for what is kept."""

from collections.abc import Iterator
from datetime import datetime
from typing import assert_never, cast, get_args

from journey.domain.correction import History
from journey.domain.custody.commands import (
    CustodyCommand,
    EraseSubject,
    LiftRestriction,
    PlaceLegalHold,
    ReleaseLegalHold,
    RequestErasure,
    RestrictProcessing,
    WithdrawErasure,
)
from journey.domain.custody.events import (
    CustodyEvent,
    ErasureRequested,
    ErasureWithdrawn,
    LegalHoldPlaced,
    LegalHoldReleased,
    ProcessingRestricted,
    RestrictionLifted,
    SubjectErased,
)
from journey.domain.custody.state import (
    Custody,
    ErasureNotRequested,
    SecondPersonNeeded,
    StillRetained,
    SubjectIsErased,
    UnderLegalHold,
)
from journey.domain.event import Blocker, Recorded, Refused


def decide(custody: Custody, command: CustodyCommand) -> Iterator[CustodyEvent]:
    """What happens if we do this now. Yields nothing when it has already happened."""
    match command:
        case PlaceLegalHold():
            if command.hold_id not in custody.holds:
                yield LegalHoldPlaced(**command.facts())
        case ReleaseLegalHold():
            if command.hold_id in custody.holds:
                yield LegalHoldReleased(**command.facts())
        case RestrictProcessing():
            restricted = ProcessingRestricted(**command.facts())
            if custody.restricted != restricted:
                yield restricted
        case LiftRestriction():
            if custody.restricted is not None:
                yield RestrictionLifted(**command.facts())
        case RequestErasure():
            requested = ErasureRequested(**command.facts())
            if custody.requested != requested:
                yield requested
        case WithdrawErasure():
            if custody.requested is not None and custody.requested.erasure_id == command.erasure_id:
                yield ErasureWithdrawn(**command.facts())
        case _:
            assert_never(command)


OF_CUSTODY = frozenset(get_args(CustodyEvent))


def erase(history: History, custody: Custody, command: EraseSubject) -> Iterator[SubjectErased]:
    """The erasure, where it was asked for and nothing stands against it."""
    if custody.erased is not None:
        return
    for refusal in against(history, custody, command):
        raise refusal
    asked = cast(ErasureRequested, custody.requested)
    yield SubjectErased(
        erasure_id=asked.erasure_id,
        basis=asked.basis,
        requested_by=_asker(history, asked),
        decided_by=command.decided_by,
    )


def against(history: History, custody: Custody, command: EraseSubject) -> Iterator[Refused]:
    """All that stands against the erasure."""
    asked = custody.requested
    if asked is None:
        yield ErasureNotRequested(
            "Nobody has asked for it: request-erasure comes first, by another person. "
            "What care or the law still needs is restricted instead: restrict-processing."
        )
    elif _asker(history, asked) == command.decided_by:
        yield SecondPersonNeeded("Another person than the one who asked for the erasure decides on it.")
    if custody.holds:
        blockers = [
            Blocker(code="legal-hold", what="a legal hold", subject_id=hold_id) for hold_id in custody.holds
        ]
        yield UnderLegalHold(
            "It is held for a dispute; release-legal-hold comes first. Until then, restrict-processing "
            "keeps it from all but who must see it.",
            blockers=blockers,
        )
    until = kept_until(history, command.years_kept)
    if command.reaches < until:
        yield StillRetained(
            f"It must be kept until {until:%Y-%m-%d}, and may be erased from then on. Until then, "
            "restrict-processing keeps it from all but who must see it."
        )


def _asker(history: History, asked: ErasureRequested) -> str:
    return next(each.context.actor.id for each in reversed(history.recorded) if each.event == asked)


def kept_until(history: History, years: int) -> datetime:
    """So many years after the last thing that happened; what was said of its custody does not count."""
    last = max(each.reaches for each in history.recorded if type(each.event) not in OF_CUSTODY)
    try:
        return last.replace(year=last.year + years)
    except ValueError:  # the 29th of February
        return last.replace(year=last.year + years, month=3, day=1)


def refuse_erased(recorded: tuple[Recorded, ...]) -> None:
    """Nothing more is told of somebody whose data was erased."""
    if any(type(each.event) is SubjectErased for each in recorded):
        raise SubjectIsErased("What was personal on this journey was erased; open a new journey.")
