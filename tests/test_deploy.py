"""What stands in deploy/ is right as far as a machine without containers can tell: its forms, and every
command that it runs, which a renamed option would break.
"""

import json
import re
import shlex
import shutil
import subprocess
from itertools import takewhile
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import typer
import yaml
from packaging.specifiers import SpecifierSet
from pydantic import BaseModel, ConfigDict, Field

from journey.api.server import GRACE
from journey.cli.app import app
from journey.settings import Settings, environment_name
from tests.test_docs import leaves

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
PROGRAM = "/opt/journey/bin/journey"
COMMANDS = dict(leaves(typer.main.get_command(app)))
SETTINGS = {environment_name(field) for field in Settings.model_fields}


def refuse_unknown(arguments: list[str]) -> None:
    """Fails where the program would not take these arguments."""
    words = list(takewhile(lambda word: not word.startswith("-"), arguments))
    names = [" ".join(["journey", *words[:count]]) for count in range(1, len(words) + 1)]
    found = [name for name in names if name in COMMANDS]
    assert found, f"there is no command in: {' '.join(arguments)}"
    rest = arguments[len(found[-1].split()) - 1 :]
    COMMANDS[found[-1]].make_context(found[-1], rest).close()


def test_a_command_that_is_not_there_is_noticed() -> None:
    refuse_unknown(["serve", "--role", "api"])
    with pytest.raises(AssertionError):
        refuse_unknown(["served"])
    for wrong in (["serve", "--rolle", "api"], ["serve", "--role", "idle"], ["migrate", "now"]):
        with pytest.raises(Exception, match=r"(?i)no such option|not one of|unexpected extra"):
            refuse_unknown(wrong)


# --- Page


def test_every_command_line_of_the_page_for_operators_is_taken() -> None:
    page = (ROOT / "docs/operations.md").read_text()
    told = re.findall(r"^    journey +([^#\n]+)", page, re.MULTILINE)
    assert told
    for line in told:
        refuse_unknown(shlex.split(re.sub(r"\b[A-Z]+…?(?= |$)", "x", line)))


# --- systemd

UNITS = sorted(DEPLOY.glob("*.service"))
HARDENED = {
    "DynamicUser": "yes",
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "CapabilityBoundingSet": "",
    "Restart": "on-failure",
    "UMask": "0077",
}
EXPOSURE = 20
"""Tenths, as `systemd-analyze security` counts them; below is called OK."""


def directives(unit: Path) -> dict[str, str]:
    """The last value of each."""
    lines = [line.partition("=") for line in unit.read_text().splitlines() if "=" in line and line[0] != "#"]
    return {name: value for name, _, value in lines}


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_is_hardened_and_runs_what_there_is(unit: Path) -> None:
    told = directives(unit)
    assert HARDENED.items() <= told.items()
    program, *arguments = shlex.split(told["ExecStart"])
    assert program == PROGRAM
    refuse_unknown(arguments)
    assert int(told["TimeoutStopSec"]) > 2 * GRACE
    assert told.get("KillMode") == "mixed" or "--workers" not in arguments


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_takes_the_unit_and_finds_it_closed(unit: Path, tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed: THE UNITS WERE NOT VERIFIED")
    here = tmp_path / unit.name
    here.write_text(unit.read_text().replace(PROGRAM, shutil.which("true") or ""))
    verified = subprocess.run([analyze, "verify", here], check=False, capture_output=True, text=True)
    assert (verified.returncode, verified.stderr) == (0, "")
    security = [analyze, "security", "--offline=true", f"--threshold={EXPOSURE}", str(here)]
    closed = subprocess.run(security, check=False, capture_output=True, text=True)
    assert closed.returncode == 0, closed.stdout + closed.stderr


# --- Container


def instructions() -> list[tuple[str, str]]:
    """Each with its arguments, continued lines in one."""
    text = re.sub(r"^#.*\n", "", (DEPLOY / "Containerfile").read_text(), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines if line)]


