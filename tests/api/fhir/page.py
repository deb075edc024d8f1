"""The table of conformance in docs/fhir.md, written from the capability statement:
`python -m tests.api.fhir.page`.
"""

from pathlib import Path
from typing import Any

from journey.api.fhir import capability
from tests.ingest.hl7v2.page import filled, table

PAGE = Path(__file__).parents[3] / "docs" / "fhir.md"
EVERY = ("read", "vread", "history-instance", "search-type", "create", "update", "delete")
"""The interactions that R4 has with one type (section 3.1.0), but for patch and history of the type."""


def conformance_table() -> str:
    [rest] = capability.statement("")["rest"]
    head = ("resource", *EVERY, "searched by", "brings along", "comes along with it", "operations")
    return table(head, map(_told, rest["resource"]))


def _told(resource: dict[str, Any]) -> tuple[str, ...]:
    there = {each["code"] for each in resource["interaction"]}
    parameters = (f"`{each['name']}`" for each in resource.get("searchParam", ()))
    along = (f"`{each.partition(':')[2]}`" for each in resource.get("searchInclude", ()))
    with_it = (f"`{each}`" for each in resource.get("searchRevInclude", ()))
    operations = (f"`${each['name']}`" for each in resource.get("operation", ()))
    marks = ("yes" if each in there else "" for each in EVERY)
    return (resource["type"], *marks, ", ".join(parameters), *map(", ".join, (along, with_it, operations)))


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(), "conformance", conformance_table()))
