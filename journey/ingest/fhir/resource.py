"""A resource as it came: its elements, each looked for by name, and found in its form or complained of.

Nothing of a value is ever in a complaint: the path says where to look.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from journey.domain.event import Coded
from journey.ingest.aside import Unapplied
from journey.ingest.fhir.moment import BadMoment, Moment, moment

Json: TypeAlias = dict[str, Any]

LONGEST = 250
"""Characters of a code or a number: more is not one."""

TYPE = re.compile(r"[A-Z][A-Za-z]{1,63}")

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


def clean(text: str) -> str:
    """The text without what is not text: PostgreSQL refuses zero bytes, and nobody reads the others."""
    return _CONTROL.sub(" ", text).strip()


@dataclass(frozen=True)
class Element:
    """An object in a resource, and where it is."""

    body: Mapping[str, Any]
    path: str
    zone: ZoneInfo

    def at(self, name: str) -> str:
        """Where one of its elements is, as FHIRPath."""
        return f"{self.path}.{name}"

    def wrong(self, name: str, what: str) -> Unapplied:
        return Unapplied("bad-value", f"{self.at(name)}: {what}.", self.at(name))

    def unknown(self, name: str, what: str) -> Unapplied:
        return Unapplied("unknown-code", f"{self.at(name)}: {what}.", self.at(name))

    def missing(self, name: str, what: str) -> Unapplied:
        return Unapplied("missing-element", f"{self.at(name)} is empty: {what}.", self.at(name))

    def text(self, name: str) -> str:
        """A string, "" where there is none."""
        value = self.body.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self.wrong(name, "it should be a text")
        return clean(value)

    def short(self, name: str) -> str:
        """A code, an id or a number."""
        text = self.text(name)
        if len(text) > LONGEST:
            raise self.wrong(name, f"it is longer than {LONGEST} characters")
        return text

    def flag(self, name: str) -> bool | None:
        value = self.body.get(name)
        if value is not None and not isinstance(value, bool):
            raise self.wrong(name, "it should be true or false")
        return value

    def count(self, name: str) -> int | None:
        value = self.body.get(name)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.wrong(name, "it should be a whole number")
        return value

    def moment(self, name: str) -> Moment | None:
        text = self.text(name)
        if not text:
            return None
        try:
            return moment(text, self.zone)
        except BadMoment as problem:
            raise self.wrong(name, str(problem)) from None

    def one(self, name: str) -> "Element | None":
        """An object."""
        value = self.body.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.wrong(name, "it should be an object")
        return Element(value, self.at(name), self.zone)

    def all(self, name: str) -> "Iterator[Element]":
        """The objects in a list."""
        value = self.body.get(name)
        if value is None:
            return
        if not isinstance(value, list):
            raise self.wrong(name, "it should be a list")
        for number, each in enumerate(value):
            where = f"{name}[{number}]"
            if not isinstance(each, dict):
                raise self.wrong(where, "it should be an object")
            yield Element(each, self.at(where), self.zone)

    def first(self, name: str) -> "Element | None":
        return next(self.all(name), None)

    def texts(self, name: str) -> Iterator[str]:
        """The strings in a list; what is null is passed over."""
        value = self.body.get(name)
        if value is None:
            return
        if not isinstance(value, list) or not all(each is None or isinstance(each, str) for each in value):
            raise self.wrong(name, "it should be a list of texts")
        yield from (clean(each) for each in value if each is not None)

    @property
    def coding(self) -> Coded | None:
        """The element itself, a Coding."""
        code = self.short("code")
        if not code:
            return None
        display = self.text("display") or None
        return Coded(system=self.short("system") or "unknown", code=code, display=display)

    @property
    def concept(self) -> Coded | None:
        """The element itself, a CodeableConcept: the coding the user chose, else the first, else its text."""
        codings = [each for each in self.all("coding") if each.short("code")]
        chosen = next((each for each in codings if each.flag("userSelected")), next(iter(codings), None))
        text = self.text("text")
        if chosen is not None and (coded := chosen.coding) is not None:
            return coded if coded.display or not text else coded.model_copy(update={"display": text})
        return Coded(system="text", code=text[:LONGEST], display=text) if text else None

    def coded(self, name: str) -> Coded | None:
        """A CodeableConcept among its elements; the first that says something, where it may be several."""
        value = self.body.get(name)
        concepts = self.all(name) if isinstance(value, list) else filter(None, [self.one(name)])
        return next(filter(None, (each.concept for each in concepts)), None)

    def codes(self, name: str) -> "Iterator[Element]":
        """Every Coding of the CodeableConcepts in a list, or of the one."""
        value = self.body.get(name)
        concepts = self.all(name) if isinstance(value, list) else filter(None, [self.one(name)])
        for each in concepts:
            yield from each.all("coding")


@dataclass(frozen=True)
class Resource(Element):
    """A whole resource."""

    @property
    def type(self) -> str:
        return str(self.body["resourceType"])

    @cached_property
    def status(self) -> str:
        return self.short("status")

    @cached_property
    def updated(self) -> Moment | None:
        """When the sender last changed it."""
        meta = self.one("meta")
        return meta.moment("lastUpdated") if meta else None

    def contained(self, id_: str) -> "Resource | None":
        """The resource of this id inside it."""
        for each in self.all("contained"):
            if each.text("id") == id_ and TYPE.fullmatch(each.text("resourceType")):
                return Resource(each.body, each.path, self.zone)
        return None
