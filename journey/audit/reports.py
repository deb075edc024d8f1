"""Reports: entries as a file, written piece by piece: CSV, FHIR, or text to be printed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from pydantic_core import to_json

from journey.audit.auditevent import audit_events
from journey.audit.coding import Json
from journey.audit.entries import Entry
from journey.audit.provenance import provenance
from journey.audit.table import csv_of
from journey.fhir.data import OURS, instant

Rows = Callable[[Sequence[Entry]], str]


class Form(NamedTuple):
    """How a report is written: what stands before the entries, between two pieces of them, and after."""

    media_type: str
    rows: Rows
    head: str = ""
    between: str = ""
    tail: str = ""


def _csv(entries: Sequence[Entry]) -> str:
    return csv_of(entries)


def _fhir(entries: Sequence[Entry]) -> str:
    made = (each for entry in entries for each in _resources(entry))
    return ",\n".join(
        to_json({"fullUrl": f"{OURS}{each['resourceType']}/{each['id']}", "resource": each}).decode()
        for each in made
    )


def _resources(entry: Entry) -> Iterator[Json]:
    yield from audit_events(entry)
    if (made := provenance(entry)) is not None:
        yield made


def _text(entries: Sequence[Entry]) -> str:
    return "".join(map(_line, entries))


def _line(entry: Entry) -> str:
    who = " ".join(
        each for each in (entry.name, f"({entry.role})" if entry.role else None, entry.team) if each
    )
    what = " ".join(each for each in (entry.kind, entry.type or entry.route, entry.outcome) if each)
    why = " ".join(each for each in (entry.purpose, entry.basis) if each)
    said = f"{instant(entry.at)}  {who or 'not known'}  {what}  {why or '-'}  {entry.peer or entry.source}"
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in said) + "\n"


FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "csv": Form("text/csv; charset=utf-8", _csv, head=csv_of([Entry._fields])),
        "fhir": Form(
            "application/fhir+json",
            _fhir,
            head='{"resourceType":"Bundle","type":"collection","entry":[\n',
            between=",\n",
            tail="\n]}\n",
        ),
        "text": Form("text/plain; charset=utf-8", _text, head="when  who  what  why  from where\n"),
    }
)
EMPTY_BUNDLE = '{"resourceType":"Bundle","type":"collection"}\n'
"""FHIR has no empty lists."""


class Report:
    """A report that is being written."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self._is_begun = False

    def told(self, entries: Sequence[Entry]) -> str:
        """The next piece."""
        if not entries:
            return ""
        before = self._form.between if self._is_begun else self._form.head
        self._is_begun = True
        return before + self._form.rows(entries)

    def end(self) -> str:
        """The last piece."""
        if self._is_begun:
            return self._form.tail
        return EMPTY_BUNDLE if self._form is FORMS["fhir"] else self._form.head + self._form.tail
