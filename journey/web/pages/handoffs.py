"""Handoffs: who is asked to take over, who waits, what escalates and who has accepted; and one, to act on.

A handoff reads as I-PASS has it: illness severity, patient summary, action list, situation awareness and
contingencies, and the receiver's synthesis, which accepts it here in one step.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import uuid4

from markupsafe import Markup
from starlette.responses import Response

from journey.web.calling import MOST, Refusal
from journey.web.display import Display, display
from journey.web.page import HOME, Asked, Page, go, whole
from journey.web.rendering import macro, name_of
from journey.web.things import everything
from journey.web.times import due, urgency

FEW = 200

BOARD = {
    "waiting": "Waiting to be accepted",
    "escalating": "Escalating",
    "accepted": "Accepted",
    "draft": "Being written",
}
SHOWN = (
    *("journey_id", "handoff_id", "status", "severity", "level", "due", "since"),
    *("from_team", "to_team", "to_person", "open_actions", "open_questions"),
)
"""What a card is drawn of, with the patient's name."""

DUE = SHOWN.index("due")
shown = itemgetter(*SHOWN)
URGENCY, LEFT = Markup("<urgency>"), Markup("<left>")
"""Stand in a card for what time alone changes in it; whatever else has such brackets is escaped."""

SEVERITIES = ("unstable", "watcher", "stable")
NEVER = "9999"
"""After all that is due. The sickest patients come first, then what is due, as the list has it."""


class Step(NamedTuple):
    """A command, with what the form says."""

    command: str
    body: Mapping[str, Any]


class Card(NamedTuple):
    """A handoff on the board, drawn."""

    column: str
    html: Markup

    @classmethod
    def of(cls, row: Mapping[str, Any], now: datetime) -> "Card":
        column, minute = _column(row), now.replace(second=0, microsecond=0)
        return cls(column, _timed(shown(row), name_of(row["patient"]), column, minute, display()))


@lru_cache(maxsize=4 * MOST)
def _timed(said: tuple[Any, ...], patient: str, column: str, minute: datetime, as_: Display) -> Markup:
    """For a minute, and for everybody who sees the same of it: a board is mostly as it was."""
    until = said[DUE]
    drawn = _drawn(said, patient, column, as_)
    html = drawn.replace(URGENCY, urgency(until, minute)).replace(LEFT, due(until, minute))
    return Markup(html)  # noqa: S704 - a word, and a length of time, in what was escaped


@lru_cache(maxsize=4 * MOST)
def _drawn(said: tuple[Any, ...], patient: str, column: str, _as: Display) -> str:
    """For as long as it says the same: a minute that has gone by changes a word or two."""
    row = dict(zip(SHOWN, said, strict=True))
    severity = SEVERITIES.index(row["severity"]) if row["severity"] in SEVERITIES else len(SEVERITIES)
    place = f"{severity} {row['due'] or NEVER} {row['since']} {row['handoff_id']}"
    return str(macro("handoff_card.html", "card")(row, patient, column, place, URGENCY, LEFT))


async def board(asked: Asked) -> Response:
    """Every handoff that is not over; of who has it on the screen, what has changed since."""
    team = asked.query.get("team", "")
    since = asked.query.get("since", "first")
    found = await asked.api.get("/v1/handoffs", team=team, limit=MOST, since=since)
    cards = [Card.of(row, asked.now) for row in found["handoffs"]]
    if asked.is_fragment:
        if found["state"] == since:
            return Response(status_code=204)
        gone = [each["id"] for each in found["gone"]]
        return asked.page(
            "handoff_news.html", cards=cards, gone=gone, state=found["state"], anew=found["whole"]
        )
    columns = {each: [card for card in cards if card.column == each] for each in BOARD}
    return asked.page(
        "handoffs.html",
        columns=columns,
        titles=BOARD,
        team=team,
        more=found["next"] is not None,
        state=found["state"],
    )


def _column(row: Mapping[str, Any]) -> str:
    if row["status"] == "draft":
        return "draft"
    if row["offered_at"] is None or row["status"] in {"accepted", "synthesised"}:
        return "accepted"
    return "waiting" if row["escalation"] == "none" else "escalating"


