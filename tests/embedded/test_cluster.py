import contextlib
import fcntl
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from journey.embedded import Cluster, ClusterError, binaries, place, watchdog
from tests.conftest import throw_away_folder
from tests.waiting import until

CHECKOUT = Path(__file__).parents[2]
LIBRARIES = Path(psycopg.__file__).parents[1]
NOBODY = 65534
LENT: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root lends the server another account")

USER = """
import sys
sys.path[:0] = sys.argv[3:]
import signal
from pathlib import Path
import psycopg
from journey.embedded import Cluster, ClusterError
from journey.log import configure
from journey.settings import Settings

signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background it is ignored
configure(Settings.load())
home, programs = Path(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2] else None
try:
    with Cluster(home, durable=False, binaries=programs) as cluster:
        try:
            print(cluster.url(), flush=True)
            sys.stdin.read()
        except KeyboardInterrupt:
            print("still there:", psycopg.connect(cluster.url()).execute("SELECT 1").fetchone(), flush=True)
except ClusterError as error:
    print("refused:", error)
"""

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture(scope="session")
def stopped(postgres_bin_dir: Path | None) -> Iterator[Path]:
    """The home of a cluster that was made and stopped, to copy from: making one takes most of a second."""
    with throw_away_folder() as folder:
        with Cluster(folder, durable=False, binaries=postgres_bin_dir):
            pass
        yield folder


@pytest.fixture
def home(stopped: Path, short_folder: Path) -> Path:
    subprocess.run(["cp", "-a", stopped, short_folder / "home"], check=True)
    return short_folder / "home"


