"""Telling journeys their lines for a caller: those that are the caller's to write to, several at a time."""

import asyncio
from collections.abc import Sequence
from functools import partial
from http import HTTPStatus
from typing import get_args

from fastapi import Request

from journey.api.access.admission import Admission, admit
from journey.api.access.scopes import JOURNEY, RESOURCE
from journey.api.access.table import Permission, Reach
from journey.api.access.trail import Basis
from journey.api.catalogue import CATALOGUE
from journey.api.engine import asking, caller, engine
from journey.api.guard import WITHHELD, denied, told_through_glass
from journey.api.naming import names_an_event, refuse_others, refuse_withheld
from journey.api.problems import Problem, problem_of
from journey.domain.episode import OpenJourney
from journey.domain.event import Command, Refused
from journey.domain.journey import ROOMS, NoSuchJourney
from journey.ingest.ndjson.applying import Group, Sender, Window, tell
from journey.ingest.ndjson.lines import Told
from journey.ingest.ndjson.result import Result

IS_THERE = "SELECT EXISTS (SELECT FROM event WHERE journey_id = %s)"
NOT_THEIRS = NoSuchJourney("No journey has this id.")
RESOURCE_OF: dict[type[Command], str] = {
    command: RESOURCE[name] for name, room in ROOMS.items() for command in get_args(room.commands)
}


class Teller:
    """For one request. Half of the write threads stay free for those who send one command at a time."""

    def __init__(self, request: Request, sender: Sender) -> None:
        self._request = request
        self._engine = engine(request)
        self._caller = caller(request)
        self._sender = sender
        self._lanes = asyncio.Semaphore(max(1, self._engine.settings.write_threads // 2))

    async def tell(self, window: Window) -> Problem | None:
        """Settle what can be; a problem is why the rest has to wait. Raises what is a fault."""
        for groups in window.turns():
            problems: list[Problem] = []
            async with asyncio.TaskGroup() as tasks:  # after a fault nothing goes on behind it
                for group in groups:
                    tasks.create_task(self._in_its_lane(window, group, problems))
            if problems:
                return problems[0]
        return None

    async def _in_its_lane(self, window: Window, group: Group, problems: list[Problem]) -> None:
        async with self._lanes:
            if problems:
                return
            try:
                await self._journey(window, group)
            except Exception as error:
                problem = problem_of(error)
                if CATALOGUE[problem.code].status != HTTPStatus.SERVICE_UNAVAILABLE:
                    raise
                problems.append(problem)

    async def _journey(self, window: Window, group: Group) -> None:
        """What opens a journey is told first: whose that is depends on it."""
        allowed = [line for line in group if self._may(line)]
        if len(allowed) < len(group):
            detail = f"The role {self._caller.role} or the scopes given do not allow this."
            barred = [line for line in group if line not in allowed]
            await self._refuse(window, barred, "forbidden", detail)
        opening = await self._opening(allowed)
        await self._tell(window, opening)
        later = allowed[len(opening) :]
        theirs = await self._theirs(later)
        if len(theirs) < len(later):
            others = [line for line in later if line not in theirs]
            await self._refuse(window, others, NOT_THEIRS.code, NOT_THEIRS.sentence)
        await self._tell(window, [line for line in theirs if await self._names_theirs(window, line)])

    def _may(self, line: Told) -> bool:
        if isinstance(line.command, OpenJourney):
            return self._caller.may(Permission.WRITE, JOURNEY, "c")
        return self._caller.may(Permission.WRITE, RESOURCE_OF[type(line.command)])

    async def _opening(self, group: Group) -> Group:
        """The lines up to the one that opens the journey, where it is not there yet."""
        if self._caller.reach(Permission.WRITE) is Reach.ALL:
            return []
        for number, line in enumerate(group, 1):
            if isinstance(line.command, OpenJourney):
                [(is_there,)] = await self._engine.reads.rows(IS_THERE, (line.journey_id,))
                return [] if is_there else group[:number]
        return []

    async def _theirs(self, group: Group) -> Group:
        """The lines of a journey that is theirs; of another, those that repeat what they once told it."""
        if not group:
            return []
        if self._caller.reach(Permission.WRITE) is Reach.ALL:
            return group
        known = await self._admission(group[0])
        if known.basis is Basis.BREAK_GLASS:
            await told_through_glass(self._request, known)
        if known.basis is not None:
            return group
        return [line for line in group if await self._is_theirs(line, key=line.key)]

    async def _is_theirs(self, line: Told, *, key: str | None) -> bool:
        return (await self._admission(line, key=key)).basis is not None

    async def _admission(self, line: Told, *, key: str | None = None) -> Admission:
        return await admit(self._engine.looks, asking(self._request), line.journey_id, key=key)

    async def _names_theirs(self, window: Window, line: Told) -> bool:
        """Whether all that the line names is; one that names something else is refused."""
        try:
            if names_an_event(line.command):
                await refuse_withheld(self._request, await self._admission(line), line.command)
            await refuse_others(self._request, line.command)
        except Refused as refusal:
            await self._refuse(window, [line], refusal.code, refusal.sentence)
            return False
        return True

    async def _refuse(self, window: Window, group: Group, code: str, detail: str) -> None:
        """Lines that the caller was kept from, which is recorded."""
        await denied(self._request, group[0].journey_id)
        window.settle(group, [line.result(status="refused", code=code, detail=detail) for line in group])
        self._count(group, [code] * len(group))

    async def _tell(self, window: Window, group: Group) -> None:
        if not group:
            return
        results = await self._engine.write(partial(tell, self._engine.store, self._sender, group))
        results = [await self._for_them(*each) for each in zip(group, results, strict=True)]
        window.settle(group, results)
        said = [each.code or ("recorded" if each.events else "nothing-to-do") for each in results]
        self._count(group, said)

    async def _for_them(self, line: Told, result: Result) -> Result:
        """What stands in the way is told in words to who sees all that it may be."""
        if not result.blockers:
            return result
        admission = await self._admission(line)
        if admission.basis is None or admission.withheld:
            return _without_words(result)
        whole = await refuse_others(self._request, line.command)
        return result if whole else _without_words(result)

    def _count(self, group: Group, outcomes: Sequence[str]) -> None:
        for line, outcome in zip(group, outcomes, strict=True):
            self._engine.figures.command(line.command.name(), outcome)


def _without_words(result: Result) -> Result:
    """What stands in the way may be something that is withheld: its code is told, and no more."""
    if result.blockers is None:
        return result
    blockers = tuple(each.model_copy(update={"what": WITHHELD}) for each in result.blockers)
    return result.model_copy(update={"blockers": blockers})
