import ast
from pathlib import Path
from typing import get_args

import pytest
from pydantic import ValidationError

from journey.api.access.table import Role
from journey.oidc import RoleWord
from journey.settings import Settings, SettingsError, environment_name

PACKAGE = Path(__file__).parents[1] / "journey"


def test_nothing_has_to_be_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings.load()
    assert settings.database_url is None
    assert settings.home == tmp_path / ".journey"
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.max_body_bytes == 1024 * 1024
    assert settings.cors_origins == ""


def test_the_environment_sets_and_a_choice_of_the_command_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://db/journey")
    monkeypatch.setenv("JOURNEY_HOME", "~/journeys")
    monkeypatch.setenv("JOURNEY_PORT", "9000")
    monkeypatch.setenv("JOURNEY_TIMEZONE", "Europe/London")
    monkeypatch.setenv("JOURNEY_POSTGRES_BIN_DIR", "/usr/lib/postgresql/15/bin")
    settings = Settings.load(port=9001)
    assert settings.database_url == "postgresql://db/journey"
    assert settings.home == Path.home() / "journeys"
    assert settings.port == 9001
    assert settings.timezone == "Europe/London"
    assert settings.postgres_bin_dir == Path("/usr/lib/postgresql/15/bin")


def test_set_but_empty_is_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("JOURNEY_PORT", "")
    assert Settings.load() == Settings()


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        (
            "JOURNEY_PORT",
            "http",
            "JOURNEY_PORT is 'http': it should be a valid integer, unable to parse string as an integer.",
        ),
        ("JOURNEY_PORT", "70000", "JOURNEY_PORT is '70000': it should be less than or equal to 65535."),
        (
            "JOURNEY_TIMEZONE",
            "Mars/Phobos",
            "JOURNEY_TIMEZONE is 'Mars/Phobos': it should be an IANA time zone, such as Europe/London.",
        ),
        (
            "JOURNEY_TIMEZONE",
            "../etc",
            "JOURNEY_TIMEZONE is '../etc': it should be an IANA time zone, such as Europe/London.",
        ),
        (
            "JOURNEY_TIMEZONE",
            "Europe",
            "JOURNEY_TIMEZONE is 'Europe': it should be an IANA time zone, such as Europe/London.",
        ),
        (
            "JOURNEY_LOG_LEVEL",
            "loud",
            "JOURNEY_LOG_LEVEL is 'loud': it should be 'debug', 'info', 'warning' or 'error'.",
        ),
        (
            "JOURNEY_CORS_ORIGINS",
            "*",
            (
                "JOURNEY_CORS_ORIGINS is '*': it should be origins by commas, such as "
                "https://board.example.org, and never *."
            ),
        ),
        (
            "JOURNEY_OIDC_ISSUER",
            "http://id.example.org",
            (
                "JOURNEY_OIDC_ISSUER is 'http://id.example.org': it should be an https:// address; "
                "http:// is for this machine alone."
            ),
        ),
        (
            "JOURNEY_OIDC_ROLES",
            "ward-clerk",
            (
                "JOURNEY_OIDC_ROLES is 'ward-clerk': it should be pairs by commas, such as "
                "ward-clerk=coordinator,auditor=compliance."
            ),
        ),
        (
            "JOURNEY_OIDC_ROLES",
            "ward-clerk=boss",
            (
                "JOURNEY_OIDC_ROLES is 'boss': it should be 'coordinator', 'clinician', 'compliance', "
                "'integrator' or 'admin'."
            ),
        ),
        (
            "JOURNEY_READ_POOL_SIZE",
            "0",
            "JOURNEY_READ_POOL_SIZE is '0': it should be greater than or equal to 1.",
        ),
    ],
)
def test_a_value_that_cannot_be_used_is_named_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        Settings.load()
    assert str(refused.value) == sentence
    assert refused.value.__cause__ is None


def test_a_setting_that_does_not_exist_is_refused() -> None:
    with pytest.raises(SettingsError, match="There is no setting prot"):
        Settings.load(prot=8000)


def test_it_is_frozen_and_keeps_the_password_to_itself() -> None:
    settings = Settings.load(database_url="postgresql://u:pa55word@db/journey")
    with pytest.raises(ValidationError):
        setattr(settings, "port", 1)  # noqa: B010 - an assignment the type checker already refuses
    assert "pa55word" not in repr(settings)


def test_every_setting_says_in_one_line_what_it_is() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert "\n" not in field.description
        assert field.description.endswith(".")
    assert environment_name("database_url") == "DATABASE_URL"
    assert environment_name("home") == "JOURNEY_HOME"


def test_nothing_else_reads_the_environment() -> None:
    readers = {"environ", "environb", "getenv", "getenvb"}
    for path in set(PACKAGE.rglob("*.py")) - {PACKAGE / "settings.py"}:
        for node in ast.walk(ast.parse(path.read_text())):
            names = {node.attr} if isinstance(node, ast.Attribute) else set()
            names |= {alias.name for alias in node.names} if isinstance(node, ast.ImportFrom) else set()
            assert not names & readers, f"{path} reads the environment: that is for journey/settings.py"


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS256,HS256", "rs256", ","])
def test_tokens_are_never_signed_with_a_secret(monkeypatch: pytest.MonkeyPatch, algorithm: str) -> None:
    monkeypatch.setenv("JOURNEY_OIDC_ALGORITHMS", algorithm)
    with pytest.raises(SettingsError, match=r"^JOURNEY_OIDC_ALGORITHMS is "):
        Settings.load()


@pytest.mark.parametrize(
    "issuer",
    [
        *(
            "https://a b",
            "https://",
            "https://u:p@id.example.org",
            "https://id.example.org/#x",
            "https://[::",
        ),
        *("http://127.0.0.1.example.org", "http://localhost.example.org", "https://id.example.org:x"),
        *("id", "ftp://127.0.0.1"),
    ],
)
def test_an_issuer_is_where_nobody_can_come_between(monkeypatch: pytest.MonkeyPatch, issuer: str) -> None:
    monkeypatch.setenv("JOURNEY_OIDC_AUDIENCE", "journey")
    monkeypatch.setenv("JOURNEY_OIDC_ISSUER", issuer)
    with pytest.raises(SettingsError, match=r"^JOURNEY_OIDC_ISSUER is "):
        Settings.load()


@pytest.mark.parametrize(
    "issuer", ["https://id.example.org/realms/a", "http://[::1]:8080", "http://localhost"]
)
def test_an_issuer_says_what_its_tokens_are_meant_for(monkeypatch: pytest.MonkeyPatch, issuer: str) -> None:
    monkeypatch.setenv("JOURNEY_OIDC_ISSUER", issuer)
    with pytest.raises(SettingsError, match=r"^JOURNEY_OIDC_AUDIENCE is .*what tokens are meant for"):
        Settings.load()
    monkeypatch.setenv("JOURNEY_OIDC_AUDIENCE", "journey, account")
    monkeypatch.setenv("JOURNEY_OIDC_ROLES", "nurse=clinician, clerk = coordinator")
    settings = Settings.load()
    assert settings.oidc_audience == ("journey", "account")
    assert settings.oidc_roles == {"nurse": "clinician", "clerk": "coordinator"}


def test_every_role_can_be_a_word_of_the_issuer_and_an_admin_has_to_be() -> None:
    assert set(get_args(RoleWord)) == set(Role)
    assert set(Settings.load().oidc_roles) == set(Role) - {Role.ADMIN}