@pytest.fixture
def start_user(short_folder: Path, postgres_bin_dir: Path | None) -> Iterator[Start]:
    """Starts processes that use a cluster until their input ends; none outlives the test."""
    users: list[subprocess.Popen[str]] = []

    def start(
        home: Path, *, before: tuple[str, ...] = (), python: str = sys.executable, **account: Any
    ) -> subprocess.Popen[str]:
        programs = str(postgres_bin_dir or "")
        user = subprocess.Popen(
            [*before, python, "-c", USER, str(home), programs, str(CHECKOUT), str(LIBRARIES)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd="/",
            start_new_session=True,
            **account,
        )
        users.append(user)
        return user

    yield start
    for user in users:
        user.kill()
        user.communicate()
    for database in short_folder.glob("*/database"):
        until(partial(is_gone, database.parent))


def first_line(user: subprocess.Popen[str]) -> str:
    assert user.stdout is not None
    return user.stdout.readline().strip()


def is_gone(home: Path) -> bool:
    """No process of the server lives: each of them holds this lock."""
    path = home / "database" / "server.lock"
    if not path.exists():
        return True
    lock = watchdog.open_lock(path)
    try:
        return watchdog.taken(lock, fcntl.LOCK_EX)
    finally:
        os.close(lock)


def server_of(home: Path) -> int:
    pid = watchdog.postmaster(home / "database" / "data")
    assert pid is not None
    return pid


def watchdogs_of(home: Path) -> list[int]:
    """Found as a killer would find them: by their command line."""
    listed = subprocess.run(
        ["ps", "-axww", "-o", "pid=,command="], capture_output=True, text=True, check=True
    )
    return [
        int(line.split()[0])
        for line in listed.stdout.splitlines()
        if "watchdog.py" in line and str(home / "database") in line
    ]


def ask(url: str, query: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(query.encode()).fetchone()
    return row and row[0]


def write(url: str, number: int) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (number int)")
        connection.execute("INSERT INTO kept VALUES (%s)", [number])


def test_what_is_committed_is_there_after_a_restart(home: Path, postgres_bin_dir: Path | None) -> None:
    cluster = Cluster(home, binaries=postgres_bin_dir)
    write(cluster.start(), 7)
    cluster.stop()
    assert is_gone(home)
    with cluster:
        assert ask(cluster.url(), "SELECT number FROM kept") == 7


def test_it_is_durable_private_and_on_no_network(home: Path, postgres_bin_dir: Path | None) -> None:
    with Cluster(home, binaries=postgres_bin_dir) as cluster:
        for setting, value in {
            "fsync": "on",
            "full_page_writes": "on",
            "synchronous_commit": "on",
            "data_checksums": "on",
            "listen_addresses": "",
            "server_encoding": "UTF8",
            "TimeZone": "UTC",
        }.items():
            assert ask(cluster.url(), f"SHOW {setting}") == value
        sockets = Path(str(ask(cluster.url(), "SHOW unix_socket_directories")).strip('"'))
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
        assert stat.S_IMODE((home / "database" / "data").stat().st_mode) == 0o700


def test_text_sorts_by_code_point_and_changes_case_beyond_ascii(
    home: Path, postgres_bin_dir: Path | None
) -> None:
    with Cluster(home, durable=False, binaries=postgres_bin_dir) as cluster:
        assert (
            ask(cluster.url(), "SELECT string_agg(x, '' ORDER BY x) FROM unnest(ARRAY['b','é','B','a']) x")
            == "Babé"
        )
        assert ask(cluster.url(), "SELECT lower('ÉÖ')") == "éö"


def test_errors_that_quote_rows_stay_out_of_the_server_log(home: Path, postgres_bin_dir: Path | None) -> None:
    with Cluster(home, durable=False, binaries=postgres_bin_dir) as cluster:
        with psycopg.connect(cluster.url(), autocommit=True) as connection:
            connection.execute("CREATE TABLE patient (mrn text PRIMARY KEY)")
            connection.execute("INSERT INTO patient VALUES ('MRN-4711')")
            with pytest.raises(psycopg.errors.UniqueViolation):
                connection.execute("INSERT INTO patient VALUES ('MRN-4711')")
        written = (home / "database" / "postgres.log").read_text()
    assert "ready to accept connections" in written
    assert "4711" not in written


def test_the_last_to_leave_stops_it(home: Path, postgres_bin_dir: Path | None, start_user: Start) -> None:
    other = start_user(home)
    first_line(other)
    with Cluster(home, durable=False, binaries=postgres_bin_dir) as cluster:
        assert ask(cluster.url(), "SELECT 1") == 1
    assert not is_gone(home)
    other.communicate()
    assert is_gone(home)


@pytest.mark.crash
def test_it_goes_away_when_all_its_users_are_killed(home: Path, start_user: Start) -> None:
    users = [start_user(home), start_user(home)]
    for user in users:
        first_line(user)
    users[0].kill()
    users[0].wait()
    assert not is_gone(home)
    users[1].kill()
    until(lambda: is_gone(home))
    until(lambda: not watchdogs_of(home))


@pytest.mark.crash
def test_a_server_whose_watchdog_was_killed_too_is_adopted(
    home: Path, postgres_bin_dir: Path | None, start_user: Start
) -> None:
    user = start_user(home)
    first_line(user)
    for pid in [*watchdogs_of(home), user.pid]:
        os.kill(pid, signal.SIGKILL)
    user.wait()
    server = server_of(home)
    with Cluster(home, durable=False, binaries=postgres_bin_dir):
        assert server_of(home) == server
        assert len(watchdogs_of(home)) == 1
    assert is_gone(home)


@pytest.mark.crash
def test_a_killed_server_comes_back_with_everything_committed(
    home: Path, postgres_bin_dir: Path | None
) -> None:
    with Cluster(home, binaries=postgres_bin_dir) as cluster:
        for number in range(20):
            write(cluster.url(), number)
        os.kill(server_of(home), signal.SIGKILL)
        cluster.start()
        assert ask(cluster.url(), "SELECT count(*) FROM kept") == 20
        assert len(watchdogs_of(home)) == 1
    assert is_gone(home)


@pytest.mark.crash
def test_a_pid_file_that_names_somebody_else_is_not_believed(
    home: Path, postgres_bin_dir: Path | None, start_user: Start
) -> None:
    user = start_user(home)
    first_line(user)
    pid_file = home / "database" / "data" / "postmaster.pid"
    recycled = pid_file.read_text().split("\n", 1)[1]
    for pid in [*watchdogs_of(home), server_of(home)]:
        os.kill(pid, signal.SIGKILL)
    pid_file.write_text(f"{os.getpid()}\n{recycled}")
    with Cluster(home, durable=False, binaries=postgres_bin_dir) as cluster:
        assert ask(cluster.url(), "SELECT 1") == 1
        assert server_of(home) != os.getpid()


@pytest.mark.crash
def test_being_killed_while_making_the_data_leaves_nothing_that_looks_like_data(
    short_folder: Path, postgres_bin_dir: Path | None, start_user: Start
) -> None:
    home = short_folder / "home"
    user = start_user(home)
    until((home / "database" / "data.new" / "base").exists)
    user.kill()
    user.wait()
    assert not (home / "database" / "data").exists()
    with Cluster(home, durable=False, binaries=postgres_bin_dir) as cluster:
        assert ask(cluster.url(), "SELECT 1") == 1


def test_many_starting_at_once_share_one_server(short_folder: Path, start_user: Start) -> None:
    home = short_folder / "home"
    users = [start_user(home) for _ in range(4)]
    urls = {first_line(user) for user in users}
    assert len(urls) == 1
    assert ask(urls.pop(), "SELECT 1") == 1
    assert len(watchdogs_of(home)) == 1
    for user in users:
        user.communicate()
    until(lambda: is_gone(home))


def test_ctrl_c_leaves_the_server_to_the_one_who_has_to_finish(home: Path, start_user: Start) -> None:
    user = start_user(home)
    first_line(user)
    os.killpg(user.pid, signal.SIGINT)  # as a terminal does: to every process of the group
    assert first_line(user) == "still there: (1,)"
    user.communicate()
    assert is_gone(home)


@pytest.mark.parametrize("name", ["x" * 120, "a folder, with \"marks\" & 'quotes' $HOME", "Krankenhäuser"])
def test_any_folder_will_do(short_folder: Path, postgres_bin_dir: Path | None, name: str) -> None:
    with Cluster(short_folder / name, durable=False, binaries=postgres_bin_dir) as cluster:
        assert ask(cluster.url(), "SELECT current_database()") == "journey"
        sockets = Path(str(ask(cluster.url(), "SHOW unix_socket_directories")).strip('"'))
    assert is_gone(short_folder / name)
    sockets.rmdir()


def test_data_of_another_major_version_is_refused_with_what_to_do(
    home: Path, postgres_bin_dir: Path | None
) -> None:
    cluster = Cluster(home, durable=False, binaries=postgres_bin_dir)
    cluster.start()
    cluster.stop()
    (home / "database" / "data" / "PG_VERSION").write_text("14\n")
    with pytest.raises(
        ClusterError, match=r"written by PostgreSQL 14, and only PostgreSQL [\d, ]+ is installed"
    ):
        cluster.start()


def test_a_home_that_is_a_file_is_refused_with_what_to_do(short_folder: Path) -> None:
    (short_folder / "file").touch()
    with pytest.raises(ClusterError, match="Point JOURNEY_HOME at a folder this user may write"):
        Cluster(short_folder / "file").start()


def test_a_folder_without_programs_is_refused_with_what_to_do(home: Path) -> None:
    with pytest.raises(ClusterError, match="Name the folder that holds its initdb and postgres"):
        Cluster(home, binaries=home).start()


def test_where_nothing_is_installed_both_ways_out_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "WHEELS", ())
    monkeypatch.setattr(binaries, "SYSTEM_FOLDERS", ())
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ClusterError, match=r"set DATABASE_URL .* pip install 'journey\[embedded\]'"):
        binaries.find()


