"""The same request, sent twice at once: the second finds the first one's events in its way."""

from uuid import UUID

import pytest

from journey.domain.correction import History
from journey.domain.episode import OpenJourney, PutOnHold
from journey.domain.event import Refused
from journey.store.errors import StaleVersion
from journey.store.identifiers import uuid7
from journey.store.store import Appended, Store
from tests.store.asked import CONTEXT, owned_by

pytestmark = pytest.mark.database


@pytest.fixture
def overtaken(store: Store, elsewhere: Store, monkeypatch: pytest.MonkeyPatch) -> list[Appended]:
    """Just before the store loads a journey, the request that stands in `elsewhere` is done."""
    done: list[Appended] = []
    load = store.load

    def loading(journey_id: UUID) -> History:
        if not done:
            done.append(elsewhere.handle(journey_id, OPENING, CONTEXT, idempotency_key="k"))
        return load(journey_id)

    monkeypatch.setattr(store, "load", loading)
    return done


OPENING = OpenJourney(patient_id=uuid7())


def test_the_second_is_answered_as_the_first(store: Store, overtaken: list[Appended]) -> None:
    assert store.handle(uuid7(), OPENING, CONTEXT, idempotency_key="k") == overtaken[0]


def test_even_where_it_would_be_refused(store: Store, overtaken: list[Appended]) -> None:
    """The patient, unlike the digest, is another in each: nobody named one."""

    class Nameless(OpenJourney):
        """Digested as the other is."""

        @classmethod
        def name(cls) -> str:
            return OpenJourney.name()

        def model_dump_json(self, **_: object) -> str:
            return OPENING.model_dump_json(exclude_unset=True)

    nameless = Nameless(patient_id=uuid7())
    assert store.handle(uuid7(), nameless, CONTEXT, idempotency_key="k") == overtaken[0]


def test_even_where_it_would_be_stale(store: Store, overtaken: list[Appended]) -> None:
    answer = store.handle(uuid7(), OPENING, CONTEXT, expected_version=0, idempotency_key="k")
    assert answer == overtaken[0]


def test_another_request_is_still_refused(store: Store, overtaken: list[Appended]) -> None:
    with pytest.raises(Refused):
        store.handle(uuid7(), OpenJourney(patient_id=uuid7()), CONTEXT, idempotency_key="other")
    with pytest.raises(StaleVersion):
        store.handle(overtaken[0].journey_id, PutOnHold(reason="rest"), CONTEXT, expected_version=9)
    with pytest.raises(Refused):
        store.handle(uuid7(), owned_by("east"), CONTEXT, idempotency_key="k2")
