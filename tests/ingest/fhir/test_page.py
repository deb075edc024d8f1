"""docs/fhir-in.md has the tables of the code, and names commands that there are."""

import re
from collections.abc import Callable

import pytest

from journey.domain.journey import COMMANDS
from journey.ingest.fhir.mapping import ROWS
from tests.ingest.fhir.page import PAGE, mapping_table, reasons_table
from tests.ingest.hl7v2.page import block


@pytest.mark.parametrize(("name", "written"), [("mapping", mapping_table), ("reasons", reasons_table)])
def test_the_page_has_the_tables_of_the_code(name: str, written: Callable[[], str]) -> None:
    assert block(PAGE.read_text(), name) == written(), "write it again: python -m tests.ingest.fhir.page"


def test_the_table_names_commands_that_there_are() -> None:
    known = {"open-journey", *COMMANDS}
    named = {each for row in ROWS for each in re.findall(r"[a-z]+(?:-[a-z]+)+", row.asks)}
    assert named <= known