@pytest.mark.parametrize("closed", ["home", "above"])
def test_a_home_that_may_not_be_written_is_refused_with_what_to_do(
    short_folder: Path, start_user: Start, closed: str
) -> None:
    home = short_folder if closed == "home" else short_folder / "home"
    short_folder.chmod(0o555)
    user = start_user(home, **as_an_ordinary_user())
    said = first_line(user)
    assert f"cannot be kept in {home}: Permission denied" in said
    assert "Point JOURNEY_HOME at a folder this user may write, or set DATABASE_URL." in said


def test_an_ordinary_user_runs_it_as_himself(short_folder: Path, start_user: Start) -> None:
    ordinary = as_an_ordinary_user()
    if ordinary:
        os.chown(short_folder, NOBODY, NOBODY)
    user = start_user(short_folder / "home", **ordinary)
    assert first_line(user).startswith("postgresql://")
    owner = (short_folder / "home" / "database" / "data").stat().st_uid
    assert owner == short_folder.stat().st_uid != 0
    user.communicate()
    assert is_gone(short_folder / "home")


@as_root
def test_root_touches_no_folder_of_others_and_no_account(
    short_folder: Path, postgres_bin_dir: Path | None
) -> None:
    """A home nobody else may reach, as under /root, stays as closed as it was."""
    short_folder.chmod(0o700)
    home = short_folder / "mine"
    home.mkdir(mode=0o700)
    accounts = Path("/etc/passwd").read_bytes(), Path("/etc/group").read_bytes()
    cluster = Cluster(home, durable=False, binaries=postgres_bin_dir)
    elsewhere: Path | None = None
    try:
        write(cluster.start(), 1)
        elsewhere = Path(str(ask(cluster.url(), "SHOW data_directory"))).parent
        cluster.stop()
        with cluster:
            assert ask(cluster.url(), "SELECT count(*) FROM kept") == 1
    finally:
        cluster.stop()
        if elsewhere and elsewhere.parent == place.STATE:
            shutil.rmtree(elsewhere)
    assert elsewhere.parent == place.STATE
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in (short_folder, home)] == [0o700, 0o700]
    assert (Path("/etc/passwd").read_bytes(), Path("/etc/group").read_bytes()) == accounts