async def handoff(asked: Asked) -> Response:
    """One, as it was offered, with all that was said since."""
    return await _shown(asked)


async def act(asked: Asked) -> Response:
    """What the form asks for, step by step; what is refused is said where it was asked for."""
    journey_id, handoff_id = _ids(asked)
    try:
        for step in _steps(asked):
            await asked.api.post(
                f"/v1/journeys/{journey_id}/{step.command}",
                {"handoff_id": handoff_id, **step.body},
                idempotency_key=f"{asked.said('once')}-{step.command}",
            )
    except Refusal as refusal:
        if refusal.code == "unauthorized":
            raise
        return await _shown(asked, refusal.problem, 422 if refusal.status == 422 else 409)  # noqa: PLR2004 - as the API
    return go(f"{HOME}/handoffs/{journey_id}/{handoff_id}")


def _steps(asked: Asked) -> tuple[Step, ...]:
    """Accepting is accepting and reading back."""
    me, said = asked.who.name, asked.said
    read_back = Step("synthesise-handoff", {"synthesised_by": me, "text": said("text")})
    answer = {"question_id": said("question_id"), "answer": said("answer"), "answered_by": me}
    level = whole(said("level"))
    steps = {
        "accept": (Step("accept-handoff", {"accepted_by": me}), read_back),
        "synthesise": (read_back,),
        "decline": (Step("decline-handoff", {"reason": said("reason"), "declined_by": me}),),
        "escalate": (Step("escalate-handoff", {"level": level, "escalated_by": me}),),
        "ask": (Step("ask-handoff-question", _question(said("question"), me)),),
        "answer": (Step("answer-handoff-question", answer),),
        "done": (Step("complete-handoff-action", {"action_id": said("action_id"), "done_by": me}),),
        "complete": (Step("complete-handoff", {"completed_by": me}),),
    }
    return steps.get(said("do"), ())


def _question(text: str, asked_by: str) -> Mapping[str, Any]:
    return {"question_id": str(uuid4()), "question": text, "asked_by": asked_by}


async def _shown(asked: Asked, problem: Mapping[str, Any] | None = None, status: int = 200) -> Response:
    journey_id, handoff_id = _ids(asked)
    found = await asked.api.get("/v1/handoffs", journey=journey_id, limit=FEW)
    row = next((each for each in found["handoffs"] if each["handoff_id"] == handoff_id), None)
    stands = await asked.api.get(f"/v1/journeys/{journey_id}")
    events = await _told(asked, journey_id, handoff_id)
    offer = next((each["data"]["offer"] for each in reversed(events) if "offer" in each["data"]), None)
    return asked.page(
        "handoff.html",
        status,
        row=row,
        stands=stands,
        events=events,
        offer=offer,
        questions=_questions(events),
        done={each["data"]["action_id"] for each in events if each["type"] == "handoff.action_done"},
        synthesis=next((each for each in reversed(events) if each["type"] == "handoff.synthesised"), None),
        problem=problem,
        once=str(uuid4()),
    )


async def _told(asked: Asked, journey_id: str, handoff_id: str) -> list[dict[str, Any]]:
    """What holds of it, in the order in which it happened."""
    return [
        {**each, "data": (each.get("reading") or each)["data"]}
        for each in await everything(asked, journey_id)
        if each.get("data", {}).get("handoff_id") == handoff_id and each.get("voided_by") is None
    ]


def _questions(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each with its answer, where there is one."""
    answers = {
        each["data"]["question_id"]: each["data"]
        for each in events
        if each["type"] == "handoff.question_answered"
    }
    return [
        {**each["data"], "answered": answers.get(each["data"]["question_id"])}
        for each in events
        if each["type"] == "handoff.question_asked"
    ]


def _ids(asked: Asked) -> tuple[str, str]:
    given = asked.request.path_params
    return str(given["journey_id"]), str(given["handoff_id"])


ONE = f"{HOME}/handoffs/{{journey_id:uuid}}/{{handoff_id:uuid}}"
PAGES = (
    Page(f"{HOME}/handoffs", board),
    Page(ONE, handoff),
    Page(ONE, act, methods=("POST",)),
)
