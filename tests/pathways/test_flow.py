"""The figures of the flow over real logs are those that a few lines of arithmetic find in the logs."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice, pairwise
from typing import Any, NamedTuple, TypeVar

import psycopg
import pytest

from journey.bench.ward import fill
from journey.domain.journey import Journey
from journey.domain.pathway.definition import Definition
from journey.embedded import Cluster
from journey.projections.projector import Projector
from journey.projections.status import PatientStatus
from journey.projections.verify import verify
from tests.pathways.eventlogs import (
    Case,
    Handled,
    artificial,
    artificial_journey,
    hospital,
    hospital_journey,
    named,
    needs_logs,
    sepsis,
    sepsis_journey,
)
from tests.pathways.test_hospital import WAY as HOSPITAL
from tests.pathways.test_sepsis import firsts
from tests.served import Api, database, served
from tests.ways import definition, pathways

pytestmark = needs_logs

Times = dict[str, list[float]]
STAGES = {
    "recognised": "sepsis-triage",
    "treated": "antibiotics",
    "admitted": "admitted",
    "released": "released",
}
HANDLED = [
    "Registration",
    "Triage and Assessment",
    "X-Ray",
    "Blood test",
    "MRI SCAN",
    "Discuss Results",
    "Check-out",
]


def handled(activity: str) -> list[dict[str, Any]]:
    word = named(activity)
    return [
        {
            "id": f"{word}-{when}",
            "reached_by": {"event": "assessment.recorded", "where": {"kind.code": f"{word}-{when}"}},
        }
        for when in ("began", "done")
    ]


ARTIFICIAL = definition(
    id="artificial-patients",
    parameters={},
    starts=[{"event": "assessment.recorded", "where": {"kind.code": "registration-began"}}],
    stages=[
        {"id": "registration", "entered_by": ["start"]},
        {"id": "waiting-for-triage", "entered_by": ["registration-done"]},
        {"id": "triage", "entered_by": ["triage-and-assessment-began"]},
        {"id": "waiting-for-results", "entered_by": ["triage-and-assessment-done"]},
        {"id": "discussion", "entered_by": ["discuss-results-began"]},
        {"id": "waiting-to-leave", "entered_by": ["discuss-results-done"]},
        {"id": "check-out", "entered_by": ["check-out-began"]},
        {"id": "gone", "entered_by": ["check-out-done"]},
    ],
    milestones=[each for activity in HANDLED for each in handled(activity)],
)
OWN: tuple[Definition, ...] = (HOSPITAL, ARTIFICIAL)


class Logs(NamedTuple):
    """The three logs."""

    septic: dict[str, Case]
    treated: dict[str, Case]
    patients: dict[str, list[Handled]]


@pytest.fixture(scope="module")
def logs() -> Logs:
    """As many cases of each as are read in a moment."""
    return Logs(some(sepsis(), 400), hospital(200), some(artificial(), 150))


T = TypeVar("T")


def some(cases: dict[str, T], count: int) -> dict[str, T]:
    return dict(islice(cases.items(), count))


@pytest.fixture(scope="module")
def journeys(logs: Logs) -> list[Journey]:
    at_hand = pathways(*OWN)
    return [
        *(sepsis_journey(case, at_hand) for case in logs.septic.values()),
        *(hospital_journey(case, at_hand) for case in logs.treated.values()),
        *(artificial_journey(case, at_hand) for case in logs.patients.values()),
    ]


@pytest.fixture(scope="module")
def septic(logs: Logs) -> dict[str, Case]:
    return logs.septic


@pytest.fixture(scope="module")
def api(
    cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory, journeys: list[Journey]
) -> Iterator[Api]:
    """All of them in one database, projected, and asked over HTTP."""
    at_hand = pathways(*OWN)
    with pytest.MonkeyPatch.context() as patched, database(cluster, template) as url:
        for module in ("journey.projections.status", "journey.api.flowfigures"):
            patched.setattr(f"{module}.installed", lambda: at_hand)
        fill(url, (each for journey in journeys for each in journey.recorded))
        Projector(url, PatientStatus()).catch_up()
        with served(url, tmp_path_factory.mktemp("home"), with_worker=False) as api:
            yield api


def flow(api: Api, **asked: str) -> dict[str, Any]:
    answer = api.get("/v1/flow", params=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def spread(times: Iterable[float]) -> dict[str, Any]:
    """As percentile_cont has it: between the two nearest, in proportion."""
    known = sorted(times)

    def share(part: float) -> float:
        at = part * (len(known) - 1)
        low, high = known[int(at)], known[min(int(at) + 1, len(known) - 1)]
        return low + (high - low) * (at - int(at))

    return {
        "n": len(known),
        "median": pytest.approx(share(0.5)) if known else None,
        "p90": pytest.approx(share(0.9)) if known else None,
    }


def stays(case: Case) -> Iterator[tuple[str, datetime, datetime | None]]:
    """Each stage of the sepsis pathway that is further than the one before, by the log alone."""
    found = firsts(case)
    entered = [("arrived", *found["start"])]
    for stage, milestone in STAGES.items():
        if milestone in found:
            place, at = found[milestone]
            entered = [each for each in entered if each[1] < place]
            entered.append((stage, place, at))
    for (stage, _, at), (_, _, left) in pairwise(entered):
        yield stage, at, left
    yield entered[-1][0], entered[-1][2], None


def test_sepsis_times_in_stages_are_those_of_the_log(api: Api, septic: dict[str, Case]) -> None:
    times: Times = defaultdict(list)
    here: Counter[str] = Counter()
    for case in septic.values():
        for stage, at, left in stays(case):
            times[stage] += [(left - at).total_seconds()] if left else []
            here[stage] += left is None
    found = flow(api, pathway="inpatient-sepsis")
    assert [each["stage"] for each in found["stages"]] == ["arrived", *STAGES]
    for each in found["stages"]:
        assert each["time"] == spread(times[each["stage"]]), each["stage"]
        assert each["here"] == here[each["stage"]]
        assert each["stays"] == each["here"] + each["time"]["n"]
        assert sum(piece["n"] for piece in each["trend"]) == each["time"]["n"]
    for each in found["queues"]:
        assert each["length"] == here[each["stage"]] == each["arrivals"] - each["departures"]
        for what in ("arrivals", "departures"):
            assert sum(piece[what] for piece in each["trend"]) == each[what]
    assert {each["stage"]: each["patients"] for each in found["census"]} == +here


def test_sepsis_times_to_milestones_are_those_of_the_log(api: Api, septic: dict[str, Case]) -> None:
    times: Times = defaultdict(list)
    for case in septic.values():
        found = firsts(case)
        for milestone, (_, at) in found.items():
            times[milestone].append((at - found["start"][1]).total_seconds())
    told = {each["milestone"]: each for each in flow(api, pathway="inpatient-sepsis")["milestones"]}
    assert told["admitted"]["from_start"] == spread(times["admitted"])
    assert {name: each["from_start"] for name, each in told.items()} == {
        name: spread(times[name]) for name in told
    }
    assert set(told) == set(times) - {"start"}


def test_sepsis_clocks_and_late_milestones_are_those_of_the_log(api: Api, septic: dict[str, Case]) -> None:
    door, late = Counter[str](), 0
    for case in septic.values():
        found = firsts(case)
        start, given = found["start"][1], found.get("antibiotics")
        door["stopped" if given else "running"] += 1
        door["breached"] += given is None or given[1] > start + timedelta(hours=3)
        triage = found.get("sepsis-triage")
        late += bool(given and triage and given[1] > triage[1] + timedelta(hours=1))
    told = flow(api, pathway="inpatient-sepsis")
    clock = {each["clock"]: each for each in told["clocks"]}["door-to-antibiotics"]
    assert (clock["runs"], clock["stopped"], clock["running"]) == (
        len(septic),
        door["stopped"],
        door["running"],
    )
    assert clock["breached"] == door["breached"]
    assert clock["breached_running"] == door["running"]
    in_time = door["stopped"] - (door["breached"] - door["running"])
    assert clock["within_stopped"] == pytest.approx(in_time / door["stopped"])
    assert clock["within_running"] == 0
    assert {each["milestone"]: each["late"] for each in told["milestones"]}["antibiotics"] == late


def test_waiting_and_service_are_apart_where_the_log_has_both(api: Api, logs: Logs) -> None:
    service: Times = defaultdict(list)
    waiting: Times = defaultdict(list)
    for case in logs.patients.values():
        when = {each.activity: each for each in case}
        registered, triaged = when["Registration"], when["Triage and Assessment"]
        service["registration"].append((registered.done - registered.began).total_seconds())
        service["triage"].append((triaged.done - triaged.began).total_seconds())
        waiting["waiting-for-triage"].append((triaged.began - registered.done).total_seconds())
        if discussed := when.get("Discuss Results"):
            waiting["waiting-for-results"].append((discussed.began - triaged.done).total_seconds())
            service["discussion"].append((discussed.done - discussed.began).total_seconds())
    told = {each["stage"]: each["time"] for each in flow(api, pathway="artificial-patients")["stages"]}
    for stage, times in {**service, **waiting}.items():
        assert told[stage] == spread(times), stage


def test_what_failed_and_was_done_again_is_rework(api: Api, logs: Logs) -> None:
    """A failed treatment undoes that the patient was treated: as often as it fails after one."""
    failed: Counter[str] = Counter()
    for name, case in logs.treated.items():
        was = False
        for row in case:
            was = was or row.activity == "Treatment"
            if row.activity == "Treatment unsuccessful" and was:
                failed[name] += 1
                was = False
    told = flow(api, pathway="a-hospital")
    again = {each["milestone"]: each for each in told["rework"]["milestones"]}["treated"]
    assert again["journeys"] == len(failed) > 0
    assert again["undone"] == sum(failed.values())


def test_a_time_is_asked_for_by_what_began_in_it(api: Api, septic: dict[str, Case]) -> None:
    begins, ends = "2014-03-01T00:00:00+00:00", "2014-06-01T00:00:00+00:00"
    first, last = datetime.fromisoformat(begins), datetime.fromisoformat(ends)
    entered = Counter(stage for case in septic.values() for stage, at, _ in stays(case) if first <= at < last)
    told = flow(api, pathway="inpatient-sepsis", bucket="week", **{"from": begins, "to": ends})
    assert {each["stage"]: each["stays"] for each in told["stages"]} == dict(entered)
    [arrived] = [each for each in told["queues"] if each["stage"] == "arrived"]
    weeks = Counter(
        at.date() - timedelta(days=at.weekday())
        for case in septic.values()
        for stage, at, _ in stays(case)
        if stage == "arrived" and first <= at < last
    )
    assert {piece["begins"][:10]: piece["arrivals"] for piece in arrived["trend"] if piece["arrivals"]} == {
        str(day): n for day, n in weeks.items()
    }


def test_steps_between_milestones_are_all_of_those_that_follow_another(api: Api) -> None:
    told = flow(api, pathway="inpatient-sepsis")
    reached = sum(each["reached"] for each in told["milestones"])
    with psycopg.connect(api.conninfo) as connection:
        [(journeys,)] = connection.execute(
            "SELECT count(DISTINCT journey_id) FROM flow_milestone WHERE pathway = 'inpatient-sepsis'"
        ).fetchall()
    assert sum(each["time"]["n"] for each in told["steps"]) == reached - journeys


def test_a_team_without_patients_has_no_figures(api: Api) -> None:
    told = flow(api, team="nobody", **{"from": "2014-01-01T00:00:00Z", "to": "2015-01-01T00:00:00Z"})
    assert not any(told[each] for each in ("census", "stages", "milestones", "steps", "queues", "clocks"))
    assert (told["visits"]["no_show_rate"], told["authorizations"]["denial_rate"]) == (None, None)


def test_the_rows_are_what_the_log_gives(api: Api) -> None:
    with psycopg.connect(api.conninfo) as connection:
        assert verify(connection, PatientStatus()).differences == ()


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"pathway": "no-such-way"}, "pathway"),
        ({"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, "to"),
        ({"from": "yesterday"}, "from"),
        ({"from": "0001-01-01T00:00:00+14:00"}, "from"),
        ({"to": "9999-12-31T23:59:59-14:00"}, "to"),
        ({"bucket": "decade"}, "bucket"),
        ({"ward": "3"}, "ward"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_a_sentence(api: Api, asked: dict[str, str], field: str) -> None:
    answer = api.get("/v1/flow", params=asked)
    assert answer.status_code == 422
    assert [each["field"] for each in answer.json()["errors"]] == [field]
