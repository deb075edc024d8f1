"""The page on pathways: its fields are written from the code (`python -m tests.test_pathways_page`), and its
example is read and followed.
"""

import re
from pathlib import Path

import pytest

from journey.domain.enrolment import PathwayAssigned
from journey.domain.pathway import Pathways
from journey.domain.pathway.course import course
from journey.domain.pathway.definition import MODELS, Definition
from journey.domain.visit import NoShowRecorded
from journey.pathways import public_holidays, read, shipped
from tests.domain.test_referral import sent
from tests.domain.told import VISIT, booked, opened
from tests.spec import Told, at, given
from tests.test_events_catalogue import said

PAGE = Path(__file__).parent.parent / "docs" / "pathways.md"
HEAD = "What stands in a definition."
SPOKEN = {f"{name}Definition": name for name in ("Milestone", "Clock", "Calendar", "Blocker")}


def fields() -> str:
    """Every model, its fields, and what they are for."""
    return "\n".join(section(model) for model in MODELS)


def section(model: type) -> str:
    rows = [
        f"| `{name}`{'' if field.is_required() else '?'} | {field.description} |"
        for name, field in model.model_fields.items()  # type: ignore[attr-defined]  # models, all of them
    ]
    name = SPOKEN.get(model.__name__, model.__name__)
    return "\n".join([f"### {name}\n", f"{said(model)}\n", "| field | what it is |", "|---|---|", *rows, ""])


def split() -> tuple[str, str]:
    """What is written by hand, and what is not."""
    text = PAGE.read_text()
    end = text.index("\n\n", text.index(HEAD)) + 2
    return text[:end], text[end:]


def test_the_fields_are_up_to_date() -> None:
    assert split()[1] == fields(), "write it again: python -m tests.test_pathways_page"


def test_every_field_says_what_it_is() -> None:
    unsaid = [
        f"{model.__name__}.{name}"
        for model in MODELS
        for name, field in model.model_fields.items()
        if not field.description
    ]
    assert unsaid == []


def test_every_pathway_that_ships_is_named() -> None:
    assert [path.stem for path in shipped() if f"| `{path.stem}` |" not in PAGE.read_text()] == []


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Definition:
    found = re.search(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found is not None
    path = tmp_path_factory.mktemp("page") / "wound-clinic.yaml"
    path.write_text(found[1])
    return read(path)


def test_the_example_does_what_the_page_says(example: Definition) -> None:
    plan = Pathways([example], public_holidays).plan("wound-clinic", None)
    assert plan is not None

    def owed(*told: Told) -> list[str]:
        deep = PathwayAssigned(pathway="wound-clinic", version="1.0.0", parameters={"depth": "deep"})
        journey = given(opened, deep, (sent, at(9)), *told).journey
        steps = course(plan, journey.enrolment, journey.recorded).next
        return [f"{each.step} {each.due and each.due.date()}" for each in steps]

    assert owed() == ["booked 2026-03-04", "healed None"]
    kept = [(booked, at(10))]
    assert owed(*kept) == ["first-visit 2026-03-05", "healed None"]
    assert owed(*kept, (NoShowRecorded(visit_id=VISIT), at(9, day=1)))[0] == "booked 2026-03-04"


if __name__ == "__main__":
    PAGE.write_text(split()[0] + fields())
