"""A journey as a scenario tells it: every command at the time at which it happened."""

from dataclasses import dataclass
from typing import Any, cast

from journey.api.access.table import Role
from tests.served import Api

Document = dict[str, Any]


@dataclass(frozen=True)
class Story:
    """A journey, told by when things happened."""

    api: Api
    journey: str

    def told(self, command: str, at: str, **body: Any) -> Document:
        return self.api.told(self.journey, command, occurred_at=at, **body)

    def refused(self, command: str, at: str, **body: Any) -> Document:
        answer = self.api.post(f"{self.journey}/{command}", {"occurred_at": at, **body})
        assert answer.status_code == 409, answer.text
        return cast(Document, answer.json())

    def stands(self, **question: str) -> Document:
        answer = self.api.get(self.journey, params=question)
        assert answer.status_code == 200, answer.text
        return cast(Document, answer.json())

    def events(self, role: Role = Role.COMPLIANCE) -> list[Document]:
        """Everything recorded, in the order of recording."""
        answer = self.api.get(f"{self.journey}/events?limit=500", role=role)
        return cast("list[Document]", answer.json()["events"])

    def facts(self) -> list[Document]:
        """The same without their places in the log, which are given a moment later."""
        return [{**each, "position": None} for each in self.events()]

    def recorded(self, kind: str) -> list[Document]:
        """The events of one type."""
        return [each for each in self.events() if each["type"] == kind]


def names(steps: list[Document]) -> list[str]:
    return [each["step"] for each in steps]


def codes(refusal: Document) -> list[str]:
    """What a refusal itemises, or what stands in the way."""
    return [each["code"] for each in refusal["blockers"]]


def clock(stands: Document, name: str) -> list[Document]:
    """The runs of one clock."""
    return [each for each in stands["clocks"] if each["clock"] == name]
