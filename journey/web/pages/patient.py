"""Patient: where one stands, as a picture and in words; what is next, what is open, and why it is so."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from starlette.responses import Response

from journey.domain.event import EVENTS
from journey.web.acts import Acts, every_act
from journey.web.drawing import SAID, picture
from journey.web.obstacles import form_of, obstacles
from journey.web.onepatient import OnePatient, of_one_patient, one_patient
from journey.web.page import HOME, Asked, Page
from journey.web.rendering import words

KINDS = {
    "referrals": "Referrals",
    "authorizations": "Authorizations",
    "visits": "Visits",
    "handoffs": "Handoffs",
    "barriers": "Barriers",
    "transfers": "Transfers",
    "consents": "Consents",
}
"""What may be open."""


class ToDo(NamedTuple):
    """A step as it is shown: how urgent, and the form that it is done with."""

    step: Mapping[str, Any]
    state: str
    title: str
    about: str | None
    waits_for: tuple[str, ...]
    link: str | None


@of_one_patient
async def patient(asked: Asked) -> Response:
    one = await one_patient(asked)
    pathway = await pathway_of(asked, one.stands)
    payers = await asked.api.get("/v1/authorizations", journey=one.journey_id, limit=50)
    acts = await every_act(asked)
    return asked.page(
        "patient.html",
        one=one,
        p=one.stands,
        picture=picture(one.stands, pathway),
        said=SAID,
        to_do=tuple(_to_do(asked, one, pathway, acts)),
        in_the_way=tuple(obstacles(asked, one, one.stands["blocked_by"], acts, titles(pathway))),
        kinds=KINDS,
        authorizations=payers["authorizations"],
        recorded=[each for each in asked.query.get("recorded", "").split() if each in EVENTS],
    )


async def pathway_of(asked: Asked, stands: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What it asks for; None without one, and where it is not installed here."""
    followed = stands["pathway"]
    if followed is None or followed["title"] is None:
        return None
    found: Mapping[str, Any] = await asked.api.get(
        f"/v1/pathways/{followed['id']}", version=followed["version"]
    )
    return found


def milestones(pathway: Mapping[str, Any] | None) -> dict[str, Mapping[str, Any]]:
    """Those of the branches too, by id."""
    if pathway is None:
        return {}
    branched = (each for branch in pathway["branches"] for each in branch["milestones"])
    return {each["id"]: each for each in (*pathway["milestones"], *branched)}


def titles(pathway: Mapping[str, Any] | None) -> dict[str, str]:
    """What people call the milestones, by id."""
    return {name: f"“{_title(each, name)}”" for name, each in milestones(pathway).items()}


def _to_do(asked: Asked, one: OnePatient, pathway: Mapping[str, Any] | None, acts: Acts) -> Iterator[ToDo]:
    """The most urgent first. Who may not write is shown no forms."""
    every, names = milestones(pathway), subjects(one.stands)
    for state, step in _urgent_first(one.stands):
        waits = tuple(words(_title(every.get(each), each)) for each in step["waits_for"])
        link = _form(one, step, every.get(step["step"]), acts) if asked.who.can("write") else None
        about = names.get(step["subject_id"])
        yield ToDo(step, state, step["title"] or words(step["step"]), about, waits, link)


def _urgent_first(stands: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    late = {_key(each) for each in stands["overdue"]}
    soon = {_key(each) for each in stands["at_risk"]}
    steps = [("next", each) for each in stands["next"]] + [("later", each) for each in stands["later"]]
    told = [
        ("late" if _key(each) in late else "soon" if _key(each) in soon else state, each)
        for state, each in steps
    ]
    order = list(SAID)
    yield from sorted(told, key=lambda one: order.index(one[0]))


def _key(step: Mapping[str, Any]) -> tuple[str, str | None]:
    return step["step"], step["subject_id"]


def _title(milestone: Mapping[str, Any] | None, name: str) -> str:
    return name if milestone is None else milestone["title"] or name


def subjects(stands: Mapping[str, Any]) -> dict[str, str]:
    """What people call the things that are open, by id."""
    found = {}
    for each in (each for kind in stands["open"].values() for each in kind):
        if "visit_id" in each:
            found[each["visit_id"]] = each["service"] or "Visit"
        elif each["what"]:
            found[each["id"]] = each["what"]
    return found


def _form(
    one: OnePatient, step: Mapping[str, Any], milestone: Mapping[str, Any] | None, acts: Acts
) -> str | None:
    """Where the step is done: by the command of its name, or by one that leads to what reaches it."""
    if step["step"] in acts.by_name:
        return form_of(one, acts.by_name[step["step"]], step["subject_id"])
    for trigger in _triggers(milestone and milestone["reached_by"]):
        if trigger["event"] in acts.by_event:
            act = acts.by_event[trigger["event"]]
            known = {name: said[0] for name, said in trigger["where"].items() if isinstance(said, list)}
            return form_of(one, act, step["subject_id"], **known)
    return form_of(one, acts.by_name["attest-milestone"], None, milestone=step["step"])


def _triggers(reached_by: Any) -> Iterator[Mapping[str, Any]]:
    """All that is in it, however it is combined."""
    match reached_by:
        case {"event": _}:
            yield reached_by
        case dict():
            for name in ("occurred", "all", "any"):
                yield from _triggers(reached_by.get(name))
        case list():
            for each in reached_by:
                yield from _triggers(each)


PAGES = (Page(f"{HOME}/patients/{{journey_id:uuid}}", patient),)
