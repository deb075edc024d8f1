"""Acting: every command that whoever is signed in may give, and the form for each."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import uuid4

from starlette.exceptions import HTTPException
from starlette.responses import Response

from journey.store.identifiers import uuid7
from journey.web.acts import ROOMS, Act, Acts, every_act
from journey.web.calling import Refusal
from journey.web.correcting import COMMAND as CORRECT
from journey.web.correcting import Correcting, can_be_corrected, correcting
from journey.web.filled import Filled, Typed, rows
from journey.web.forms import MADE, MAY_BE_MADE, OVERRIDE, Form, form
from journey.web.obstacles import form_of, obstacles
from journey.web.offers import Offers, in_words, offers
from journey.web.onepatient import OnePatient, of_one_patient, one_patient
from journey.web.page import HOME, Asked, Page, go, whole
from journey.web.rendering import words
from journey.web.things import Things, things
from journey.web.wording import SYSTEMS

OWN = frozenset({"csrf", "key", "seen"})
"""What a form says of itself."""

WRONG_FORM = "Something has the wrong form; each field is named below."
NOTHING_DIFFERS = "Nothing differs from what is recorded. Change what is wrong, then record it."

NOTHING_RECORDED = frozenset({409, 412, 422})
"""The statuses after which the same form, mended, is a new request."""

PLAIN = {
    "give an override_reason": "say below why it is done all the same",
    "Field required": "This is needed",
    "with reported: true": "with “Reported” ticked",
    "does not take this; the catalogue of events says what it holds": "cannot read like this",
}


class Opened(NamedTuple):
    """Whose form it is, the form, what it may name, every command there is, and the codes to choose from."""

    one: OnePatient
    form: Form
    things: Things
    acts: Acts
    offers: Offers
    correcting: Correcting | None = None

    @property
    def lacks_its_event(self) -> bool:
        """The form is made from the event that it corrects."""
        return self.form.act.name == CORRECT and self.correcting is None


class Refused(NamedTuple):
    """What came back instead, as the page says it."""

    problem: Mapping[str, Any]
    wrong: Mapping[str, str] = MappingProxyType({})
    """What is wrong, by the input."""

    moved_on: tuple[Mapping[str, Any], ...] = ()
    """What was recorded since the form was opened."""

    @property
    def sentence(self) -> str:
        said = str(self.problem.get("detail", "The server did not say why. Try again in a moment."))
        for technical, plain in PLAIN.items():
            said = said.replace(technical, plain)
        return said

    @property
    def can_be_overridden(self) -> bool:
        return OVERRIDE in str(self.problem.get("detail", ""))


@of_one_patient
async def choosing(asked: Asked) -> Response:
    """Every command, by room; those that are looked for."""
    one, acts = await one_patient(asked), await every_act(asked)
    wanted = asked.query.get("q", "").strip().lower()
    found = [
        act
        for act in acts.by_name.values()
        if asked.who.can(act.permission) and all(word in _told(act) for word in wanted.split())
    ]
    chosen, subject = asked.query.get("room", ""), asked.query.get("subject")
    shown = [act for act in found if chosen in {"", act.room}]
    rooms = {title: [act for act in shown if act.room == room] for room, title in ROOMS.items()}
    return asked.page(
        "act_list.html",
        one=one,
        wanted=wanted,
        chosen=ROOMS.get(chosen),
        rooms={title: each for title, each in rooms.items() if each},
        link=lambda act: form_of(one, act, subject),
    )


def _told(act: Act) -> str:
    return f"{words(act.name)} {ROOMS[act.room]} {act.about}".lower()


@of_one_patient
async def asking(asked: Asked) -> Response:
    """The form, with what the address knows filled in."""
    opened = await _opened(asked, asked.query.get("event_id", ""))
    if opened.lacks_its_event:
        return _which(asked, opened)
    stands = opened.correcting.typed if opened.correcting else {}
    return _shown(asked, opened, {**stands, **{name: [value] for name, value in asked.query.items()}})


@of_one_patient
async def acting(asked: Asked) -> Response:
    """What was filled in, told to the journey; or the form again, with what is in the way."""
    opened = await _opened(asked, asked.said("event_id"))
    if opened.lacks_its_event:
        return _which(asked, opened)
    one, its = opened.one, opened.form
    typed = {name: said for name, said in asked.form.items() if name not in OWN}
    filled = Filled(its.fields, typed)
    if filled.complaints:
        return _shown(asked, opened, typed, Refused({"detail": WRONG_FORM}, filled.complaints))
    body = opened.correcting.corrected(filled.body) if opened.correcting else filled.body
    if body is None:
        return _shown(asked, opened, typed, Refused({"detail": NOTHING_DIFFERS}))
    try:
        told = await asked.api.post(
            f"/v1/journeys/{one.journey_id}/{its.act.name}",
            body,
            idempotency_key=asked.said("key") or str(uuid4()),
            if_match=f'"{asked.said("seen")}"',
        )
    except Refusal as refusal:
        if refusal.status not in {*NOTHING_RECORDED, 503}:
            raise
        return _shown(asked, opened, typed, _refused(asked, refusal, filled, opened.things))
    said = {"version": told["version"], "recorded": " ".join(each["type"] for each in told["events"])}
    return go(f"{one.home}?{urlencode(said)}")


async def _opened(asked: Asked, event_id: str) -> Opened:
    """Raises HTTPException, Refusal."""
    acts = await every_act(asked)
    act = acts.by_name.get(asked.request.path_params["command"])
    if act is None:
        raise HTTPException(404)
    one = await one_patient(asked)
    its, has = form(acts, act), await things(asked, one.journey_id)
    event = has.events.get(event_id) if act.name == CORRECT else None
    if event is None or not can_be_corrected(event):
        return Opened(one, its, has, acts, await offers(asked, act.room, its))
    found = await correcting(asked, act, its, event)
    return Opened(one, found.form, has, acts, await offers(asked, found.room, found.form), found)


def _which(asked: Asked, opened: Opened) -> Response:
    """Which event is to be corrected."""
    may_be = {each for each, event in opened.things.events.items() if can_be_corrected(event)}
    return asked.page(
        "act_which.html",
        one=opened.one,
        act=opened.form.act,
        events=[(each, said) for each, said in opened.things.of("event_id") if each in may_be],
        refused="event_id" in asked.query or "event_id" in asked.form,
    )


def _refused(asked: Asked, refusal: Refusal, filled: Filled, has: Things) -> Refused:
    """Each complaint beside its input; what was recorded meanwhile."""
    wrong = {}
    for each in refusal.problem.get("errors") or ():
        wrong[filled.place(each["field"]) or each["field"]] = PLAIN.get(each["message"], each["message"])
    last = whole(asked.said("seen"))
    moved_on = tuple(each for each in has.events.values() if each["version"] > last)
    return Refused(refusal.problem, wrong, moved_on if refusal.code == "stale-version" else ())


def _shown(asked: Asked, opened: Opened, typed: Typed, refused: Refused | None = None) -> Response:
    """A request that may have been recorded keeps its key, so that it is recorded once."""
    status = 200 if refused is None else int(refused.problem.get("status", 422))
    keeps_key = status not in {200, *NOTHING_RECORDED}
    in_the_way = () if refused is None else refused.problem.get("blockers") or ()
    return asked.page(
        "act.html",
        status,
        **on_the_page(opened, typed),
        key=asked.said("key") if keeps_key else uuid4(),
        refused=refused,
        wrong={} if refused is None else refused.wrong,
        in_the_way=tuple(obstacles(asked, opened.one, in_the_way, opened.acts, {})),
    )


def on_the_page(opened: Opened, typed: Typed) -> dict[str, Any]:
    """What the form is drawn with."""
    return {
        "one": opened.one,
        "form": opened.form,
        "typed": typed,
        "things": opened.things,
        "rows": rows,
        "new_id": uuid7,
        "systems": SYSTEMS,
        "theirs": {*MADE, *MAY_BE_MADE},
        "correcting": opened.correcting,
        "was": opened.correcting and opened.correcting.typed,
        "offers": opened.offers,
        "in_words": in_words,
    }


ONE = f"{HOME}/patients/{{journey_id:uuid}}/do"
PAGES = (
    Page(ONE, choosing),
    Page(f"{ONE}/{{command}}", asking),
    Page(f"{ONE}/{{command}}", acting, methods=("POST",)),
)
