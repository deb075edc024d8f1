"""Care team: which teams work on a journey, and so whose it is to see (FHIR CareTeam)."""

from collections.abc import Iterator

from journey.domain.journey import Journey


def teams(journey: Journey) -> frozenset[str]:
    """Who is accountable, who is handing over or asked to take over, and who has something to do; in small
    letters. Empty where nobody is accountable yet and nobody was asked.
    """
    return frozenset(each.lower() for each in _teams(journey) if each)


def _teams(journey: Journey) -> Iterator[str | None]:
    if journey.episode.owner is not None:
        yield journey.episode.owner.team
    for handoff in journey.handoffs:
        if handoff.is_open:
            yield handoff.sender.team
            yield from (party.team for party in handoff.asked)
            yield handoff.acceptor and handoff.acceptor.team
    for transfer in journey.transfers:
        if transfer.is_open:
            yield transfer.to_team
    for task in journey.tasks:
        if task.is_open:
            yield task.team
