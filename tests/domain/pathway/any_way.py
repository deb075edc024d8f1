"""Any definition that is accepted, and any journey, from small pools, so that the two meet."""

from typing import Any

from hypothesis import strategies as st

from journey.domain.correction import EventReinstated, EventVoided
from journey.domain.enrolment import (
    MilestoneAttested,
    MilestoneReopened,
    MilestoneWaived,
    PathwayAssigned,
    PathwayEnded,
    PathwayVersionChanged,
)
from journey.domain.event import Event, Precision
from journey.domain.journey import EVENT_TYPES
from journey.domain.pathway.check import complaints
from journey.domain.pathway.definition import Definition
from tests.domain.anything import models
from tests.spec import Given, at, given
from tests.ways import WAY

CATALOGUE = {event.stored_as: event for event in EVENT_TYPES}
EVENTS = (
    "visit.booked",
    "visit.rescheduled",
    "visit.no_show",
    "visit.started",
    "visit.cancelled",
    "rtt.status_recorded",
    "decision.made",
    "treatment.given",
    "result.received",
    "authorization.decided",
)
WHERE: dict[str, tuple[dict[str, Any], ...]] = {
    "visit.no_show": ({"proposed": False}, {"visit_id": {"exists": True}}),
    "rtt.status_recorded": ({"code": ["10", "30"]}, {"code": {"unlike": ["30"]}}, {"communicated": True}),
    "decision.made": ({"kind": "to-treat"}, {"decided_by": {"exists": False}}),
    "treatment.given": ({"first": True, "definitive": True},),
}
SPANS = ("0d", "90min", "3h", "2d", "2bd", "0bd", "1w", "1mo", "9999mo", "999bd")
NAMES = tuple(f"m{number}" for number in range(6))
CLOCKS = ("first-clock", "other-clock")


@st.composite
def triggers(draw: st.DrawFn) -> list[dict[str, Any]]:
    return draw(st.lists(_trigger(), min_size=1, max_size=2))


@st.composite
def _trigger(draw: st.DrawFn) -> dict[str, Any]:
    event = draw(st.sampled_from(EVENTS))
    said: dict[str, Any] = {"event": event}
    if event in WHERE and draw(st.booleans()):
        said["where"] = draw(st.sampled_from(WHERE[event]))
    if draw(st.integers(0, 4)) == 0:
        said["count"] = draw(st.integers(1, 3))
    if event in {"visit.no_show", "visit.started"} and draw(st.booleans()):
        said["of"] = [{"event": "visit.booked", "same": "visit_id"}]
    return said


CONDITIONS: st.SearchStrategy[dict[str, Any]] = st.recursive(
    triggers().map(lambda listening: {"occurred": listening}),
    lambda inner: st.one_of(
        st.builds(lambda each: {"all": each}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda each: {"any": each}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda each: {"unless": each}, inner),
    ),
    max_leaves=4,
)
REACHES = st.builds(lambda heard, also: {"all": [{"occurred": heard}, also]}, triggers(), CONDITIONS)
WITHIN = st.one_of(
    st.sampled_from(SPANS),
    st.just({"by": "parameters.pace", "cases": {"quick": "1h"}, "otherwise": "3d"}),
    st.just({"by": "parameters.pace", "cases": {"quick": "1h"}}),
)
PARTS = st.sampled_from(["80%", "1%", *SPANS])


def _sometimes(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), strategy)


@st.composite
def _milestone(draw: st.DrawFn, name: str, before: tuple[str, ...]) -> dict[str, Any]:
    said: dict[str, Any] = {
        "id": name,
        "reached_by": draw(st.one_of(triggers(), REACHES)),
        "anytime": draw(st.booleans()),
        "repeat": draw(st.sampled_from(["first", "latest"])),
        "undone_by": draw(_sometimes(triggers())),
        "applies_when": draw(_sometimes(CONDITIONS)),
        "skip_when": draw(_sometimes(CONDITIONS)),
        "requires": draw(st.lists(st.sampled_from(before), max_size=2)) if before else [],
    }
    if draw(st.booleans()):
        after = draw(st.one_of(st.sampled_from(["start", *NAMES, *CLOCKS]), triggers()))
        left_out = after in CLOCKS and draw(st.booleans())
        said["due"] = {"after": after, "within": None if left_out else draw(WITHIN)}
        said["warn_at"] = draw(_sometimes(PARTS))
        said["escalate"] = [{"at": draw(st.one_of(st.just("breach"), PARTS)), "to": "matron"}]
    return said


