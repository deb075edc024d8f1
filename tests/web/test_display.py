"""How pages are shown: light or dark, in whose local time, as each browser has chosen."""

import re

import pytest

from journey.web.styles import STATIC, frontend
from tests.served import Api
from tests.waiting import until
from tests.web.conftest import Browser

LINK = re.compile(r'<link rel="stylesheet" href="/console/static/dark\.css\?[0-9a-f]+" media="([^"]+)">')
SCHEME = re.compile(r'<meta name="color-scheme" content="([^"]+)">')
PROPERTY = re.compile(r"(--(?:ink|ground|edge|j)-\w[\w-]*):")
USED = re.compile(r"var\((--[\w-]+)")


def shown(page: str) -> tuple[str | None, str]:
    """Where the dark sheet holds, and what is painted before it is there."""
    found = LINK.search(page)
    return found and found[1], SCHEME.findall(page)[0]


def choose(browser: Browser, **form: str) -> str:
    """The page that they come back to."""
    answer = browser.send("display", **{"back": "/console/patients", **form})
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/patients")
    return browser.open("patients")


def test_unasked_it_is_as_the_device_is_set(coordinator: Browser) -> None:
    assert shown(coordinator.open("patients")) == ("screen and (prefers-color-scheme: dark)", "light dark")


@pytest.mark.parametrize(
    ("appearance", "as_"),
    [
        ("dark", ("screen", "dark")),
        ("light", (None, "light")),
        ("auto", ("screen and (prefers-color-scheme: dark)", "light dark")),
        ("<b>", ("screen and (prefers-color-scheme: dark)", "light dark")),
    ],
)
def test_what_is_chosen_holds_from_the_next_page_on(
    coordinator: Browser, appearance: str, as_: tuple[str | None, str]
) -> None:
    assert shown(choose(coordinator, appearance=appearance)) == as_


def test_it_holds_before_anybody_signs_in_too(coordinator: Browser) -> None:
    choose(coordinator, appearance="dark")
    coordinator.post("sign-out")
    assert shown(coordinator.open("sign-in")) == ("screen", "dark")


def test_what_a_cookie_says_wrongly_is_not_said(coordinator: Browser) -> None:
    coordinator.client.client.cookies.set("journey_display", '"dark Europe/Nowhere"')
    page = coordinator.open("display")
    assert shown(page) == ("screen", "dark")
    assert "The clinic: UTC" in page


def test_without_a_choice_the_sheet_is_as_it_was_made() -> None:
    assert re.sub(r"var\(--\w+-\w+,(#\w+)\)", r"\1", frontend()) == (STATIC / "nhsuk.css").read_text()


def test_the_dark_sheet_says_every_colour_anew_and_none_that_there_is_not() -> None:
    own, dark = ((STATIC / name).read_text() for name in ("console.css", "dark.css"))
    said = PROPERTY.findall(dark)
    ours = [each for each in PROPERTY.findall(own) if each.startswith("--j-")]
    assert sorted(each for each in said if each.startswith("--j-")) == sorted(ours)
    assert set(said) <= {*USED.findall(frontend()), *USED.findall(own)}
    assert len(said) == len(set(said))


def test_colours_stand_in_one_place() -> None:
    own = (STATIC / "console.css").read_text()
    rules = own[own.index("}") :]
    assert not re.search(r"#[0-9a-f]{3,8}\b", re.sub(r"/\*.*?\*/", "", rules))
    assert set(PROPERTY.findall(own)) == {each for each in USED.findall(own) if each.startswith("--j-")}


def test_times_are_those_of_the_zone_that_was_chosen(api: Api, coordinator: Browser) -> None:
    journey = api.opened(patient={"family": "Holm"}, occurred_at="2026-07-01T09:00:00Z").rpartition("/")[2]
    timeline = f"patients/{journey}/timeline"
    until(lambda: "Journey opened" in coordinator.open(timeline))
    assert (
        '<time datetime="2026-07-01T09:00:00Z" title="2026-07-01 09:00:00+00:00">1 Jul 2026, 09:00 UTC<'
        in (coordinator.open(timeline))
    )
    choose(coordinator, appearance="auto", zone="America/New_York")
    assert (
        '<time datetime="2026-07-01T09:00:00Z" title="2026-07-01 05:00:00-04:00">1 Jul 2026, 05:00 EDT<'
        in (coordinator.open(timeline))
    )


def test_what_is_asked_for_is_read_in_that_zone(officer: Browser) -> None:
    choose(officer, appearance="auto", zone="America/New_York")
    page = officer.open("audit?from=2026-07-01T10:00")
    assert 'value="2026-07-01T10:00"' in page
    assert "from=2026-07-01T14%3A00%3A00Z" in page
    assert "From (America/New_York)" in page


def test_a_time_that_was_twice_is_asked_about_beside_its_field(api: Api, coordinator: Browser) -> None:
    journey = api.opened(patient={"family": "Holm"}).rpartition("/")[2]
    choose(coordinator, appearance="auto", zone="Europe/London")
    [seen] = re.findall(r'name="seen" value="(\d+)"', coordinator.open(f"patients/{journey}/do/assign-owner"))
    form = {"team": "ward 3", "seen": seen, "key": "twice", "occurred_at": "2025-10-26T01:30"}
    asked = coordinator.send(f"patients/{journey}/do/assign-owner", **form)
    assert asked.status_code == 422
    assert "The clocks went back: 01:30 was twice." in asked.text
    [field] = re.findall(r'<input[^>]*name="occurred_at"[^>]*>', asked.text)
    assert 'type="text"' in field
    assert 'value="2025-10-26T01:30"' in field
    form["occurred_at"] += "+01:00"
    assert coordinator.send(f"patients/{journey}/do/assign-owner", **form).status_code == 303
    events = api.get(f"/v1/journeys/{journey}/events").json()["events"]
    assert events[-1]["occurred_at"] == "2025-10-26T00:30:00Z"


@pytest.mark.parametrize("said", ["from=2026-03-29T01:30", "to=2026-10-25T01:30"])
def test_a_time_that_cannot_be_meant_is_no_fault(officer: Browser, said: str) -> None:
    choose(officer, appearance="auto", zone="Europe/London")
    assert "The clocks went" in officer.open(f"audit?{said}", status=422)
    assert "The clocks went" in officer.open(f"audit/report?format=csv&{said}", status=422)
