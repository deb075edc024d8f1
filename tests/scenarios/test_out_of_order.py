"""Messages of a hospital that come in the wrong order, or twice."""

from zoneinfo import ZoneInfo

import pytest

from journey.ingest.files import Found
from journey.ingest.hl7v2.ingest import Counts, ingest
from tests.scenarios.story import Story
from tests.served import Api
from tests.waiting import until

pytestmark = pytest.mark.database


def message(trigger: str, at: str, patient: str, *, control_id: str, sent: str | None = None) -> bytes:
    """What a hospital sends of a stay that ends at home."""
    stay = f"W1^101^B2^HOSP{'|' * 16}V-{patient}^^^HOSP^VN{'|' * 17}01"
    segments = (
        rf"MSH|^~\&|ADT|HOSP|JOURNEY|NET|{sent or at}||ADT^{trigger}|{control_id}|P|2.5.1",
        f"EVN||{at}||||{at}",
        f"PID|1||{patient}^^^HOSP^MR||Vance^Ada",
        f"PV1|1|I|{stay}",
    )
    return "\r".join(segments).encode()


def arrives(api: Api, *messages: bytes) -> Counts:
    """What becomes of messages that arrive in this order."""
    found = [Found(raw, "a test", number) for number, raw in enumerate(messages, start=1)]
    return ingest(api.engine.store, found, zone=ZoneInfo("UTC"))


def journey_of(api: Api, patient: str) -> Story:
    """The one journey of the patient with this number."""
    asked = {"mrn": patient}
    (found,) = until(lambda: api.get("/v1/journeys", params=asked).json()["journeys"])
    return Story(api, f"/v1/journeys/{found['journey_id']}")


def test_a_cancelled_discharge_that_comes_before_the_discharge_waits_for_it(api: Api) -> None:
    """A cancellation cancels nothing that is not known: it is set aside whole, and done as soon as what it is
    about is told. The patient is then in hospital as if the discharge had not been.
    """
    admit = message("A01", "20250304080000+0000", "P-13", control_id="1")
    discharge = message("A03", "20250306100000+0000", "P-13", control_id="2")
    cancel = message("A13", "20250306113000+0000", "P-13", control_id="3")

    early = arrives(api, admit, cancel)
    assert (early.applied, early.parked, early.reasons) == (1, 1, {"nothing-to-cancel": 1})
    story = journey_of(api, "P-13")
    before = story.events()
    assert not {"discharge.departed", "correction.voided"} & {each["type"] for each in before}

    late = arrives(api, discharge)
    assert (late.applied, late.released, late.parked) == (1, 1, 0)
    (departed,) = story.recorded("discharge.departed")
    (void,) = story.recorded("correction.voided")
    assert (void["source"]["message_id"], departed["voided_by"]) == ("3", void["event_id"])
    stands = story.stands(as_of="2025-03-06T12:00:00Z")
    (visit,) = stands["open"]["visits"]
    assert (stands["stage"], visit["status"]) == ("in-hospital", "in-progress")
    assert "departed" not in [each["milestone"] for each in stands["reached"]]

    between = {"as_of": "2025-03-06T10:30:00Z", "as_known_at": departed["recorded_at"]}
    assert story.stands(**between)["stage"] == "after-discharge"


def test_the_same_message_again_records_nothing(api: Api) -> None:
    """Who gets no answer sends again, under the same control id: it is counted and said to be applied, and
    nothing is recorded twice. Another message under that id is another message, and is noticed.
    """
    admit = message("A01", "20250304080000+0000", "P-9", control_id="9")
    once = arrives(api, admit)
    assert (once.applied, once.duplicate, once.journeys) == (1, 0, 1)
    story = journey_of(api, "P-9")
    facts = story.facts()

    again = arrives(api, admit, admit.replace(b"20250304080000+0000||ADT", b"20250304081500+0000||ADT"))
    assert (again.applied, again.duplicate, again.events, again.parked) == (0, 2, 0, 0)
    assert story.facts() == facts

    other = arrives(api, message("A03", "20250306100000+0000", "P-9", control_id="9"))
    assert (other.applied, other.duplicate, other.reused_ids) == (1, 0, 1)
    assert story.stands(as_of="2025-03-06T12:00:00Z")["stage"] == "after-discharge"
