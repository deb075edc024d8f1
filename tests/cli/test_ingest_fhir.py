"""`ingest fhir`: files of resources in, counts out, as docs/fhir-in.md tells it."""

import json
import re
from pathlib import Path

from tests.cli.conftest import Program
from tests.ingest.fhir.written import bundle, encounter, patient

PAGE = Path(__file__).parents[2] / "docs" / "fhir-in.md"


def test_the_commands_of_the_page_take_resources_in(program: Program) -> None:
    (program.folder / "bundle.json").write_text(json.dumps(bundle(patient(), encounter())))
    export = program.folder / "export"
    export.mkdir()
    lines = (encounter("e2"), patient(), {"resourceType": "Observation"}, encounter("e3", period={}))
    (export / "all.ndjson").write_text("\n".join(map(json.dumps, lines)))
    first, second = re.findall(r"^    journey (ingest fhir .*)$", PAGE.read_text(), re.MULTILINE)

    done = program.run(*first.split())
    assert done.stdout.splitlines()[-1].startswith(
        "2 messages, 2 applied, 0 duplicate, 0 parked, 0 rejected, 1 "
    )

    figures = program.answer(*[each for each in second.split() if each != "--json"])
    assert figures["not_mapped"] == {"Observation": 1}
    assert (figures["messages"], figures["applied"], figures["reasons"]) == (3, 2, {"no-time": 1})

    again = program.answer("ingest", "replay")
    assert (again["messages"], again["parked"]) == (1, 1)
