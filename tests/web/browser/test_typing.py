"""What somebody types: what differs is marked meanwhile, and signing out in another tab loses nothing."""

from typing import Any

import pytest

from journey.api.access.table import Role
from tests.web.browser.window import Told, Window

pytestmark = pytest.mark.database


def test_what_reads_otherwise_is_marked_while_one_types(chromium: Any, told: Told) -> None:
    window = Window(chromium, told, Role.COORDINATOR)
    window.open("patients/{journey}/do/correct-event?event_id={event}")
    marks = window.page.locator(".j-changed:visible")
    comment = window.page.locator("[name='data.appointment.comment']")
    before = comment.input_value()
    assert marks.count() == 0
    comment.fill("by night train")
    assert marks.evaluate_all("marks => marks.map((each) => each.dataset.of)") == ["data.appointment.comment"]
    comment.fill(before)
    assert marks.count() == 0
    assert window.wrong == []
    window.close()


def test_what_is_typed_is_not_lost_by_signing_out_in_another_tab(chromium: Any, told: Told) -> None:
    window = Window(chromium, told, Role.COORDINATOR)
    page, text = window.page, "Her husband waits outside."
    page.clock.install()
    window.open("patients/{journey}/do/add-note")
    page.fill("[name='text']", text)

    other = page.context.new_page()
    other.goto(f"{told.url}/console/today")
    other.click("text=Sign out")
    other.wait_for_url("**/sign-in")

    page.clock.fast_forward(31_000)
    page.press("[name='text']", "End")
    page.wait_for_url("**/locked")
    assert text not in page.content()
    window.signs_in(told.tokens[Role.COORDINATOR])
    assert page.input_value("[name='text']") == text
    assert "careplan.note_added" not in {each["type"] for each in told.events(told.journey)}
    assert [each for each in window.wrong if "403" not in each] == [], "what is refused, browsers note"
    window.close()
