"""Backup and restore, as docs/operations.md tells them: what was kept goes on, and followers notice."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from journey.api.access.table import Role
from journey.bench import recomputed
from journey.embedded import Cluster
from journey.embedded.binaries import Binaries, find
from journey.ledger.seals import Place
from journey.ledger.verify import verify
from journey.ledger.verifying.finding import Kind
from journey.migrate import migrate
from tests.served import Api, served
from tests.waiting import until

pytestmark = pytest.mark.database

PROGRAMS = ("pg_dump", "pg_restore", "pg_basebackup")


@pytest.fixture(scope="module")
def programs(postgres_bin_dir: Path | None) -> Binaries:
    found = find(postgres_bin_dir)
    if missing := [each for each in PROGRAMS if not Path(found / each).exists()]:
        pytest.skip(f"{', '.join(missing)} are not installed: NO BACKUP WAS MADE, NONE WAS RESTORED")
    return found


@pytest.fixture
def original(short_folder: Path, postgres_bin_dir: Path | None) -> Iterator[Cluster]:
    with Cluster(short_folder / "original", durable=False, binaries=postgres_bin_dir) as cluster:
        migrate(cluster.url())
        yield cluster


def run(program: str, *arguments: str) -> None:
    done = subprocess.run([program, *arguments], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def sound(api: Api) -> bool:
    """Every read model is at the end of the log, and what the log gives."""
    with psycopg.connect(api.conninfo) as connection:
        waiting = connection.execute("SELECT count(*) FROM pending").fetchone()
        return waiting == (0,) and list(recomputed.complaints(connection)) == []


def followed(api: Api, after: str | None = None) -> dict[str, Any]:
    """The log from the cursor to its end, once all is in it that was recorded."""
    until(lambda: sound(api))
    answer = api.get(f"/v1/events?limit=500{f'&after={after}' if after else ''}", role=Role.INTEGRATOR)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def is_signed(api: Api, size: int) -> bool:
    """Whether a checkpoint signs so many events."""
    with psycopg.connect(api.conninfo) as connection:
        return connection.execute("SELECT max(size) FROM ledger_checkpoint").fetchone() == (size,)


def is_a_copy(url: str) -> bool:
    """Whether the server still brings back what was archived."""
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT pg_is_in_recovery()").fetchone() != (False,)


def positions(page: dict[str, Any]) -> list[int]:
    return [int(each["sequence"]) for each in page["events"]]


def goes_on(api: Api, kept: dict[str, Any], lost: dict[str, Any]) -> dict[str, Any]:
    """What a follower sees who had read to the backup, and one who had read beyond it."""
    until(lambda: api.get("/readyz", role=None).status_code == 200)
    until(lambda: sound(api))
    epoch = api.get("/readyz", role=None).json()["epoch"]
    end = len(kept["events"])
    assert (epoch["number"], epoch["began_after"]) == (2, end)
    assert epoch["id"] != kept["epoch"]["id"]

    assert positions(followed(api, kept["next"])) == []
    rewound = api.get(f"/v1/events?after={lost['next']}", role=Role.INTEGRATOR)
    assert (rewound.status_code, rewound.json()["code"]) == (410, "store-rewound")
    assert (rewound.json()["position"], rewound.json()["epoch"]) == (end, 2)

    api.opened()
    new = followed(api, rewound.json()["next"])
    assert positions(new) == [end + 1, end + 2]
    assert followed(api, kept["next"]) == new
    assert positions(followed(api)) == list(range(1, end + 3))
    until(lambda: sound(api))
    return new


def findings(url: str, home: Path) -> set[Kind]:
    """What an officer finds who has the anchors."""
    result = verify(url, Place(home / "ledger"), lambda _done, _all: None, whole=True)
    return {each.kind for each in result.findings}


def test_what_is_moved_whole_is_verified_without_an_alarm(
    original: Cluster, programs: Binaries, short_folder: Path, tmp_path: Path
) -> None:
    dump = str(short_folder / "journey.dump")
    with served(original.url(), tmp_path) as api:
        api.opened()
        followed(api)
    run(programs / "pg_dump", "--format=custom", f"--file={dump}", original.url())
    with psycopg.connect(original.url(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE moved")
    run(programs / "pg_restore", "--exit-on-error", f"--dbname={original.url('moved')}", dump)
    assert findings(original.url("moved"), tmp_path) == set()
    with served(original.url("moved"), tmp_path, tokens=api.tokens) as api:
        api.opened()
        assert followed(api)["epoch"]["number"] == 2
    assert findings(original.url("moved"), tmp_path) == set()


def test_a_dump_restored_into_another_database(
    original: Cluster, programs: Binaries, short_folder: Path, tmp_path: Path
) -> None:
    dump = str(short_folder / "journey.dump")
    once = {"Idempotency-Key": "once"}
    with served(original.url(), tmp_path) as api:
        journey = api.opened()
        first = api.post(f"{journey}/start-intake", {"channel": "phone"}, headers=once)
        kept = followed(api)
        run(programs / "pg_dump", "--format=custom", f"--file={dump}", original.url())
        api.opened()
        lost = followed(api)
        tokens = api.tokens
    assert (len(kept["events"]), len(lost["events"])) == (3, 5)
    with psycopg.connect(original.url(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE restored")
    run(programs / "pg_restore", "--exit-on-error", f"--dbname={original.url('restored')}", dump)

    with served(original.url("restored"), tmp_path, tokens=tokens) as api:
        new = goes_on(api, kept, lost)
        again = api.post(f"{journey}/start-intake", {"channel": "phone"}, headers=once)
        assert again.json() == first.json()
    with served(original.url(), tmp_path, tokens=tokens) as api:
        assert api.get("/readyz", role=None).json()["epoch"] == lost["epoch"]
        assert positions(followed(api, lost["next"])) == []
        stranger = api.get(f"/v1/events?after={new['next']}", role=Role.INTEGRATOR).json()
        assert (stranger["code"], stranger["position"]) == ("store-rewound", 0)


def test_a_base_backup_brought_to_a_point_in_time(
    original: Cluster, programs: Binaries, short_folder: Path, postgres_bin_dir: Path | None, tmp_path: Path
) -> None:
    backup, archive = short_folder / "restored" / "database" / "data", short_folder / "archive"
    with served(original.url(), tmp_path) as api:
        run(
            programs / "pg_basebackup",
            f"--dbname={original.url()}",
            f"--pgdata={backup}",
            "--checkpoint=fast",
        )
        api.opened()
        kept = followed(api)
        until(lambda: is_signed(api, len(kept["events"])))
        with psycopg.connect(original.url(), autocommit=True) as connection:
            connection.execute("SELECT pg_create_restore_point('noon')")
            api.opened()
            lost = followed(api)
            connection.execute("SELECT pg_switch_wal()")
        tokens = api.tokens
    data = short_folder / "original" / "database" / "data"
    shutil.copytree(data / "pg_wal", archive)
    with (backup / "postgresql.auto.conf").open("a") as settings:
        settings.write(f"restore_command = 'cp {archive}/%f %p'\n")
        settings.write("recovery_target_name = 'noon'\nrecovery_target_action = 'promote'\n")
    (backup / "recovery.signal").touch()
    belongs_to(data.stat(), backup, archive)
    for above in (backup.parent, backup.parent.parent):
        above.chmod(0o711)

    with Cluster(short_folder / "restored", durable=False, binaries=postgres_bin_dir) as restored:
        until(lambda: not is_a_copy(restored.url()))
        with served(restored.url(), tmp_path, tokens=tokens) as api:
            goes_on(api, kept, lost)
        with psycopg.connect(restored.url()) as connection:
            rows = connection.execute("SELECT system_identifier, timeline FROM store_epoch ORDER BY number")
            (before, first), (after, second) = rows.fetchall()
        assert (before, first, second) == (after, 1, 2)
        found = findings(restored.url(), tmp_path)
        assert found, "what was anchored after noon is gone, and missed"
        assert found <= {Kind.TRUNCATED, Kind.FORKED}


def belongs_to(owner: os.stat_result, *folders: Path) -> None:
    """The server runs as this account."""
    for folder in folders:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, owner.st_uid, owner.st_gid)
