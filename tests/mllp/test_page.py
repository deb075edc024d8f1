"""docs/mllp.md: what it shows is run, and what it lists is there."""

import re
import socket
from pathlib import Path

from journey.mllp.figures import Figures
from tests.cli.conftest import Program
from tests.mllp.test_program import listening_on

PAGE = Path(__file__).parents[2] / "docs" / "mllp.md"


def test_the_commands_of_the_page_do_what_it_says(program: Program) -> None:
    shown = re.search(r"<!-- tried -->\n(.*?)\n<!-- /tried -->", PAGE.read_text(), re.DOTALL)
    assert shown
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    lines = [line.strip().replace("2575", port).split() for line in shown[1].splitlines()]
    simulate, listen, first, second = ([each for each in line[1:] if each != "&"] for line in lines)
    assert program.run(*simulate).returncode == 0
    listener = program.start(*listen)
    assert listening_on(listener) == int(port)
    done, again = program.run(*first), program.run(*second)
    assert (done.returncode, again.returncode) == (0, 0)
    assert re.fullmatch(r"(\d+) messages, \1 CA, 0 unanswered, 0 sent again\n", done.stdout)
    assert again.stdout == done.stdout
    listener.terminate()
    assert listener.wait(30) == 0


def test_every_figure_is_listed_with_its_meaning() -> None:
    rows = re.findall(
        r"^\| `(journey_mllp_\w+)` \| (\w+) \| (\w*) ?\| (.+) \|$", PAGE.read_text(), re.MULTILINE
    )
    there = [
        (each.name + ("_total" if each.type == "counter" else ""), each.type, each.documentation)
        for each in Figures().registry.collect()
    ]
    assert sorted((name, kind, meaning) for name, kind, _, meaning in rows) == sorted(there)
