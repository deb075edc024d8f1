"""What /metrics shows is what is documented, and counts what was done."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from journey.api.access.table import Role
from tests.served import Api
from tests.waiting import until

pytestmark = pytest.mark.database


def figure(api: Api, name: str) -> float:
    """Its value; 0 where nothing was counted yet."""
    text = api.get("/metrics", role=Role.ADMIN).text
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_what_is_shown_is_what_is_documented(api: Api) -> None:
    text = api.get("/metrics", role=Role.ADMIN).text
    shown = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
    documented = {each.name: each.kind for each in api.engine.figures.described}
    made = {name for name in shown if name.endswith("_created")}
    assert {name: kind for name, kind in shown.items() if name not in made} == documented


def test_refusals_are_counted_by_their_code(api: Api) -> None:
    journey = api.opened()
    name = 'journey_problems_total{code="intake-not-open"}'
    before = figure(api, name)
    api.post(f"{journey}/complete-intake")
    assert figure(api, name) == before + 1


def test_appends_and_lost_races_are_counted(api: Api) -> None:
    """Many tell one journey at once: each append has one winner, and whoever loses tries again."""
    journey = api.opened()
    appended, raced = 'journey_appends_total{outcome="appended"}', 'journey_appends_total{outcome="raced"}'
    before = figure(api, appended)

    def told(number: int) -> None:
        api.told(journey, "assign-identifier", identifier={"system": "s", "value": str(number)})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(told, range(40)))
    assert figure(api, appended) == before + 40
    assert figure(api, raced) > 0
    until(lambda: figure(api, "journey_sequencer_backlog") == 0)
    assert figure(api, "journey_log_gaps") == 0
