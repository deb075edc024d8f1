"""The page says of each resource what the capability statement says."""

from tests.api.fhir.page import PAGE, conformance_table
from tests.ingest.hl7v2.page import filled


def test_the_table_of_conformance_is_as_it_would_be_written_now() -> None:
    said = PAGE.read_text()
    assert said == filled(said, "conformance", conformance_table()), (
        "write it again: python -m tests.api.fhir.page"
    )
