"""Flow: where patients wait, for how long, what grows, and which clocks are breached; a figure leads to the
patients behind it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from starlette.responses import Response

from journey.web.calling import told
from journey.web.page import HOME, Asked, Page
from journey.web.times import span

PERIODS = {"91": "3 months", "182": "6 months", "365": "A year"}
FEW = 50
AGE = 600
"""Seconds that figures may be old; the page says of when they are."""

WIDE, HIGH = 320, 44
"""The picture of a trend, in its own units."""


class Bar(NamedTuple):
    """How long patients are in a stage, beside the longest of all."""

    stage: str
    stays: int
    here: int
    median: str
    p90: str
    median_width: float
    p90_width: float
    points: str
    """The medians by when the stay began, as a line."""

    months: tuple[tuple[str, str, int], ...]
    length: int
    grows: bool
    """Whether more came than left in the last piece of time."""


async def flow(asked: Asked) -> Response:
    """The figures of a pathway, or of all, in a period."""
    days = asked.query.get("days", "182")
    period = timedelta(days=int(days) if days in PERIODS else 182)
    team, pathway = asked.query.get("team", ""), asked.query.get("pathway", "")
    begins = (asked.now - period).replace(hour=0, minute=0, second=0, microsecond=0)
    wanted = {"team": team, "pathway": pathway, "from": begins.isoformat()}
    answer = await asked.api.ask("GET", "/v1/flow", wanted, headers={"cache-control": f"max-age={AGE}"})
    found = told(answer).json()
    return asked.page(
        "flow.html",
        found=found,
        pathways=_by_pathway(found),
        census=_census(found["census"]),
        team=team,
        pathway=pathway,
        days=days,
        periods=PERIODS,
        wide=WIDE,
        high=HIGH,
    )


async def behind(asked: Asked) -> Response:
    """The patients behind a figure of where they are now."""
    wanted = {name: asked.query.get(name) for name in ("stage", "team", "pathway", "status")}
    found = await asked.api.get("/v1/journeys", cursor=asked.query.get("cursor"), limit=FEW, **wanted)
    return asked.page("behind.html", rows=found["journeys"], next=found["next"], wanted=wanted)


def _by_pathway(found: Mapping[str, Any]) -> dict[str, list[Bar]]:
    queues = {(each["pathway"], each["stage"]): each for each in found["queues"]}
    longest = max((each["time"]["p90"] or 0 for each in found["stages"]), default=0) or 1
    bars: defaultdict[str, list[Bar]] = defaultdict(list)
    for each in found["stages"]:
        queue = queues.get((each["pathway"], each["stage"]))
        bars[each["pathway"]].append(_bar(each, queue, longest))
    return dict(bars)


def _bar(each: Mapping[str, Any], queue: Mapping[str, Any] | None, longest: float) -> Bar:
    time, trend = each["time"], [one for one in each["trend"] if one["median"] is not None]
    last = queue["trend"][-1] if queue and queue["trend"] else None
    return Bar(
        each["stage"],
        each["stays"],
        each["here"],
        _span(time["median"]),
        _span(time["p90"]),
        100 * (time["median"] or 0) / longest,
        100 * (time["p90"] or 0) / longest,
        _points([one["median"] for one in trend]),
        tuple((_month(one["begins"]), _span(one["median"]), one["n"]) for one in trend),
        queue["length"] if queue else each["here"],
        last is not None and last["arrivals"] > last["departures"],
    )


def _points(values: Sequence[float]) -> str:
    """Of a line, the latest on the right."""
    most = max(values, default=0) or 1
    step = WIDE / max(len(values) - 1, 1)
    return " ".join(
        f"{place * step:.1f},{HIGH - 4 - (HIGH - 8) * value / most:.1f}" for place, value in enumerate(values)
    )


def _span(seconds: float | None) -> str:
    return "" if seconds is None else span(timedelta(seconds=seconds))


def _month(begins: str) -> str:
    return f"{datetime.fromisoformat(begins):%b %Y}"


def _census(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Those of one stage together, the fullest first."""
    stages: dict[tuple[str | None, str], dict[str, Any]] = {}
    for row in rows:
        key = row["pathway"], row["stage"]
        known = stages.setdefault(
            key, {"pathway": key[0], "stage": key[1], "patients": 0, "longest": 0.0, "teams": {}}
        )
        known["patients"] += row["patients"]
        known["longest"] = max(known["longest"], row["waiting_max"])
        known["teams"][row["team"]] = known["teams"].get(row["team"], 0) + row["patients"]
    fullest = sorted(stages.values(), key=lambda each: -each["patients"])
    return [{**each, "longest": _span(each["longest"])} for each in fullest]


PAGES = (Page(f"{HOME}/flow", flow), Page(f"{HOME}/flow/patients", behind))
