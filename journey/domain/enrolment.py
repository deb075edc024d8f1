"""Enrolment: the pathway that the journey follows, and what was decided about its milestones.

    assigned -> moved to another version -> ended; a milestone: expected -> attested | waived -> reopened

    Whether a milestone is reached follows from what happened; what a person decides about one is an event.

FHIR: CarePlan.instantiatesCanonical, PlanDefinition.  CMMN: case plan.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple, assert_never

from pydantic import Field

from journey.domain.event import Command, Event, Fact, Refused
from journey.domain.pathway import Pathways
from journey.domain.pathway.definition import Definition
from journey.domain.personal import Personal

# --- Events


class PathwayAssigned(Event, stored_as="pathway.assigned"):
    """The journey follows this pathway, in this version, until it is told otherwise."""

    pathway: str
    version: str
    digest: str | None = None
    parameters: dict[str, str] = Field(default={})


class PathwayVersionChanged(Event, stored_as="pathway.version_changed"):
    """It follows another version: `mapping` says what milestones are called now; `dropped` are waived."""

    version: str
    digest: str | None = None
    mapping: dict[str, str] = Field(default={})
    dropped: tuple[str, ...] = ()


class PathwayEnded(Event, stored_as="pathway.ended"):
    """It follows no pathway any more."""

    reason: Personal


class MilestoneAttested(Event, stored_as="pathway.milestone_attested"):
    """Somebody says that it is reached, though no event here shows it."""

    milestone: str
    evidence: Personal


class MilestoneWaived(Event, stored_as="pathway.milestone_waived"):
    """It need not be reached on this journey."""

    milestone: str
    reason: Personal


class MilestoneReopened(Event, stored_as="pathway.milestone_reopened"):
    """It is to be reached after all, or anew."""

    milestone: str
    reason: Personal


EnrolmentEvent = (
    PathwayAssigned
    | PathwayVersionChanged
    | PathwayEnded
    | MilestoneAttested
    | MilestoneWaived
    | MilestoneReopened
)

# --- Commands


class AssignPathway(Command):
    """Let the journey follow a pathway; where no version is named, in the one it has, or the latest."""

    pathway: str = Field(min_length=1)
    version: str | None = None
    parameters: dict[str, str] = Field(default={}, description="What the definition asks for by name.")


class ChangePathwayVersion(Command):
    """Go on in another version of the pathway."""

    version: str = Field(min_length=1)
    mapping: dict[str, str] = Field(default={}, description="Old milestone -> what it is called now.")


class EndPathway(Command):
    """Follow no pathway any more."""

    reason: str = Field(min_length=1)


class AttestMilestone(Command):
    """Say that a milestone is reached, though no event here shows it."""

    milestone: str = Field(min_length=1)
    evidence: str = Field(min_length=1)


class WaiveMilestone(Command):
    """Say that a milestone need not be reached on this journey."""

    milestone: str = Field(min_length=1)
    reason: str = Field(min_length=1)


class ReopenMilestone(Command):
    """Say that a milestone is to be reached after all, or anew."""

    milestone: str = Field(min_length=1)
    reason: str = Field(min_length=1)


EnrolmentCommand = (
    AssignPathway | ChangePathwayVersion | EndPathway | AttestMilestone | WaiveMilestone | ReopenMilestone
)

# --- State


class Said(NamedTuple):
    """What a person decided about a milestone: attested, waived or reopened."""

    word: str
    fact: Fact
    why: str


class Enrolment(NamedTuple):
    """The pathway followed, if any; `since` when as it is now; `said` is all that was decided of each
    milestone, the last word last; `dropped` is what a version left behind.
    """

    pathway: str | None = None
    version: str | None = None
    digest: str | None = None
    parameters: Mapping[str, str] = MappingProxyType({})
    assigned: Fact | None = None
    said: Mapping[str, tuple[Said, ...]] = MappingProxyType({})
    since: Fact | None = None
    dropped: Mapping[str, Said] = MappingProxyType({})


class UnknownPathway(Refused):
    """No such definition is installed."""


class UnknownMilestone(Refused):
    """The pathway has no such milestone."""


class UnknownParameter(Refused):
    """The pathway asks for other parameters, or other words."""


class NoPathway(Refused):
    """The journey follows no pathway."""


# --- evolve


def evolve(enrolment: Enrolment, event: EnrolmentEvent, fact: Fact) -> Enrolment:
    """What is followed after this event. Total: history is never refused."""
    match event:
        case PathwayAssigned():
            known = enrolment if event.pathway == enrolment.pathway else Enrolment(assigned=fact)
            known = known._replace(pathway=event.pathway, parameters=dict(event.parameters))
            return known._replace(version=event.version, digest=event.digest, since=fact)
        case PathwayVersionChanged():
            kept = {event.mapping.get(name, name): said for name, said in enrolment.said.items()}
            gone = Said("waived", fact, f"not in version {event.version}")
            dropped = {**enrolment.dropped, **dict.fromkeys(event.dropped, gone)}
            known = enrolment._replace(said=kept, dropped=dropped)
            return known._replace(version=event.version, digest=event.digest, since=fact)
        case PathwayEnded():
            return Enrolment()
        case MilestoneAttested():
            return _saying(enrolment, event.milestone, Said("attested", fact, event.evidence))
        case MilestoneWaived():
            return _saying(enrolment, event.milestone, Said("waived", fact, event.reason))
        case MilestoneReopened():
            return _saying(enrolment, event.milestone, Said("reopened", fact, event.reason))
        case _:
            assert_never(event)


def _saying(enrolment: Enrolment, milestone: str, said: Said) -> Enrolment:
    return enrolment._replace(said={**enrolment.said, milestone: (*enrolment.said.get(milestone, ()), said)})


# --- decide


def decide(
    enrolment: Enrolment, command: EnrolmentCommand, *, pathways: Pathways
) -> Iterator[EnrolmentEvent]:
    """What happens if we do this now, with these definitions installed."""
    match command:
        case AssignPathway():
            yield from _assign(enrolment, command, pathways)
        case ChangePathwayVersion():
            yield from _change(enrolment, command, pathways)
        case EndPathway():
            if enrolment.pathway is not None:
                yield PathwayEnded(**command.facts())
        case AttestMilestone():
            if _is_news(enrolment, command.milestone, "attested", pathways):
                yield MilestoneAttested(**command.facts())
        case WaiveMilestone():
            if _is_news(enrolment, command.milestone, "waived", pathways):
                yield MilestoneWaived(**command.facts())
        case ReopenMilestone():
            if _is_news(enrolment, command.milestone, "reopened", pathways):
                yield MilestoneReopened(**command.facts())
        case _:
            assert_never(command)


def _assign(
    enrolment: Enrolment, command: AssignPathway, pathways: Pathways
) -> Iterator[PathwayVersionChanged | PathwayAssigned]:
    follows_it = enrolment.pathway == command.pathway
    version = command.version or (enrolment.version if follows_it else None)
    definition = _installed(pathways, command.pathway, version)
    _refuse_other_parameters(definition, command.parameters)
    if follows_it:  # what the other version does not have is waived, never forgotten
        yield from _change(enrolment, ChangePathwayVersion(version=definition.version), pathways)
    if not follows_it or dict(enrolment.parameters) != command.parameters:
        asked = {**command.facts(), "version": definition.version}
        yield PathwayAssigned(**asked, digest=pathways.digest(definition))


def _installed(pathways: Pathways, pathway: str, version: str | None) -> Definition:
    found = pathways.get(pathway, version)
    if found is None:
        there = ", ".join(pathways.versions(pathway)) or "no version"
        raise UnknownPathway(
            f"Of this pathway {there} is installed; `journey pathway list` shows all definitions."
        )
    return found


def _refuse_other_parameters(definition: Definition, parameters: Mapping[str, str]) -> None:
    for name, word in parameters.items():
        words = definition.parameters.get(name, ())
        if word not in words:
            allowed = {name: sorted(words) for name, words in definition.parameters.items()}
            raise UnknownParameter(f"The pathway's parameters, and what each may be: {allowed or 'none'}.")


def _change(
    enrolment: Enrolment, command: ChangePathwayVersion, pathways: Pathways
) -> Iterator[PathwayVersionChanged]:
    if enrolment.pathway is None or enrolment.version is None:
        raise NoPathway("The journey follows no pathway; assign-pathway comes first.")
    if enrolment.version == command.version:
        return
    new = _installed(pathways, enrolment.pathway, command.version)
    names = {each.id for each in new.every_milestone()}
    _refuse_unknown(set(command.mapping.values()), names)
    old = pathways.get(enrolment.pathway, enrolment.version)
    before = {each.id for each in old.every_milestone()} if old else set()
    _refuse_unknown(set(command.mapping), before or set(command.mapping))
    dropped = tuple(sorted(before - names - set(command.mapping)))
    yield PathwayVersionChanged(**command.facts(), digest=pathways.digest(new), dropped=dropped)


def _refuse_unknown(names: set[str], known: set[str]) -> None:
    if odd := names - known:
        raise UnknownMilestone(
            f"The pathway has no milestone {', '.join(sorted(odd))}; it has {', '.join(sorted(known))}."
        )


def _is_news(enrolment: Enrolment, milestone: str, word: str, pathways: Pathways) -> bool:
    said = enrolment.said.get(milestone)
    if said is not None and said[-1].word == word:
        return False
    if enrolment.pathway is None:
        raise NoPathway("The journey follows no pathway; assign-pathway comes first.")
    definition = _installed(pathways, enrolment.pathway, enrolment.version)
    _refuse_unknown({milestone}, {each.id for each in definition.every_milestone()})
    return True
