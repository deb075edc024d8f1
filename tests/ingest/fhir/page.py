"""The tables in docs/fhir-in.md, written from the code: `python -m tests.ingest.fhir.page`."""

import re
from inspect import cleandoc
from pathlib import Path

from journey.ingest.fhir.mapping import ROWS, Row
from journey.ingest.fhir.reasons import PARKED, REJECTED
from tests.ingest.hl7v2.page import filled, table

PAGE = Path(__file__).parents[3] / "docs" / "fhir-in.md"


def mapping_table() -> str:
    return table(("resource", "commands", "what it says"), map(_mapped, ROWS))


def _mapped(row: Row) -> tuple[str, str, str]:
    commands = re.sub(r"[a-z]+(?:-[a-z]+)+", r"`\g<0>`", row.asks)
    return row.type, commands, " ".join(cleandoc(row.commands.__doc__ or "").split())


def reasons_table() -> str:
    rows = [
        *(("parked", *each) for each in PARKED.items()),
        *(("rejected", *each) for each in REJECTED.items()),
    ]
    return table(("", "code", "what it means, and what to do"), ((a, f"`{b}`", c) for a, b, c in rows))


if __name__ == "__main__":
    page = filled(PAGE.read_text(), "mapping", mapping_table())
    PAGE.write_text(filled(page, "reasons", reasons_table()))
