"""Receiving: resources that other systems send, as a Bundle (transaction, batch) or as lines (NDJSON).

What is sent is taken as data, whatever its ids: an entry says how its resource is now. Of a transaction all
entries are applied, or the answer says which one cannot be and nothing is; of a batch each by itself.
"""

import asyncio
import re
from collections.abc import Sequence
from functools import partial
from http import HTTPStatus
from itertools import count
from typing import Annotated, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response

from journey.api.access.admission import admit
from journey.api.access.caller import Caller
from journey.api.access.scopes import JOURNEY
from journey.api.access.table import Permission, Reach
from journey.api.access.trail import Basis
from journey.api.commands import Purpose
from journey.api.edge import BodyTooLarge
from journey.api.engine import Engine, asking, caller, engine
from journey.api.fhir import answering, bundles
from journey.api.guard import denied, guarded, told_through_glass
from journey.api.outcome import BASE
from journey.api.problems import FieldError, Problem
from journey.ingest.fhir.documents import NotJson, entries, items, read
from journey.ingest.fhir.groups import Group
from journey.ingest.fhir.ingest import Counts
from journey.ingest.fhir.item import BARRED, Item, Sender
from journey.ingest.fhir.mapping import SCOPES
from journey.ingest.fhir.receiver import Receiver, Refusal
from journey.ingest.fhir.resource import Json
from journey.ingest.ndjson.applying import WINDOW
from journey.ingest.ndjson.lines import Lines

JSON = frozenset({"application/fhir+json", "application/json"})
LINES = frozenset({"application/fhir+ndjson", "application/x-ndjson", "application/ndjson"})
SERVER = r"^[A-Za-z0-9][A-Za-z0-9._:/~-]{0,199}$"
METHODS = frozenset({"POST", "PUT"})
R4 = re.compile(r"4\.0(\.\d+)?")
IS_THERE = "SELECT EXISTS (SELECT FROM event WHERE journey_id = %s)"
MOST_ISSUES = 500
"""Of resources that were not applied, told one by one where lines were sent."""

router = APIRouter(route_class=guarded(Permission.WRITE, None), include_in_schema=False)


class Taking(NamedTuple):
    """What one request takes resources with."""

    request: Request
    engine: Engine
    receiver: Receiver
    system: str

    async def take(self, given: Sequence[Item], *, together: bool = False) -> list[Item]:
        """Raises Refusal, Problem."""
        who = caller(self.request)
        for each in given:
            type_ = each.came.body.get("resourceType")
            if isinstance(type_, str) and type_ in SCOPES and not who.may(Permission.WRITE, SCOPES[type_]):
                each.outcome = BARRED
        if together and any(each.outcome for each in given):
            raise Refusal
        mine = [each for each in given if each.outcome is None]
        return await self.engine.write(partial(self.receiver.take, mine, together=together))


@router.post(BASE)
async def receive(
    request: Request,
    *,
    source: Annotated[str | None, Query(pattern=SERVER)] = None,
    purpose: Purpose = "TREAT",
) -> Response:
    """Take resources in. `source` is the server whose ids are meant; the key's name where it is left out."""
    media = _media(request)
    who, state = caller(request), engine(request)
    sender = Sender(who.actor(), purpose, _team(who))
    zone = ZoneInfo(state.settings.timezone)
    receiver = Receiver(state.store, zone, sender, barred=_gate(request))
    taking = Taking(request, state, receiver, (source or who.name).rstrip("/"))
    if media in LINES:
        return await _lines(taking)
    return await _bundle(taking, await _body(request, state.settings.max_body_bytes))


def _team(who: Caller) -> str | None:
    """Whose a journey is that is opened by somebody who is bound to teams, and would not see it otherwise."""
    if who.teams is None:
        return None
    return who.team or min(who.teams, default=None)


def _media(request: Request) -> str:
    """Raises Problem."""
    media, *parameters = request.headers.get("content-type", "").split(";")
    media = media.strip().lower()
    named = dict(each.strip().partition("=")[::2] for each in parameters)
    version = named.get("fhirVersion", "4.0").strip('"')
    plain = request.headers.get("content-encoding", "identity").strip().lower() == "identity"
    if media not in JSON | LINES or not plain or not R4.fullmatch(version):
        detail = "Send FHIR R4 as application/fhir+json or application/fhir+ndjson, and no Content-Encoding."
        raise Problem("unsupported-media-type", detail)
    return media


