"""Resources: which FHIR resources there are of each journey, and what are they found by?
Asked by every search of an EHR. The resource itself is made from the journey's events when it is read.
"""

from collections.abc import Iterator
from typing import Any

from journey.domain.journey import Journey
from journey.domain.standing import Standing
from journey.fhir.chart import Chart
from journey.fhir.every import KINDS
from journey.fhir.index import entry
from journey.fhir.kind import Kind
from journey.projections.listed import Listing


class Resources(Listing):
    """A row for each resource of one type."""

    table = "fhir_resource"

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self.made_of = tuple(sorted(kind.made_of))
        self.part = ("type", kind.type)

    def rows(self, journey: Journey, _stands: Standing) -> Iterator[dict[str, Any]]:
        """One for each, as it is now."""
        for body in self._kind.made(LAST.chart_of(journey)):
            yield entry(self._kind, body)._asdict()


class Last:
    """The chart that was asked for last: one type after the other is made of the same journey."""

    def __init__(self) -> None:
        self._chart: Chart | None = None

    def chart_of(self, journey: Journey) -> Chart:
        """What of it is found for one type is found for all."""
        chart = self._chart
        if chart is None or chart.journey is not journey:
            self._chart = chart = Chart(journey)
        return chart


LAST = Last()
RESOURCES = tuple(Resources(each) for each in KINDS.values())
