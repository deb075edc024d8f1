"""A file with a mistake in it is answered by a sentence, with the line and the field it stands in."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.domain.journey import EVENT_TYPES
from journey.domain.pathway.check import complaints
from journey.domain.pathway.definition import Definition
from journey.pathways import Mistaken, read, shipped, together
from journey.pathways import mistakes as every_mistake
from journey.pathways.reading import CATALOGUE, LONGEST
from tests.spec import STABLE
from tests.ways import FIRST

RIGHT = """\
id: a-way
version: 1.0.0
title: A way
calendar: {zone: Europe/London, holidays: GB-ENG}
starts: visit.booked
parameters:
  pace: [slow, quick]
stages:
  - {id: booked, entered_by: [start]}
milestones:
  - id: seen
    reached_by: visit.completed
    requires: []
    due: {within: {by: parameters.pace, cases: {quick: 1h, slow: 3d}}}
    warn_at: 80%
    owner: nurse
  - id: told
    reached_by: {event: diagnosis.communicated, where: {outcome: [confirmed, ruled-out]}}
    requires: [seen]
    due: {after: seen, within: 2bd}
branches:
  - id: missed
    when: visit.no_show
    milestones:
      - {id: rebooked, reached_by: visit.rescheduled}
clocks:
  - id: wait
    start: referral.sent
    stop: visit.completed
    target: {by: order.priority, cases: {urgent: 72h}, otherwise: 7d}
    restart: {after: visit.no_show, on: visit.rescheduled}