async def _body(request: Request, most: int) -> bytes:
    """A body that is held. Raises Problem."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > most:
            detail = f"A Bundle may have {most} bytes here; send less at once, or lines of NDJSON."
            raise Problem("body-too-large", detail)
    return bytes(body)


async def _bundle(taking: Taking, body: bytes) -> Response:
    try:
        bundle = await asyncio.to_thread(read, body)
    except NotJson:
        raise Problem("malformed-json", "The body is not a JSON object in UTF-8.") from None
    together = _refuse_other_bundles(bundle) == "transaction"
    given = entries(bundle, taking.system, f"request {taking.request.state.request_id}")
    refused = [number for number, entry in enumerate(bundle.get("entry", [])) if not _is_data(entry)]
    if together and refused:
        return answering.refused(taking.request, [answering.no_data(number) for number in refused])
    taken = [item for entry in given for item in entry]
    try:
        await taking.take(taken, together=together)
    except Refusal:
        return answering.refused(taking.request, list(answering.problems(given)))
    told = [
        answering.entry(number, entry, is_data=number not in refused) for number, entry in enumerate(given)
    ]
    kind = "transaction-response" if together else "batch-response"
    return bundles.answer({"resourceType": "Bundle", "type": kind} | ({"entry": told} if told else {}))


def _refuse_other_bundles(bundle: Json) -> str:
    """The type of the Bundle. Raises Problem."""
    kind, listed = bundle.get("type"), bundle.get("entry", [])
    if bundle.get("resourceType") != "Bundle":
        wrong = "resourceType", "Send a Bundle of type transaction or batch, or lines of NDJSON"
    elif not isinstance(kind, str) or kind not in {"transaction", "batch"}:
        wrong = "Bundle.type", "It should be transaction or batch; what was searched or collected is a batch"
    elif not isinstance(listed, list):
        wrong = "Bundle.entry", "It should be a list"
    else:
        return kind
    error = FieldError(where="body", field=wrong[0], message=wrong[1])
    raise Problem("invalid", "The body is no Bundle that can be taken.", errors=(error,))


def _is_data(entry: object) -> bool:
    """Whether it says how a resource is; a deletion, a patch or a search does not."""
    if not isinstance(entry, dict) or not isinstance(entry.get("resource"), dict):
        return False
    request = entry.get("request", {"method": "POST"})
    return isinstance(request, dict) and request.get("method") in METHODS and "ifMatch" not in request


async def _lines(taking: Taking) -> Response:
    """Window by window while they come; what came before the end of a broken request is taken."""
    most = taking.engine.settings.max_body_bytes
    lines, counted, issues = Lines(most), Counts(), list[Json]()
    numbers = count(1)
    held: list[tuple[bytes, int]] = []

    async def take(least: int) -> None:
        while len(held) >= least and held:
            window, held[:] = held[:WINDOW], held[WINDOW:]
            given = [item for raw, number in window for item in _line(taking, number, raw, most)]
            released = await taking.take(given)
            for each in given:
                counted.add(each)
            for each in released:
                counted.release(each)
            room = MOST_ISSUES - len(issues)
            issues.extend([*answering.of_lines(given)][:room])

    async for piece in taking.request.stream():
        held += zip(lines.cut(piece), numbers)  # noqa: B905 - the numbers do not end
        await take(WINDOW)
    held += zip(lines.rest(), numbers)  # noqa: B905 - as above
    await take(0)
    counted.journeys, counted.events = taking.receiver.journeys, taking.receiver.events
    return bundles.answer(answering.counts(counted, issues), status=HTTPStatus.OK)


def _line(taking: Taking, number: int, raw: bytes, most: int) -> list[Item]:
    if not raw.strip():
        return []
    if len(raw) > most:
        raise BodyTooLarge
    return items(raw, f"request {taking.request.state.request_id}", number, taking.system)


class _Gate:
    """Asked from a write thread, answered in the loop: which journeys are not the caller's to tell."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._loop = asyncio.get_running_loop()

    def __call__(self, groups: Sequence[Group]) -> set[UUID]:
        return asyncio.run_coroutine_threadsafe(self._barred(groups), self._loop).result()

    async def _barred(self, groups: Sequence[Group]) -> set[UUID]:
        return {each.journey_id for each in groups if not await self._may(each.journey_id)}

    async def _may(self, journey_id: UUID) -> bool:
        state, who = engine(self._request), caller(self._request)
        [(is_there,)] = await state.reads.rows(IS_THERE, (journey_id,))
        if not is_there:
            return who.may(Permission.WRITE, JOURNEY, "c")
        known = await admit(state.looks, asking(self._request), journey_id)
        if known.basis is Basis.BREAK_GLASS:
            await told_through_glass(self._request, known)
        if known.basis is None:
            await denied(self._request, journey_id)
        return known.basis is not None


def _gate(request: Request) -> _Gate | None:
    """None for who may tell every journey anything."""
    who = caller(request)
    return None if who.reach(Permission.WRITE) is Reach.ALL and who.scopes is None else _Gate(request)
