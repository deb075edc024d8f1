"""Merge: two records turn out to be of one person, and perhaps later not to be.

    merged -> unmerged -> merged …

The survivor goes on, the other is retired; chains lead to one root. Both are recorded on the journeys of
both patients, and nothing recorded is ever moved. What is recorded after a merge may be about either person,
so an unmerge does not guess: each such event is kept where it stands, or told where it belongs by
reattribute-event.

FHIR: Patient.link (replaces, replaced-by).  HL7 v2: ADT^A18, A34, A40 (MRG).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, assert_never
from uuid import UUID

from pydantic import Field, StrictBool

from journey.domain.codes import LinkType
from journey.domain.correction import History
from journey.domain.episode import JourneyOpened
from journey.domain.event import Blocker, Command, Event, Fact, Recorded, Refused
from journey.domain.identity import LinkedToItself
from journey.domain.personal import Personal
from journey.domain.room import Silent

# --- Events


class PatientMerged(Event, stored_as="identity.merged"):
    """The retired record and the survivor's are of one person; the survivor's goes on."""

    undone_by = "unmerge-patient"

    survivor: UUID
    retired: UUID
    evidence: Personal | None = None


class PatientUnmerged(Event, stored_as="identity.unmerged"):
    """The two records are of two persons after all; what is kept was recorded since, and stays."""

    undone_by = "merge-patient"

    survivor: UUID
    retired: UUID
    reason: Personal
    keep: tuple[UUID, ...] = ()
    keep_rest: bool = False


MergeEvent = PatientMerged | PatientUnmerged
MERGING: frozenset[type[Event]] = frozenset((PatientMerged, PatientUnmerged))

# --- Commands


class MergePatient(Command):
    """Make one of two records, on every journey of both: the retired one leads to the survivor."""

    survivor: UUID
    retired: UUID
    evidence: str | None = None


class UnmergePatient(Command):
    """Make two of the records again, on every journey of both, and say what becomes of what came since."""

    survivor: UUID
    retired: UUID
    reason: str = Field(min_length=1)
    keep: tuple[UUID, ...] = Field(
        default=(), description="Events recorded since the merge that belong where they are."
    )
    keep_rest: StrictBool = Field(default=False, description="All the others belong where they are, too.")


MergeCommand = MergePatient | UnmergePatient

# --- State


class Merge(NamedTuple):
    """One record retired into another."""

    survivor: UUID
    retired: UUID
    since: Fact


@dataclass(frozen=True, slots=True)
class Merges(Silent):
    """The merges that hold, as far as this journey's patient is in them."""

    pairs: tuple[Merge, ...] = ()

    def find(self, survivor: UUID, retired: UUID) -> Merge | None:
        return next((each for each in self.pairs if each[:2] == (survivor, retired)), None)

    def into(self, patient_id: UUID | None) -> UUID | None:
        """The survivor into which this patient was retired."""
        return next((each.survivor for each in self.pairs if each.retired == patient_id), None)

    def links(self, patient_id: UUID | None) -> Iterator[tuple[UUID, LinkType]]:
        """The merges as this patient sees them."""
        for each in self.pairs:
            if each.survivor == patient_id:
                yield each.retired, LinkType.REPLACES
            else:
                yield each.survivor, LinkType.REPLACED_BY


class RetiredPatient(Refused):
    """A patient who was merged into another is neither merged again nor merged into."""


class NotMerged(Refused):
    """The two records are not merged."""


class NoSuchPatient(Refused):
    """No journey was opened for this patient."""


class NotThisPatient(Refused):
    """The journey's patient is neither of the two."""


class RecordedSinceTheMerge(Refused):
    """What was recorded since the merge may belong to either person."""


# --- evolve


def evolve(merges: Merges, event: MergeEvent, fact: Fact) -> Merges:
    """What holds after this event. Total: history is never refused."""
    known = merges.find(event.survivor, event.retired)
    match event:
        case PatientMerged():
            if known is not None:
                return merges
            return Merges((*merges.pairs, Merge(event.survivor, event.retired, fact)))
        case PatientUnmerged():
            return Merges(tuple(each for each in merges.pairs if each is not known))
        case _:
            assert_never(event)


def merges_of(recorded: Iterable[Recorded]) -> Merges:
    """What holds after all of this."""
    merges = Merges()
    for each in recorded:
        if type(each.event) in MERGING:
            merges = evolve(merges, each.event, each.fact)  # type: ignore[arg-type]  # it is one of the two
    return merges


# --- decide


def decide(history: History, command: MergeCommand) -> Iterator[MergeEvent]:
    """Judged by all that is recorded, whenever it happened: a merge told late makes no circle either."""
    if command.survivor == command.retired:
        raise LinkedToItself("A record is not merged with itself; name two patients.")
    opening = history.recorded[0].event
    if isinstance(opening, JourneyOpened) and opening.patient_id not in {command.survivor, command.retired}:
        raise NotThisPatient("This journey's patient is neither of the two; name one that it is about.")
    today = merges_of(history.effective)
    then = merges_of(history.until(command.reaches))
    match command:
        case MergePatient():
            if today.find(command.survivor, command.retired) or _undone_since(history, command):
                return
            for known in (today, then):
                _refuse_retired(known, command)
            yield PatientMerged(**command.facts())
        case UnmergePatient():
            merge = today.find(command.survivor, command.retired)
            if merge is None and any(_says_so(each, command) for each in history.effective):
                return
            if merge is None or merge != then.find(command.survivor, command.retired):
                raise NotMerged("The retired patient was not merged into the survivor by then.")
            if left := tuple(_since(history, merge, command)):
                raise RecordedSinceTheMerge(
                    "What is listed was recorded since the merge. Tell each event whose it is: "
                    "reattribute-event, or keep, or keep_rest.",
                    blockers=left,
                )
            yield PatientUnmerged(**command.facts())
        case _:
            assert_never(command)


def _says_so(recorded: Recorded, about: MergeCommand) -> bool:
    """Whether it is an unmerge of the same two."""
    event = recorded.event
    return isinstance(event, PatientUnmerged) and (event.survivor, event.retired) == (
        about.survivor,
        about.retired,
    )


def _undone_since(history: History, command: MergePatient) -> bool:
    """Whether the merge, told late, has been undone by a later word."""
    return any(_says_so(each, command) and each.reaches >= command.reaches for each in history.effective)


def _refuse_retired(merges: Merges, command: MergePatient) -> None:
    if root := merges.into(command.survivor):
        raise RetiredPatient(f"The survivor was itself merged into another; merge into {root} instead.")
    if root := merges.into(command.retired):
        raise RetiredPatient(f"The patient was merged into {root} already; merge that one, or unmerge first.")


def _since(history: History, merge: Merge, command: UnmergePatient) -> Iterator[Blocker]:
    """What was recorded since the merge and still stands without a word on it."""
    if command.keep_rest:
        return
    version = next(each.version for each in history.recorded if each.event_id == merge.since.event_id)
    for each in sorted(history.effective, key=lambda each: each.version):
        told = each.version <= version or type(each.event) in MERGING or each.event_id in command.keep
        if not told and each.context.attributed_from is None:
            yield Blocker(
                code="recorded-since-the-merge", what=each.event.stored_as, subject_id=each.event_id
            )
