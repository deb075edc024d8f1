import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from journey import migrate
from journey.migrate import (
    AppliedOutOfOrder,
    EditedMigration,
    MigrationFailed,
    MigrationInterrupted,
    MigrationsMissing,
    Misnumbered,
    NotMigrated,
    UnknownMigration,
)

CHECKOUT = Path(__file__).parents[1]
Write = Callable[..., Path]

PATIENT = "CREATE TABLE patient (id int PRIMARY KEY, team text);"
INDEX = """-- no-transaction
DROP INDEX CONCURRENTLY IF EXISTS patient_team;
CREATE INDEX CONCURRENTLY patient_team ON patient (team);
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a folder of migrations, as it is in one version of the project."""

    def folder(**files: str) -> Path:
        for old in tmp_path.glob("*.sql"):
            old.unlink()
        for name, text in files.items():
            (tmp_path / f"{name.removeprefix('_')}.sql").write_text(text)
        return tmp_path

    return folder


def tables(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        return {
            row[0] for row in connection.execute("SELECT relname FROM pg_class WHERE relkind IN ('r', 'i')")
        }


def test_the_projects_own_are_applied_once(empty_database_url: str) -> None:
    names = [path.name for path in sorted((CHECKOUT / "migrations").glob("*.sql"))]
    assert migrate.pending(empty_database_url) == names
    assert migrate.migrate(empty_database_url) == names
    assert migrate.migrate(empty_database_url) == []
    migrate.check(empty_database_url)


def test_each_is_recorded_with_its_checksum(empty_database_url: str, write: Write) -> None:
    migrate.migrate(empty_database_url, write(_0001_patient=PATIENT))
    with psycopg.connect(empty_database_url) as connection:
        row = connection.execute(
            "SELECT name, sha256 = encode(sha256(%s), 'hex'), now() - applied_at < '1 min', milliseconds >= 0"
            "  FROM schema_migration",
            [PATIENT.encode()],
        ).fetchone()
    assert row == ("0001_patient.sql", True, True, True)


def test_only_what_is_new_is_applied_and_looking_changes_nothing(
    empty_database_url: str, write: Write
) -> None:
    first = write(_0001_patient=PATIENT)
    assert migrate.pending(empty_database_url, first) == ["0001_patient.sql"]
    assert "schema_migration" not in tables(empty_database_url)
    migrate.migrate(empty_database_url, first)
    second = write(_0001_patient=PATIENT, _0002_visit="CREATE TABLE visit ();")
    with pytest.raises(
        NotMigrated, match=r"is behind this version of Journey by 0002_visit.sql\. Run: journey migrate"
    ):
        migrate.check(empty_database_url, second)
    assert migrate.migrate(empty_database_url, second) == ["0002_visit.sql"]
    assert {"patient", "visit"} <= tables(empty_database_url)


def test_an_edited_one_is_refused(empty_database_url: str, write: Write) -> None:
    migrate.migrate(empty_database_url, write(_0001_patient=PATIENT))
    edited = write(_0001_patient=PATIENT + " -- better", _0002_visit="CREATE TABLE visit ();")
    with pytest.raises(
        EditedMigration, match=r"0001_patient.sql was changed .* make the change in a new migration\.$"
    ):
        migrate.migrate(empty_database_url, edited)
    assert "visit" not in tables(empty_database_url)


def test_a_database_that_is_ahead_is_refused(empty_database_url: str, write: Write) -> None:
    migrate.migrate(empty_database_url, write(_0001_patient=PATIENT, _0002_visit="CREATE TABLE visit ();"))
    older = write(_0001_patient=PATIENT)
    for action in (migrate.migrate, migrate.pending, migrate.check):
        with pytest.raises(UnknownMigration, match=r"has had 0002_visit.sql, which this version"):
            action(empty_database_url, older)


def test_one_slipped_in_before_the_last_is_refused(empty_database_url: str, write: Write) -> None:
    migrate.migrate(empty_database_url, write(_0001_a="SELECT 1", _0002_b="SELECT 1", _0003_c="SELECT 1"))
    with psycopg.connect(empty_database_url) as connection:
        connection.execute("DELETE FROM schema_migration WHERE name = '0002_b.sql'")
    with pytest.raises(AppliedOutOfOrder, match=r"0002_b.sql has not been applied, yet 0003_c.sql has"):
        migrate.migrate(empty_database_url, write(_0001_a="SELECT 1", _0002_b="SELECT 1", _0003_c="SELECT 1"))


@pytest.mark.parametrize(
    ("names", "wrong"),
    [
        (["_0001_a", "_0003_c"], "0003_c.sql is not what follows 0001_a.sql"),
        (["_0001_a", "_0001_b"], "0001_b.sql is not what follows 0001_a.sql"),
        (["_0002_b"], "0002_b.sql is not what follows nothing"),
        (["_0001_a", "fix"], "fix.sql is not what follows 0001_a.sql"),
    ],
)
def test_gaps_and_other_names_are_refused(
    empty_database_url: str, write: Write, names: list[str], wrong: str
) -> None:
    with pytest.raises(Misnumbered, match=wrong):
        migrate.migrate(empty_database_url, write(**dict.fromkeys(names, "SELECT 1")))


def test_an_empty_folder_is_refused(empty_database_url: str, tmp_path: Path) -> None:
    with pytest.raises(MigrationsMissing, match="There are no migrations in"):
        migrate.migrate(empty_database_url, tmp_path)


def test_a_failing_one_leaves_nothing_and_keeps_those_before_it(
    empty_database_url: str, write: Write
) -> None:
    broken = "CREATE TABLE visit (); CREATE TABLE visit ();"
    with pytest.raises(MigrationFailed, match=r'0002_visit.sql failed .*: relation "visit" already exists\.'):
        migrate.migrate(empty_database_url, write(_0001_patient=PATIENT, _0002_visit=broken))
    assert "patient" in tables(empty_database_url)
    assert "visit" not in tables(empty_database_url)


def test_each_has_the_same_limits_unless_it_sets_its_own(empty_database_url: str, write: Write) -> None:
    settings = "current_setting('lock_timeout') AS lock, current_setting('statement_timeout') AS statement"
    shown = f"CREATE TABLE {{}} AS SELECT {settings};"
    folder = write(
        _0001_first=shown.format("first") + "SET statement_timeout = '1min';",
        _0002_second=shown.format("second"),
        _0003_third="-- no-transaction\n" + shown.format("third"),
    )
    migrate.migrate(empty_database_url, folder)
    with psycopg.connect(empty_database_url) as connection:
        rows = connection.execute("TABLE first UNION ALL TABLE second UNION ALL TABLE third").fetchall()
    assert rows == [("4s", "5s")] * 3


def test_a_lock_somebody_holds_is_not_waited_for_long(empty_database_url: str, write: Write) -> None:
    migrate.migrate(empty_database_url, write(_0001_patient=PATIENT))
    born = "SET LOCAL lock_timeout = '50ms'; ALTER TABLE patient ADD born date;"
    later = write(_0001_patient=PATIENT, _0002_born=born)
    with psycopg.connect(empty_database_url) as busy:
        busy.execute("SELECT * FROM patient")
        with pytest.raises(
            MigrationFailed, match=r"nothing of it was kept: another session holds a lock it needs\."
        ):
            migrate.migrate(empty_database_url, later)
    assert migrate.migrate(empty_database_url, later) == ["0002_born.sql"]


def test_a_statement_that_takes_long_is_stopped(empty_database_url: str, write: Write) -> None:
    slow = write(_0001_slow="SET LOCAL statement_timeout = '50ms'; SELECT pg_sleep(60);")
    with pytest.raises(MigrationFailed, match="a statement took longer than it may"):
        migrate.migrate(empty_database_url, slow)


def test_one_outside_a_transaction_starts_over_when_it_was_interrupted(
    empty_database_url: str, write: Write
) -> None:
    interrupted = INDEX + "SELECT 1 / 0;\n"
    with pytest.raises(
        MigrationInterrupted, match=r"failed part-way.*: division by zero\..* it starts that file over"
    ):
        migrate.migrate(empty_database_url, write(_0001_patient=PATIENT, _0002_index=interrupted))
    assert "patient_team" in tables(empty_database_url)
    assert migrate.migrate(empty_database_url, write(_0001_patient=PATIENT, _0002_index=INDEX)) == [
        "0002_index.sql"
    ]


def test_many_migrating_at_once_apply_each_once(empty_database_url: str, write: Write) -> None:
    """CREATE INDEX CONCURRENTLY among them: it waits for the snapshots of those who wait."""
    folder = write(_0001_patient=PATIENT, _0002_index=INDEX, _0003_visit="CREATE TABLE visit ();")
    with ThreadPoolExecutor(4) as starters:
        applied = list(starters.map(lambda _: migrate.migrate(empty_database_url, folder), range(4)))
    assert sorted(map(len, applied)) == [0, 0, 0, 3]
    with psycopg.connect(empty_database_url) as connection:
        valid = connection.execute(
            "SELECT indisvalid FROM pg_index WHERE indexrelid = 'patient_team'::regclass"
        )
        assert valid.fetchone() == (True,)


def test_an_installed_wheel_brings_its_migrations_along(empty_database_url: str, tmp_path: Path) -> None:
    site = str(tmp_path / "site")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    where = ["--no-build-isolation", "--no-deps", "--no-index", "--target", site]
    subprocess.run([*pip, *where, str(CHECKOUT)], check=True)
    environment = {"DATABASE_URL": empty_database_url, "PYTHONPATH": site}
    where_from = [sys.executable, "-c", "from journey import migrate; print(migrate.__file__)"]
    found = subprocess.run(where_from, check=True, cwd=tmp_path, env=environment, capture_output=True)
    assert found.stdout.decode().startswith(site)
    subprocess.run([f"{site}/bin/journey", "migrate"], check=True, cwd=tmp_path, env=environment)
    migrate.check(empty_database_url)


def test_search_does_without_what_the_user_may_not_install(empty_database_url: str) -> None:
    """It finds less, and nothing fails: an extension needs a right on the database itself."""
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute("CREATE ROLE no_extensions LOGIN")
        connection.execute("GRANT ALL ON SCHEMA public TO no_extensions")
        try:
            migrate.migrate(psycopg.conninfo.make_conninfo(empty_database_url, user="no_extensions"))
            assert connection.execute("SELECT resembles('okafro', ' okafor ')").fetchone() == (False,)
        finally:
            connection.execute("DROP OWNED BY no_extensions")
            connection.execute("DROP ROLE no_extensions")


def test_search_has_a_mind_for_typing_errors_where_it_may(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("SET pg_trgm.strict_word_similarity_threshold = 0.33")
        for word, resembles in {"okafro": True, "quilon": True, "smith": False, "llon": False}.items():
            found = connection.execute("SELECT resembles(%s, ' okafor quillon ngozi ')", (word,)).fetchone()
            assert found == (resembles,), word