@as_root
def test_root_copies_programs_the_server_could_not_reach(home: Path, postgres_bin_dir: Path | None) -> None:
    programs = binaries.find(postgres_bin_dir)
    with tempfile.TemporaryDirectory() as closed:  # made for root alone
        package = programs.folder.parents[1]
        if not package.with_name(f"{package.name}.libs").exists():
            pytest.skip("these programs are not from a wheel: they cannot be moved")
        for folder in (package, package.with_name(f"{package.name}.libs")):
            subprocess.run(["cp", "-a", folder, closed], check=True)
        moved = Path(closed, package.name, programs.folder.parent.name, "bin")
        copies = set(place.STATE.glob("postgres-*"))
        try:
            with Cluster(home, durable=False, binaries=moved) as cluster:
                assert ask(cluster.url(), "SELECT 1") == 1
        finally:
            made = set(place.STATE.glob("postgres-*")) - copies
            for copy in made:
                shutil.rmtree(copy)
        assert len(made) == 1


@as_root
@pytest.mark.parametrize(
    ("size", "fill"),
    [("8m", ":"), ("64m", "cp -a {stopped} {home} && dd if=/dev/zero of={home}/rest bs=64k 2>/dev/null")],
    ids=["when it is made", "when it is started"],
)
def test_a_full_disk_is_said_to_be_full(
    short_folder: Path, stopped: Path, start_user: Start, size: str, fill: str
) -> None:
    mounted = short_folder / "mounted"
    mounted.mkdir()
    home = mounted / "home"
    mount = f"mount -t tmpfs -o size={size},mode=711 tmpfs {mounted}"
    apart = ("unshare", "--mount", "sh", "-c")
    if subprocess.run([*apart, mount], check=False, capture_output=True).returncode:
        pytest.skip("no file system may be mounted here")
    script = f'{mount} && {{ {fill.format(stopped=stopped, home=home)}; exec "$@"; }}'
    user = start_user(home, before=(*apart, script, "sh"))
    assert "is full. Free some space, or point JOURNEY_HOME at a folder on another disk." in first_line(user)


def as_an_ordinary_user() -> dict[str, Any]:
    """What makes `start_user` start one: nothing where the tests already run as one."""
    if os.geteuid() != 0:
        return {}
    seen = f"import sys; sys.path[:0] = [{str(CHECKOUT)!r}, {str(LIBRARIES)!r}]; import journey, psycopg"
    for python in (sys.executable, f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"):
        with contextlib.suppress(OSError, subprocess.CalledProcessError):
            subprocess.run([python, "-c", seen], cwd="/", check=True, capture_output=True, **LENT)
            return {"python": python, **LENT}
    pytest.skip("the checkout, the libraries or every Python is closed to ordinary users here")