def test_the_container_is_made_of_what_there_is() -> None:
    given = instructions()
    stages = [rest for word, rest in given if word == "FROM"]
    assert len(stages) == 2
    python = re.search(r"python:([\d.]+)", dict(given)["ARG"])
    required = re.search(r'requires-python = "(.*)"', (ROOT / "pyproject.toml").read_text())
    assert python is not None
    assert required is not None
    assert SpecifierSet(required[1]).contains(python[1])
    for word, rest in given:
        if word == "COPY" and "--from" not in rest:
            *sources, _ = rest.split()
            assert all((ROOT / source).exists() for source in sources), rest
        if word == "RUN":
            assert all(isinstance(part, str) for part in json.loads(rest)), "no shell: an array"


def test_the_container_runs_the_program_as_nobody_in_particular() -> None:
    given = instructions()
    last = max(number for number, (word, _) in enumerate(given) if word == "FROM")
    final = dict(given[last + 1 :])
    user, _, group = final["USER"].partition(":")
    assert int(user) > 0 < int(group)
    assert final["STOPSIGNAL"] == "SIGTERM"
    assert json.loads(final["ENTRYPOINT"]) == [PROGRAM]
    refuse_unknown(json.loads(final["CMD"]))
    named = re.findall(r"(JOURNEY_\w+|DATABASE_URL)=", final["ENV"])
    assert set(named) <= SETTINGS
    [python, flag, code] = json.loads(final["HEALTHCHECK"].partition("CMD ")[2])
    assert (python, flag) == ("/opt/journey/bin/python", "-c")
    compile(code, "HEALTHCHECK", "exec")
    assert "/healthz" in code


# --- Compose


class Strict(BaseModel):
    """A part of the compose specification, as far as it is used here."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Build(Strict):
    context: str
    dockerfile: str


class Health(Strict):
    test: list[str] | None = None
    interval: str = ""
    timeout: str = ""
    retries: int = 0
    disable: bool = False


class Awaited(Strict):
    condition: Literal["service_started", "service_healthy", "service_completed_successfully"]


class Service(Strict):
    image: str
    build: Build | None = None
    command: list[str] | None = None
    environment: dict[str, str]
    read_only: bool = False
    tmpfs: list[str] = []
    cap_drop: list[str] = []
    security_opt: list[str] = []
    init: bool = False
    ports: list[Annotated[str, Field(pattern=r"^127\.0\.0\.1:\d+:\d+$")]] = []
    volumes: list[str] = []
    shm_size: str | None = None
    restart: Literal["no", "unless-stopped"]
    stop_grace_period: str | None = None
    secrets: list[str] = []
    healthcheck: Health | None = None
    depends_on: dict[str, Awaited] = {}


class Compose(Strict):
    name: str
    template: Any = Field(alias="x-journey")
    services: dict[str, Service]
    volumes: dict[str, None]
    secrets: dict[str, dict[str, str]]


SECONDS = {"s": 1, "m": 60}


@pytest.fixture(scope="module")
def compose() -> Compose:
    return Compose.model_validate(yaml.safe_load((DEPLOY / "compose.yaml").read_text()))


def test_the_services_of_the_compose_file_lean_on_what_there_is(compose: Compose) -> None:
    assert list(compose.services) == ["postgres", "migrate", "api", "worker"]
    for service in compose.services.values():
        assert service.depends_on.keys() <= compose.services.keys()
        assert {volume.partition(":")[0] for volume in service.volumes} <= compose.volumes.keys()
        for name, awaited in service.depends_on.items():
            checked = compose.services[name].healthcheck
            assert awaited.condition != "service_healthy" or (checked is not None and checked.test)


def test_the_programs_of_the_compose_file_are_taken_and_closed(compose: Compose) -> None:
    for name, service in compose.services.items():
        if service.build is None:
            continue
        assert (DEPLOY / service.build.context / service.build.dockerfile).exists()
        refuse_unknown(service.command or [])
        ours = {each for each in service.environment if each.startswith(("JOURNEY_", "DATABASE"))}
        assert ours <= SETTINGS
        assert set(service.secrets) <= compose.secrets.keys()
        assert (service.read_only, service.cap_drop) == (True, ["ALL"])
        assert "no-new-privileges:true" in service.security_opt
        if name != "migrate":
            period = service.stop_grace_period or "0s"
            drain = float(service.environment.get("JOURNEY_DRAIN_SECONDS", 0))
            assert int(period[:-1]) * SECONDS[period[-1]] > drain + 2 * GRACE
