from collections.abc import Sequence
from datetime import date

import pytest

from journey.simulate import Step, simulate

UNTIL = date(2026, 3, 2)


@pytest.fixture(scope="session")
def steps() -> Sequence[Step]:
    """Three hundred patients over eight months."""
    return tuple(simulate(300, seed=33, months=8, until=UNTIL))
