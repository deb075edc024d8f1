"""Everything that can be set from outside, in one frozen object. Nothing else in the project reads the
environment.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsConfigDict

from journey.listening import ListeningSettings
from journey.oidc import OidcSettings
from journey.outgoing import OutgoingSettings

PREFIX = "JOURNEY_"


class SettingsError(Exception):
    """A setting has a value that cannot be used; the message names it as it is written in the environment."""


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):  # no such name, not a name at all, a folder's name
        raise ValueError("it should be an IANA time zone, such as Europe/London") from None
    return name


def _origins(text: str) -> str:
    if not all(ORIGIN.fullmatch(each.strip()) for each in text.split(",") if text):
        raise ValueError("it should be origins by commas, such as https://board.example.org, and never *")
    return text


ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?|https?://\[[0-9a-f:]+\](:\d{1,5})?")


def _without_spaces(name: str) -> str:
    if not re.fullmatch(r"[^\s+]{1,200}", name):
        raise ValueError("it should be a name without a space or a plus, such as clinic.example/journey")
    return name


Folder = Annotated[Path, AfterValidator(_absolute)]
Origin = Annotated[str, AfterValidator(_without_spaces)]
Origins = Annotated[str, AfterValidator(_origins)]
TimeZone = Annotated[str, AfterValidator(_known_zone)]


class Settings(ListeningSettings, OutgoingSettings, OidcSettings):
    """Read with ``Settings.load()``, once, where a program starts. Set but empty counts as unset, as in a
    compose file.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        frozen=True,
        populate_by_name=True,
        validate_default=True,
        extra="forbid",
    )

    database_url: str | None = Field(
        default=None,
        validation_alias="DATABASE_URL",
        repr=False,
        description="The PostgreSQL (15 or newer) to use; unset, an embedded one under JOURNEY_HOME.",
    )
    home: Folder = Field(
        default=Path(".journey"),
        description="The folder for what Journey keeps itself, the embedded database among it.",
    )
    master_key_file: Folder | None = Field(
        default=None,
        description="A file of the keys that wrap every patient's data key: 32 bytes in base64, one a line, "
        "the first in use; unset, master.key under JOURNEY_HOME for the embedded database.",
    )
    retention_years: int = Field(
        default=6,
        ge=0,
        le=100,
        description="Years after a journey's last event for which nothing of it may be erased.",
    )
    timezone: TimeZone = Field(
        default="UTC",
        description="The IANA time zone in which days begin and end, and times are shown.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info",
        description="The least severe messages that are logged.",
    )
    log_format: Literal["auto", "console", "json"] = Field(
        default="auto",
        description="How log lines look; auto is console on a terminal and json elsewhere.",
    )
    host: str = Field(
        default="127.0.0.1",
        description="The address `journey serve` listens on.",
    )
    port: int = Field(
        default=8000,
        ge=0,
        le=65535,
        description="The port `journey serve` listens on; 0 takes any free one.",
    )
    read_pool_size: int = Field(
        default=8,
        ge=1,
        le=1000,
        description="The most database connections a process keeps for answering reads.",
    )
    write_threads: int = Field(
        default=4,
        ge=1,
        le=1000,
        description="The commands a process handles at the same time, each with a database connection.",
    )
    drain_seconds: float = Field(
        default=0.0,
        ge=0,
        le=600,
        description="Seconds to go on serving, no longer ready, after being told to stop.",
    )
    max_body_bytes: int = Field(
        default=1 << 20,
        ge=1,
        description="The largest request body accepted, in bytes.",
    )
    max_requests: int = Field(
        default=2000,
        ge=1,
        description="The requests a process has under way at once, those that wait for events among them.",
    )
    console_idle: int = Field(
        default=15, ge=1, le=720, description="Minutes without use after which the console signs out."
    )
    console_hours: int = Field(
        default=12, ge=1, le=168, description="Hours after which the console signs out in any case."
    )
    max_streams: int = Field(
        default=5000, ge=1, description="The streams of events that a process has open at once."
    )
    max_streams_per_key: int = Field(
        default=2500, ge=1, description="Those of them that are open with one key."
    )
    rate_per_second: float = Field(
        default=1000.0,
        ge=0,
        allow_inf_nan=False,
        description="The requests a second that a process answers each key; 0 is no limit.",
    )
    rate_burst: float = Field(
        default=5000.0,
        ge=1,
        allow_inf_nan=False,
        description="The requests that a key may send at once, after a rest.",
    )
    cors_origins: Origins = Field(
        default="",
        description="The origins whose pages may ask from a browser, by commas: https://board.example.org.",
    )
    trusted_proxies: str = Field(
        default="127.0.0.1,::1",
        description="Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed: addresses by commas.",
    )
    ledger_origin: Origin | None = Field(
        default=None,
        description="What the ledger's checkpoints and first key are called; journey/ and an id, if not set.",
    )
    ledger_key_file: Folder | None = Field(
        default=None,
        description="The file of the key that signs checkpoints, the same for all workers; made if missing.",
    )
    anchors: Folder | None = Field(
        default=None,
        description="The folder in which checkpoints are kept outside the database.",
    )
    otlp_endpoint: str | None = Field(
        default=None,
        description="Where traces are sent, OTLP over HTTP: http://localhost:4318; needs journey[otel].",
    )
    pathways: Folder | None = Field(
        default=None,
        description="A folder of pathway definitions (*.yaml) beside those that ship.",
    )
    postgres_bin_dir: Folder | None = Field(
        default=None,
        description="The folder of the PostgreSQL programs the embedded database runs, if not those found.",
    )

    @classmethod
    def load(cls, **chosen: Any) -> Self:
        """From the environment, save what is chosen here (a command's options). Raises SettingsError, never
        a pydantic error.
        """
        try:
            return cls(**chosen)
        except ValidationError as error:
            raise SettingsError(" ".join(map(_sentence, error.errors()))) from None


@contextmanager
def inherited(**chosen: str) -> Iterator[None]:
    """Programs that are started within the block find these in their environment."""
    before = {name: os.environ.get(name) for name in chosen}
    os.environ.update(chosen)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def handed_on() -> dict[str, str]:
    """What programs that are started now find in their environment."""
    return dict(os.environ)


def environment_name(field: str) -> str:
    """The name of a setting in the environment."""
    alias = Settings.model_fields[field].validation_alias
    return alias if isinstance(alias, str) else f"{PREFIX}{field}".upper()


def _sentence(problem: ErrorDetails) -> str:
    location = str(problem["loc"][0])
    if problem["type"] == "extra_forbidden":
        return f"There is no setting {location}."
    name = environment_name(location.lower()) if location.lower() in Settings.model_fields else location
    reason = problem["msg"].removeprefix("Value error, ").replace("Input should", "it should")
    value = "" if name == "DATABASE_URL" else f" is {problem['input']!r}"
    return f"{name}{value}: {reason}."
