"""Where care happens (HL7 v2 PL, FHIR Location)."""

from pydantic import Field

from journey.domain.event import Frozen


class Location(Frozen):
    """A place in a facility, as fine as it is known."""

    point_of_care: str | None = Field(default=None, description="Ward, clinic or unit (PL.1).")
    room: str | None = Field(default=None, description="Room (PL.2).")
    bed: str | None = Field(default=None, description="Bed (PL.3).")
    facility: str | None = Field(default=None, description="Hospital or site (PL.4).")

    def __str__(self) -> str:
        return " · ".join(part for part in (self.facility, self.point_of_care, self.room, self.bed) if part)