@st.composite
def _clock(draw: st.DrawFn, name: str) -> dict[str, Any]:
    target = draw(_sometimes(WITHIN))
    extend = st.builds(lambda when, by: {"when": when, "by": by}, triggers(), st.sampled_from(SPANS))
    restart = st.builds(lambda after, on: {"after": after, "on": on}, triggers(), triggers())
    return {
        "id": name,
        "start": draw(st.one_of(st.just("start"), triggers())),
        "stop": draw(triggers()),
        "nullify": draw(_sometimes(triggers())),
        "restart": draw(_sometimes(restart)),
        "applies_when": draw(_sometimes(CONDITIONS)),
        "target": target,
        "extend": draw(_sometimes(extend)) if target else None,
        "warn_at": draw(_sometimes(PARTS)) if target else None,
    }


@st.composite
def definitions(draw: st.DrawFn, version: str = "3.0.0") -> Definition:
    """A definition of which nothing is complained."""
    shared, branched = NAMES[:4], NAMES[4:]
    said = {
        "id": WAY,
        "version": version,
        "title": "Any way",
        "calendar": draw(
            st.sampled_from(
                [
                    {"zone": "Europe/London", "holidays": "GB-ENG"},
                    {"zone": "America/New_York"},
                    {"zone": "Pacific/Auckland", "holidays": "NZ"},
                ]
            )
        ),
        "parameters": {"pace": ["slow", "quick"]},
        "starts": draw(_sometimes(triggers())),
        "ends": draw(_sometimes(triggers())),
        "stages": [
            {"id": "begun", "entered_by": ["start"]},
            {"id": "going", "entered_by": draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3))},
        ],
        "milestones": [draw(_milestone(name, shared[:at])) for at, name in enumerate(shared)],
        "branches": [
            {
                "id": "aside",
                "when": draw(CONDITIONS),
                "milestones": [
                    draw(_milestone(name, (*shared, *branched[:at]))) for at, name in enumerate(branched)
                ],
            }
        ],
        "clocks": [draw(_clock(name)) for name in CLOCKS],
        "blockers": [{"id": "stuck", "since": draw(triggers()), "until": draw(triggers()), "what": "stuck"}],
    }
    definition = Definition.model_validate(said)
    assert not list(complaints(definition, CATALOGUE))
    return definition


MILESTONES = st.sampled_from([*NAMES, "gone"])
ENROLMENT: st.SearchStrategy[Event] = st.one_of(
    st.builds(MilestoneAttested, milestone=MILESTONES, evidence=st.just("seen")),
    st.builds(MilestoneWaived, milestone=MILESTONES, reason=st.just("not here")),
    st.builds(MilestoneReopened, milestone=MILESTONES, reason=st.just("again")),
    st.builds(
        PathwayVersionChanged,
        version=st.sampled_from(["3.0.0", "4.0.0"]),
        mapping=st.dictionaries(MILESTONES, MILESTONES, max_size=2),
        dropped=st.lists(MILESTONES, max_size=2).map(tuple),
    ),
    st.builds(
        PathwayAssigned,
        pathway=st.just(WAY),
        version=st.just("3.0.0"),
        parameters=st.sampled_from([{}, {"pace": "quick"}, {"pace": "odd"}, {"other": "x"}]),
    ),
)
ASSIGNED = PathwayAssigned(pathway=WAY, version="3.0.0")
HAPPENED: st.SearchStrategy[Event] = st.one_of(
    st.sampled_from([CATALOGUE[name] for name in EVENTS]).flatmap(models),
    st.sampled_from([CATALOGUE[name] for name in EVENTS]).flatmap(models),
    ENROLMENT,
    st.sampled_from([each for each in EVENT_TYPES if not each.stored_as.startswith("correction")]).flatmap(
        models
    ),
    st.just(PathwayEnded(reason="over")),
)
TIMES = st.builds(
    lambda hour, day: at(hour, day=day), st.sampled_from([-30, 0, 9, 10, 15, 23]), st.integers(0, 3)
)
PRECISIONS = st.sampled_from([Precision.INSTANT] * 4 + [Precision.DAY, Precision.DAY, Precision.MONTH])


@st.composite
def journeys(draw: st.DrawFn, opened: Event, assigned: Event = ASSIGNED) -> Given:
    """What happened in any order and was told in any; some of it does not hold."""
    told = given((opened, at(8)), (assigned, at(8)))
    for event, moment, precision in draw(st.lists(st.tuples(HAPPENED, TIMES, PRECISIONS), max_size=14)):
        told = told.recording([event], moment, precision)
        if draw(st.integers(0, 9)) == 0:
            voided = draw(st.sampled_from(told.history.recorded[1:]))
            void = EventVoided(voids=voided.event_id, of=voided.event.stored_as, reason="it was another")
            told = told.recording([void], at(9, day=4))
            if draw(st.booleans()):
                back = EventReinstated(
                    reinstates=voided.event_id, of=voided.event.stored_as, reason="it was not"
                )
                told = told.recording([back], at(9, day=4))
    return told
