"""A ledger with journeys in it, and a file of evidence of two of their patients."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from journey.audit.disclosures import Basis
from journey.embedded import Cluster
from journey.evidence.form import Period
from journey.evidence.gathering import Asked
from journey.evidence.packing import Made, Order, pack
from journey.ledger.seals import Place
from tests.ledger.told import Ledger, told
from tests.served import database

EVER = Period(begins=None, ends=None)
JOURNEYS = "SELECT journey_id, (data->>'patient_id')::uuid FROM event WHERE version = 1 ORDER BY 1"


class Case(NamedTuple):
    """A ledger, and whose journey each is."""

    ledger: Ledger
    patients: dict[UUID, UUID]

    def made(self, *patients: UUID, place: Place | None = None, **asked: Any) -> tuple[bytes, Made]:
        """A file of evidence."""
        wanted = Asked(patients, asked.pop("period", EVER), **asked)
        order = Order(UUID(int=7), "ann", "The board", "HCOMPL", Basis.OVERSIGHT, "Europe/Stockholm")
        file = BytesIO()
        made = pack(self.ledger.url, place or self.ledger.place, wanted, order, file)
        return file.getvalue(), made


@pytest.fixture(scope="package")
def case(cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    """Several checkpoints, journeys of others, and who looked."""
    with database(cluster, template) as url:
        ledger = told(url, tmp_path_factory.mktemp("ledger"), journeys=6, turns=90, seed=3)
        ledger.notarize()
        patients = dict(ledger.rows(JOURNEYS))
        for seen in (list(patients)[:2], list(patients)[3:], list(patients)[:1]):
            ledger.looked(2, seen)
            ledger.notarize()
        yield Case(ledger, patients)


@pytest.fixture(scope="package")
def evidence(case: Case) -> bytes:
    """A file of the first two patients."""
    return case.made(*list(case.patients.values())[:2])[0]
