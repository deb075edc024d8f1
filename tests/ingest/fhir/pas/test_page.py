"""docs/prior-authorization.md says what the code does."""

import re
from pathlib import Path

from journey.domain.authorization import Urgency
from journey.fhir.x12 import ACTIONS, CERTIFICATIONS, URGENCIES
from journey.ingest.fhir.pas.payer import DEADLINES

PAGE = (Path(__file__).parents[4] / "docs" / "prior-authorization.md").read_text()


def test_every_review_action_has_a_row() -> None:
    assert re.findall(r"^\| ([A-Z]\w?) \|", PAGE, re.MULTILINE) == list(ACTIONS)


def test_the_deadlines_are_those_of_the_table() -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith("| Medicare Advantage"))
    lines, expedited, standard, rule = (cell.strip() for cell in row.strip("|").split("|"))
    assert {each.lower().replace(" ", "-") for each in lines.split(", ")} == {
        line.lower() for line in DEADLINES
    }
    for rules in DEADLINES.values():
        within = {each.urgency: each.within for each in rules}
        assert f"{within[Urgency.EXPEDITED].total_seconds() / 3600:.0f} hours" == expedited
        assert f"{within[Urgency.STANDARD].days} calendar days" == standard
        assert all(f"{each.since:%Y-%m-%d}" in rule for each in rules)


def test_every_kind_of_asking_and_every_urgent_level_is_named() -> None:
    kinds = " ".join(re.findall(r"^\| … ([^|]*)\|", PAGE, re.MULTILINE))
    assert {code for code in CERTIFICATIONS - {"I", "R"} if not re.search(rf"\b{code}\b", kinds)} == set()
    assert {code for code, urgency in URGENCIES.items() if urgency is Urgency.EXPEDITED} == {"03", "U"}
    assert "(X12 1338) 03 or U" in PAGE
