"""Reviews of the audit from the command line: put in writing, listed, and entries of the audit themselves."""

import psycopg
import pytest

from tests.cli.conftest import Program

pytestmark = pytest.mark.database

GLASS = "018f0000-0000-7000-8000-0000000000b1"
PERIOD = ("--from", "2026-10-01", "--to", "2026-11-01")
SAID = ("--scope", "orthopaedics", "--findings", "Nothing\nto object to.", "--by", "M. Officer")


def test_what_a_review_names_is_reviewed(clinic: Program) -> None:
    with psycopg.connect(clinic.environment["DATABASE_URL"]) as connection:
        connection.execute(
            """
            INSERT INTO break_glass (break_glass_id, caller, name, role, reason_code, reason_text, ends_at)
            VALUES (%s, 'key-1', 'Dr Ann', 'clinician', 'ETREAT', 'Brought in', now() + interval '1 h')
            """,
            (GLASS,),
        )
    [left] = clinic.answer("audit", "reviews")["unreviewed"]
    assert (left["break_glass_id"], left["overdue"]) == (GLASS, False)
    assert "unreviewed   break-glass" in clinic.run("audit", "reviews").stdout

    review = clinic.answer("audit", "review", *PERIOD, *SAID, "--break-glass", GLASS)
    listed = clinic.answer("audit", "reviews")
    assert (listed["reviews"], listed["unreviewed"]) == ([review], [])
    with psycopg.connect(clinic.environment["DATABASE_URL"]) as connection:
        [(kind, findings)] = connection.execute(
            "SELECT kind, detail->>'findings' FROM access_event WHERE detail->>'command' = 'audit review'"
        ).fetchall()
        [(looks,)] = connection.execute(
            "SELECT count(*) FROM access_event WHERE detail->>'command' = 'audit reviews'"
        ).fetchall()
    assert (kind, findings) == ("review", "Nothing\nto object to.")
    assert looks == 3


@pytest.mark.parametrize(
    ("given", "named"),
    [(("--to", "2026-09-01"), "--to"), (("--findings", ""), "--findings"), (("--scope", "a\0"), "--scope")],
)
def test_a_review_that_says_nothing_is_not_recorded(
    clinic: Program, given: tuple[str, str], named: str
) -> None:
    done = clinic.run("audit", "review", *PERIOD, *SAID, *given)
    assert done.returncode == 2
    assert named in done.stderr