"""


def mistakes(folder: Path, text: str | bytes) -> list[str]:
    """What is said of a file with this in it."""
    path = folder / "way.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(Mistaken) as mistaken:
        read(path)
    return str(mistaken.value).splitlines()


@pytest.fixture
def right(tmp_path: Path) -> Path:
    path = tmp_path / "right.yaml"
    path.write_text(RIGHT)
    return path


def test_a_file_without_a_mistake_is_a_definition(right: Path) -> None:
    definition = read(right)
    assert (definition.id, definition.version) == ("a-way", "1.0.0")
    restart = definition.clocks[0].restart
    assert restart is not None
    assert [each.event for each in restart.on] == ["visit.rescheduled"]


MILESTONES = "rebooked, seen, told"
WRONG = [
    # the fields
    ("title: A way\n", "", "1: title: is missing"),
    (
        "owner: nurse",
        "ower: nurse",
        "16: milestones[0].ower: there is no such field here; is owner meant?",
    ),
    ("owner: nurse", "zebra: x", "16: milestones[0].zebra: there is no such field here"),
    (
        "id: a-way",
        "id: A Way",
        "1: id: is written in lower case letters, digits and hyphens, beginning with a letter",
    ),
    (
        "version: 1.0.0",
        "version: 1.0",
        "2: version: should be a text; a number or a truth that is meant as one stands in quotes",
    ),
    (
        "version: 1.0.0",
        "version: one",
        (
            "2: version: is one to three numbers with dots between, in quotes where there is only one dot: "
            '"1.0"'
        ),
    ),
    ("title: A way", 'title: ""', "3: title: should not be empty"),
    ("  - {id: booked, entered_by: [start]}", "  - booked", "9: stages[0]: should be a mapping of fields"),
    (
        "stages:\n  - {id: booked, entered_by: [start]}",
        "stages: booked",
        "8: stages: should be a list",
    ),
    ("[slow, quick]", "[]", "7: parameters.pace: should not be empty"),
    ("    requires: [seen]", "    requires: seen", "19: milestones[1].requires: should be a list"),
    # times
    (
        "within: 2bd",
        "within: 2 days",
        (
            "20: milestones[1].due.within: a span of time is a number and a unit: 15min, 72h, 14d, 2bd, "
            "18w or 3mo"
        ),
    ),
    ("80%", "180%", "15: milestones[0].warn_at: a part of the time is written as 80%"),
    (
        "Europe/London",
        "Europe/Londinium",
        "4: calendar.zone: a zone of the IANA database, like Europe/London",
    ),
    (
        "GB-ENG",
        "GB-XX",
        (
            "4: calendar.holidays: no public holidays are known of GB-XX; countries and their parts are "
            "those of ISO 3166"
        ),
    ),
    (
        "GB-ENG",
        "England",
        "4: calendar.holidays: is a country, and a part of it where it has its own: US, GB-ENG",
    ),
    (
        "due: {within: {by: parameters.pace, cases: {quick: 1h, slow: 3d}}}",
        "title: Seen",
        "15: milestones[0].warn_at: needs a due time",
    ),
    (
        "    target: {by: order.priority, cases: {urgent: 72h}, otherwise: 7d}",
        "    standard: 0.9",
        "30: clocks[0].standard: needs a target",
    ),
    # events
    (
        "reached_by: visit.completed",
        "reached_by: visit.finished",
        ("12: milestones[0].reached_by: there is no event visit.finished; the catalogue of events lists all"),
    ),
    (
        "{outcome: [confirmed, ruled-out]}",
        "{result: [confirmed]}",
        "18: milestones[1].reached_by.where.result: diagnosis.communicated has no field result",
    ),
    (
        "{outcome: [confirmed, ruled-out]}",
        "{outcome: [confirmed, certain]}",
        (
            "18: milestones[1].reached_by.where.outcome: outcome is never certain; it is one of confirmed, "
            "ruled-out, uncertain"
        ),
    ),
    (
        "{outcome: [confirmed, ruled-out]}",
        "{outcome: {unlike: [certain]}}",
        (
            "18: milestones[1].reached_by.where.outcome: outcome is never certain; it is one of confirmed, "
            "ruled-out, uncertain"
        ),
    ),
    (
        "{outcome: [confirmed, ruled-out]}",
        "{outcome: {gte: 3}}",
        "18: milestones[1].reached_by.where.outcome: outcome is no number",
    ),
    (
        "{outcome: [confirmed, ruled-out]}",
        "{diagnosis: C50}",
        (
            "18: milestones[1].reached_by.where.diagnosis: diagnosis has parts: say which of them, "
            "diagnosis.code, diagnosis.display, diagnosis.system, diagnosis.version"
        ),
    ),
    (
        "when: visit.no_show",
        'when: {event: visit.no_show, where: {proposed: "yes"}}',
        "23: branches[0].when.where.proposed: proposed is never yes; it is one of false, true",
    ),
    (
        "when: visit.no_show",
        "when: {all: [visit.no_show], any: [visit.no_show]}",
        "23: branches[0].when: a condition says one of: occurred, all, any, unless",
    ),
    (
        "stop: visit.completed",
        "stop: {event: visit.completed, of: [{event: visit.bookt, same: id}]}",
        "29: clocks[0].stop.of[0].event: there is no event visit.bookt; is visit.booked meant?",
    ),
    (
        "stop: visit.completed",
        "stop: {event: visit.completed, of: [{event: visit.booked, same: id}]}",
        "29: clocks[0].stop.of[0].same: visit.booked has no field id",
    ),
    (
        "when: visit.no_show",
        "when: visit.noshow",
        "23: branches[0].when: there is no event visit.noshow; is visit.no_show meant?",
    ),
    (
        "{outcome: [confirmed, ruled-out]}",
        "{outcome: [null]}",
        "18: milestones[1].reached_by.where.outcome[0]: is a word, a number, true or false",
    ),
    # milestones
    (
        "requires: [seen]",
        "requires: [sene]",
        f"19: milestones[1].requires[0]: there is no milestone sene; there are {MILESTONES}",
    ),
    (
        "entered_by: [start]",
        "entered_by: [begin]",
        "9: stages[0].entered_by[0]: there is no milestone begin; there are rebooked, seen, start, told",
    ),
    (
        "{after: seen,",
        "{after: sene,",
        (
            "20: milestones[1].due.after: there is no milestone or clock sene; there are rebooked, seen, "
            "start, told, wait"
        ),
    ),
    ("id: told", "id: seen", "17: milestones[1].id: another milestone is called seen already"),
    (
        "{id: rebooked,",
        "{id: seen,",
        "25: branches[0].milestones[0].id: another milestone is called seen already",
    ),
    (
        "requires: [seen]",
        "requires: [rebooked]",
        "19: milestones[1].requires[0]: rebooked is there on the branch missed only",
    ),
    (
        "{id: rebooked,",
        "{id: start,",
        ("25: branches[0].milestones[0].id: no milestone is called start: that is where the pathway begins"),
    ),
    # choices
    (
        "parameters.pace",
        "parameters.speed",
        "14: milestones[0].due.within.by: there is no parameter speed",
    ),
    (
        "{quick: 1h, slow: 3d}",
        "{fast: 1h}",
        "14: milestones[0].due.within.cases: parameters.pace is never fast; it is one of quick, slow",
    ),
    (
        "by: order.priority",
        "by: order.urgency",
        "30: clocks[0].target.by: referral.sent has no field order.urgency",
    ),
    (
        "{urgent: 72h}",
        "{expedited: 72h}",
        (
            "30: clocks[0].target.cases: order.priority is never expedited; it is one of asap, routine, "
            "stat, urgent"
        ),
    ),
    # the text
    (
        "title: A way",
        "title: [A way",
        "4: no YAML: while parsing a flow sequence, expected ',' or ']', but got ':'",
    ),
    ("title: A way", "title: A way\ntitle: Another", "4: title is given twice"),
    ("title: A way", "title: !!python/name:os.system x", "3: no YAML: tags (!) are not used here"),
    ("title: A way", "? [a, b]\n: A way", "3: the name of a field is a word"),
    (
        "title: A way",
        "\ttitle: A way",
        "3: no YAML: while scanning for the next token, found character '\\t' that cannot start any token",
    ),
    ("title: A way", "title: A way\x07", "3: no YAML: a character that no text has"),
    ("title: A way", "title: *nowhere", "3: no YAML: found undefined alias 'nowhere'"),
    ("title: A way", "title: &a [*a]", "3: contains itself"),
    (
        "title: A way",
        "title: A way\n---",
        "4: no YAML: expected a single document in the stream, but found another document",
    ),
]


@pytest.mark.parametrize(("right_one", "wrong_one", "said"), WRONG, ids=[each[2] for each in WRONG])
def test_a_mistake_is_named_with_its_line_and_field(
    tmp_path: Path, right_one: str, wrong_one: str, said: str
) -> None:
    assert RIGHT.count(right_one) == 1 or wrong_one
    wrong = RIGHT.replace(right_one, wrong_one, 1)
    assert wrong != RIGHT
    assert mistakes(tmp_path, wrong)[0] == f"way.yaml:{said}"


def test_milestones_that_wait_for_each_other_are_named(tmp_path: Path) -> None:
    circle = RIGHT.replace("requires: []", "requires: [told]")
    assert mistakes(tmp_path, circle) == [
        "way.yaml:13: milestones[0].requires: seen waits for itself",
        "way.yaml:19: milestones[1].requires: told waits for itself",
    ]


def test_every_mistake_is_named_at_once(tmp_path: Path) -> None:
    wrong = RIGHT.replace("visit.completed", "visit.finished").replace("GB-ENG", "GB-XX")
    assert [said.split(":")[1] for said in mistakes(tmp_path, wrong)] == ["4", "12", "29"]


NO_PATHWAY = "way.yaml:1: a pathway is a mapping with id, version, title, milestones …"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", NO_PATHWAY),
        ("# nothing\n", NO_PATHWAY),
        ("- id: a-way\n", NO_PATHWAY),
        ("a way", NO_PATHWAY),
        (b"id: a-way\ntitle: \xff\n", "way.yaml:2: no text in UTF-8"),
        ("#" * (LONGEST + 1), f"way.yaml:1: longer than {LONGEST} characters; no pathway is"),
        ("#" * (4 * LONGEST + 1), f"way.yaml:1: longer than {LONGEST} characters; no pathway is"),
        ("[" * 50_000, "way.yaml:1: nested deeper than any pathway is"),
        ("a: &a\n  - *a\n", "way.yaml:1: contains itself"),
    ],
    ids=["empty", "comment", "list", "text", "latin", "long", "longer", "deep", "circle"],
)
def test_what_is_no_pathway_at_all(tmp_path: Path, text: str | bytes, said: str) -> None:
    assert mistakes(tmp_path, text) == [said]


BOMBS = {
    "lists": "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)),
    "conditions": "".join(f"a{n}: &a{n} {{all: [{', '.join([f'*a{n - 1}'] * 10)}]}}\n" for n in range(1, 12)),
    "merges": "".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}\n" for n in range(1, 12)),
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_few_lines_that_stand_for_millions_are_harmless(tmp_path: Path, bomb: str) -> None:
    said = mistakes(tmp_path, f"a0: &a0 {{occurred: visit.booked}}\n{bomb}")
    assert said == ["way.yaml:1: stands for more than 20000 values; no pathway does"]


def test_conditions_in_conditions_come_to_an_end(tmp_path: Path) -> None:
    for depth in (50, 1000):
        deep = "{unless: " * depth + "visit.booked" + "}" * depth
        said = mistakes(tmp_path, RIGHT.replace("when: visit.no_show", f"when: {deep}"))
        assert said == ["way.yaml:1: nested deeper than any pathway is"]


def test_aliases_of_aliases_come_to_an_end(tmp_path: Path) -> None:
    chain = "".join(f"a{n}: &a{n} {{unless: *a{n - 1}}}\n" for n in range(1, 400))
    said = mistakes(tmp_path, f"a0: &a0 {{occurred: visit.booked}}\n{chain}when: *a399\n")
    assert said == ["way.yaml:1: nested deeper than any pathway is"]


def test_a_part_that_is_used_again_is_said_once(right: Path) -> None:
    again = RIGHT.replace("when: visit.no_show", "when: &missed {event: visit.no_show}").replace(
        "owner: nurse", "skip_when: *missed"
    )
    right.write_text(again)
    with pytest.raises(Mistaken, match="undefined alias"):
        read(right)
    right.write_text(
        RIGHT.replace("reached_by: visit.completed", "reached_by: &done {event: visit.completed}").replace(
            "stop: visit.completed", "stop: {<<: *done, count: 2}"
        )
    )
    assert read(right).clocks[0].stop[0].count == 2


@pytest.mark.parametrize(
    ("written", "meant"), [("NO", "NO"), ("on", "on"), ("010", "010"), ("1:30", "1:30"), ("true", "True")]
)
def test_a_bare_word_is_what_it_looks_like(right: Path, written: str, meant: str) -> None:
    listens = f"reached_by: {{event: assessment.recorded, where: {{kind.code: {written}}}}}"
    right.write_text(RIGHT.replace("reached_by: visit.completed", listens))
    reached_by = read(right).milestones[0].reached_by
    assert isinstance(reached_by, tuple)
    trigger = reached_by[0]
    assert [str(word) for word in trigger.where["kind.code"]] == [meant]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Mistaken, match=r"none\.yaml:1: cannot be read: No such file or directory"):
        read(tmp_path / "none.yaml")
    with pytest.raises(Mistaken, match="cannot be read: Is a directory"):
        read(tmp_path)


def test_a_version_is_there_once(right: Path) -> None:
    other = right.with_name("other.yaml")
    other.write_text(RIGHT)
    with pytest.raises(Mistaken) as mistaken:
        together([right, other])
    assert str(mistaken.value) == (
        "other.yaml:2: version: a-way 1.0.0 is there already; a new version has a new number"
    )
    other.write_text(RIGHT.replace("1.0.0", "1.10.0"))
    both = together([other, right])
    assert both.versions("a-way") == ("1.0.0", "1.10.0")
    latest = both.get("a-way", None)
    assert isinstance(latest, Definition)
    assert latest.version == "1.10.0"


@pytest.mark.parametrize("path", shipped(), ids=lambda path: path.stem)
def test_what_ships_has_no_mistake_and_the_name_of_its_file(path: Path) -> None:
    assert read(path).id == path.stem


PIECES = [
    "",
    "\n",
    "  ",
    "- ",
    ": ",
    *"{}[]#,|>%@`\t\"'",
    "*a",
    "&a ",
    "<<: ",
    "null",
    "1",
    "2bd",
    "? ",
    "!!set ",
]


@STABLE
@given(data=st.data(), text=st.sampled_from([RIGHT, *(path.read_text() for path in shipped())]))
def test_whatever_is_in_a_file_it_is_a_definition_or_a_mistake(data: st.DataObject, text: str) -> None:
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        length = data.draw(st.integers(0, 20))
        text = text[:start] + data.draw(st.sampled_from(PIECES)) + text[start + length :]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "way.yaml"
        path.write_text(text)
        ((_, found),) = every_mistake([path])
    assert all(1 <= each.line <= text.count("\n") + 1 and each.sentence for each in found)


def test_every_field_of_every_event_can_be_asked_about() -> None:
    matches = ("a word", True, 3, {"gte": 3}, {"exists": False}, {"unlike": ["a word"]})
    for event in EVENT_TYPES:
        for name in event.model_fields:
            for match in matches:
                trigger = {"event": event.stored_as, "where": {name: match, f"{name}.code": match}}
                definition = Definition.model_validate({**FIRST, "starts": trigger})
                assert all(sentence for _, sentence in complaints(definition, CATALOGUE))
