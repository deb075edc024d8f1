"""Rebuilding beside the live one: nobody who reads, writes or projects is disturbed; nothing is different."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from threading import Event as Signal
from threading import Thread
from typing import Any, Self

import psycopg
import pytest

from journey.projections import READ_MODELS, projector, rebuild
from journey.projections.model import ReadModel, tables_of
from journey.projections.parking import retry
from journey.projections.patient_identity import PatientIdentity
from journey.projections.projector import Projector
from journey.projections.rebuild import (
    HangsOnIt,
    Rebuilding,
    Rebuilt,
    RowsWouldBeLost,
    StillRead,
)
from journey.projections.status import PatientStatus
from journey.projections.timeline import Timeline
from journey.store.sequencer import drain
from journey.store.store import Store
from journey.worker import Worker
from tests.crash.stopping import come_to_its_point, in_the_midst_of_a_rebuild
from tests.projections.test_parking import Particular, first_journey, waiting
from tests.projections.test_projector import checkpoint, end_of, wrong
from tests.store.asked import CONTEXT, counted, opened, owned_by
from tests.store.test_across import merge, patient
from tests.waiting import until

MODELS = pytest.mark.parametrize("model", READ_MODELS, ids=lambda model: model.name)

DESCRIBED = """
    SELECT 'column', attname::text,
           concat_ws(' ', format_type(atttypid, atttypmod), attnum, attnotnull, attstorage, attidentity,
                     attgenerated, pg_get_expr(adbin, adrelid), col_description(attrelid, attnum))
      FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
     WHERE attrelid = %(table)s::regclass AND attnum > 0
    UNION ALL
    SELECT 'constraint', conname::text, concat_ws(' ', pg_get_constraintdef(oid),
           obj_description(oid, 'pg_constraint'))
      FROM pg_constraint WHERE conrelid = %(table)s::regclass
    UNION ALL
    SELECT 'index', indexrelid::regclass::text, concat_ws(' ', pg_get_indexdef(indexrelid), indisvalid,
           indisprimary, indisclustered, obj_description(indexrelid, 'pg_class'))
      FROM pg_index WHERE indrelid = %(table)s::regclass
    UNION ALL
    SELECT 'table', relname::text, concat_ws(' ', relnamespace::regnamespace, relowner, relacl, reloptions,
           relpersistence, relkind, relhastriggers, relrowsecurity, obj_description(oid, 'pg_class'))
      FROM pg_class WHERE oid = %(table)s::regclass
    ORDER BY 1, 2, 3
    """


def described(url: str, model: ReadModel) -> list[list[tuple[Any, ...]]]:
    """All that the catalog says of the model's tables, and of what else is there."""
    with psycopg.connect(url) as connection:
        tables = [
            connection.execute(DESCRIBED, {"table": f"public.{table}"}).fetchall()
            for table in tables_of(model)
        ]
        schemas = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'rebuil%'")
        return [
            *tables,
            schemas.fetchall(),
            connection.execute("SELECT name FROM checkpoint ORDER BY 1").fetchall(),
        ]


def caught_up(url: str, *models: ReadModel) -> None:
    for model in models or READ_MODELS:
        Projector(url, model).catch_up()


class Reader:
    """Reads all the time, on one connection whose statements are prepared, as those of a pool are."""

    def __init__(self, url: str, query: str) -> None:
        self._url, self._query = url, query
        self._stopping = Signal()
        self._thread = Thread(target=self._run, daemon=True)
        self.reads = 0
        self.wrong: list[str] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        seen: dict[Any, int] = {}
        try:
            with psycopg.connect(self._url, autocommit=True, prepare_threshold=0) as connection:
                while not self._stopping.is_set():
                    found: dict[Any, int] = dict(connection.execute(self._query, ()).fetchall())
                    older = [key for key, at in seen.items() if found.get(key, -1) < at]
                    if older or not found:
                        self.wrong.append(f"{len(older)} rows are older, of {len(found)}")
                    seen = found
                    self.reads += 1
        except psycopg.Error as error:
            self.wrong.append(repr(error))


@contextmanager
def appending(url: str) -> Iterator[Callable[[], int]]:
    """Somebody writes all the time; how often they did."""
    stopping, done = Signal(), [0]

    def write() -> None:
        with closing(Store(url)) as store:
            journey_id = opened(store)
            while not stopping.is_set():
                store.handle(journey_id, owned_by(f"team {done[0]}"), CONTEXT)
                done[0] += 1
                if done[0] % 20 == 0:
                    journey_id = opened(store)

    thread = Thread(target=write, daemon=True)
    thread.start()
    try:
        yield lambda: done[0]
    finally:
        stopping.set()
        thread.join()


STATUS = "SELECT journey_id, position FROM patient_status"
TIMELINE = "SELECT journey_id, max(position) FROM timeline GROUP BY journey_id"


def test_readers_writers_and_the_live_projector_are_not_disturbed(full_url: str) -> None:
    caught_up(full_url)
    with (
        Reader(full_url, STATUS) as status,
        Reader(full_url, TIMELINE) as timeline,
        closing(Store(full_url)) as store,
        Worker(full_url, appended=store.appended),
        appending(full_url) as appended,
    ):
        until(lambda: appended() > 10 and status.reads and timeline.reads)
        for _ in range(2):
            for model in READ_MODELS:
                before = appended(), status.reads, timeline.reads
                rebuild.rebuild(full_url, model)
                until(lambda: appended() > before[0] + 5)  # noqa: B023 - at once
                until(lambda: status.reads > before[1] and timeline.reads > before[2])  # noqa: B023 - at once
    drain(full_url)
    caught_up(full_url)
    assert status.wrong == timeline.wrong == []
    assert wrong(full_url) == []


@MODELS
def test_it_is_the_same_afterwards_to_the_last_index_and_comment(full_url: str, model: ReadModel) -> None:
    caught_up(full_url)
    table = tables_of(model)[0]
    number = "length(id)" if table == "fhir_resource" else "position"
    with psycopg.connect(full_url) as connection:
        for statement in (
            "COMMENT ON TABLE {0} IS 'it''s asked'",
            "COMMENT ON INDEX {0}_pkey IS 'the key'",
            "COMMENT ON CONSTRAINT {0}_pkey ON {0} IS 'found by'",
            "ALTER TABLE {0} SET (fillfactor = 80, autovacuum_enabled = true)",
            "ALTER TABLE {0} ADD CONSTRAINT counted CHECK ({1} > 0)",
            "ALTER TABLE {0} ADD UNIQUE (position)" if model.name == "timeline" else "SELECT 1",
            "DROP ROLE IF EXISTS reporting_{0}",
            "CREATE ROLE reporting_{0}",
            "GRANT SELECT, UPDATE ON {0} TO reporting_{0} WITH GRANT OPTION",
            "GRANT SELECT ON {0} TO PUBLIC",
        ):
            connection.execute(statement.format(table, number).encode())
    before = described(full_url, model)
    assert rebuild.rebuild(full_url, model) == Rebuilt(model.name, end_of(full_url), 0)
    assert described(full_url, model) == before
    assert wrong(full_url, model) == []
    with psycopg.connect(full_url) as connection:
        connection.execute(f"DROP OWNED BY reporting_{table}; DROP ROLE reporting_{table}".encode())


def test_what_names_the_table_goes_on(full_url: str) -> None:
    """Views by the table's number, functions by its name, prepared statements by a plan."""
    with closing(Store(full_url)) as store:
        (retired, _), (survivor, _) = patient(store), patient(store)
        merge(store, survivor, retired)
    drain(full_url)
    caught_up(full_url)
    same = "SELECT array(SELECT same_person(%s) ORDER BY 1)"
    with psycopg.connect(full_url, autocommit=True, prepare_threshold=0) as connection:
        connection.execute(
            """
            CREATE VIEW merged WITH (security_barrier) AS
            SELECT status.*, merged_into
              FROM patient_identity JOIN patient_status AS status USING (patient_id)
            """
        )
        connection.execute("CREATE VIEW merged_far AS SELECT count(*) FROM merged")
        asked = [("SELECT * FROM merged", ()), ("SELECT * FROM merged_far", ()), (same, (retired,))]
        before = [connection.execute(query, given).fetchall() for query, given in asked]
        assert before[2][0][0] == sorted([retired, survivor])
        for model in (PatientIdentity(), PatientStatus()):
            rebuild.rebuild(full_url, model)
            assert [connection.execute(query, given).fetchall() for query, given in asked] == before
            assert [len(found) for found in before] == [1, 1, 1]
        options = connection.execute("SELECT reloptions FROM pg_class WHERE relname = 'merged'").fetchone()
    assert options == (["security_barrier=true"],)


def test_a_wrong_read_model_is_right_afterwards(full_url: str) -> None:
    caught_up(full_url)
    with psycopg.connect(full_url) as connection:
        connection.execute("UPDATE patient_status SET team = 'nobody'")
        connection.execute("DELETE FROM timeline WHERE position % 3 = 0")
    assert len(wrong(full_url)) > 1
    for model in READ_MODELS:
        rebuild.rebuild(full_url, model)
    assert wrong(full_url) == []


def test_one_that_never_began_is_made_from_nothing(full_url: str) -> None:
    said: list[tuple[int, int]] = []
    rebuild.rebuild(full_url, Timeline(), lambda *far: said.append(far))
    assert checkpoint(full_url, Timeline()) == (end_of(full_url), None)
    assert wrong(full_url, Timeline()) == []
    assert said[-1] == (end_of(full_url), end_of(full_url))
    assert said == sorted(said)


# --- More than one, or killed


def test_two_at_once_are_one_too_many(full_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    caught_up(full_url)
    asked: list[str] = []

    def meanwhile(*_: Any) -> None:
        monkeypatch.undo()
        with pytest.raises(Rebuilding) as refused:
            rebuild.rebuild(full_url, PatientStatus())
        asked.append(str(refused.value))

    monkeypatch.setattr(rebuild, "_let_readers_end", meanwhile)
    rebuild.rebuild(full_url, PatientStatus())
    assert asked == [Rebuilding.__doc__]
    assert wrong(full_url) == []


def test_those_of_different_read_models_may_be_at_once(full_url: str) -> None:
    caught_up(full_url)
    with ThreadPoolExecutor(len(READ_MODELS)) as crew:
        for _ in range(3):
            list(crew.map(lambda model: rebuild.rebuild(full_url, model), READ_MODELS))
    assert wrong(full_url) == []


@pytest.mark.crash
@pytest.mark.parametrize("moment", ["filled", "put in place"])
def test_a_killed_one_leaves_nothing_in_the_way(full_url: str, moment: str) -> None:
    caught_up(full_url)
    before = described(full_url, Timeline())
    with come_to_its_point(in_the_midst_of_a_rebuild, full_url, moment):
        pass
    assert wrong(full_url, Timeline()) == []
    assert described(full_url, Timeline()) != before
    until(lambda: _rebuilt(full_url))
    assert described(full_url, Timeline()) == before
    assert wrong(full_url, Timeline()) == []


def _rebuilt(url: str) -> bool:
    """Once the killed one's connections are known to be gone."""
    try:
        return rebuild.rebuild(url, Timeline()).events == end_of(url)
    except Rebuilding:
        return False


def test_one_that_fails_takes_its_tables_away(full_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    caught_up(full_url)
    before = described(full_url, PatientStatus())
    monkeypatch.setattr(projector, "MANY", 3)
    model = PatientStatus()
    monkeypatch.setattr(model, "project", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        rebuild.rebuild(full_url, model)
    assert described(full_url, model) == before
    assert counted(full_url, "parked_journey") == 0


# --- Those who read for long


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuild, "SWAP_PATIENCE", 0.05)
    monkeypatch.setattr(rebuild, "PAUSE", 0.05)


@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize("isolation", ["READ COMMITTED", "REPEATABLE READ"])
def test_a_long_reader_is_waited_for_and_holds_up_nobody(full_url: str, isolation: str) -> None:
    """Under REPEATABLE READ the new tables would be empty to it, even if it has not read the old ones yet."""
    caught_up(full_url)
    looked = "patient_status" if isolation == "READ COMMITTED" else "checkpoint"
    with psycopg.connect(full_url) as reader, ExitStack() as stack:
        reader.isolation_level = psycopg.IsolationLevel[isolation.replace(" ", "_")]
        reader.execute(psycopg.sql.SQL("SELECT count(*) FROM {}").format(psycopg.sql.Identifier(looked)))
        done: list[Rebuilt] = []
        thread = Thread(target=lambda: done.append(rebuild.rebuild(full_url, PatientStatus())), daemon=True)
        thread.start()
        stack.callback(thread.join)
        with closing(Store(full_url)) as store, Worker(full_url, appended=store.appended):
            for _ in range(3):
                opened(store)
                until(lambda: checkpoint(full_url, PatientStatus())[0] == end_of(full_url))
        with psycopg.connect(full_url) as other:
            other.execute(STATUS)
        assert not done
        assert reader.execute("SELECT count(*) FROM patient_status").fetchone() != (0,)
        reader.commit()
        until(lambda: done)
    assert wrong(full_url, PatientStatus()) == []


@pytest.mark.usefixtures("_impatient")
def test_one_who_never_ends_is_named_in_the_end(full_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    caught_up(full_url)
    monkeypatch.setattr(rebuild, "PATIENCE", 0.2)
    before = described(full_url, Timeline())
    waits: list[str] = []
    with psycopg.connect(full_url, application_name="report") as reader:
        reader.execute("SELECT count(*) FROM timeline")
        named = rf"process {reader.info.backend_pid} \(report, idle in transaction, since .* UTC\)"
        with pytest.raises(StillRead, match=f"does not end: {named}. End it"):
            rebuild.rebuild(full_url, Timeline(), waits=waits.append)
    assert len(waits) == 1
    assert re.fullmatch(named, waits[0])
    assert described(full_url, Timeline()) == before


@pytest.mark.parametrize(
    ("made", "named"),
    [
        (
            "CREATE MATERIALIZED VIEW copied AS SELECT count(*) FROM timeline",
            "rule _RETURN on materialized view copied",
        ),
        (
            "CREATE TABLE noted (id uuid, version bigint, FOREIGN KEY (id, version) REFERENCES timeline)",
            "constraint noted_id_version_fkey on table noted",
        ),
        ("CREATE POLICY a_few ON timeline", "policy a_few on table timeline"),
        (
            "CREATE FUNCTION of_one() RETURNS timeline LANGUAGE sql AS 'TABLE timeline'",
            r"function of_one\(\)",
        ),
    ],
)
def test_what_cannot_follow_is_named_and_the_table_left(full_url: str, made: str, named: str) -> None:
    """A copy that is kept by the table's number, say."""
    caught_up(full_url)
    with psycopg.connect(full_url) as connection:
        connection.execute(made)
    before = described(full_url, Timeline())
    with pytest.raises(HangsOnIt, match=f"{named}. Drop it, rebuild, and make it again."):
        rebuild.rebuild(full_url, Timeline())
    assert described(full_url, Timeline()) == before


def test_triggers_foreign_keys_and_grants_of_columns_are_there_afterwards(full_url: str) -> None:
    caught_up(full_url)
    with psycopg.connect(full_url) as connection:
        connection.execute(
            """
            CREATE ROLE some_columns;
            GRANT SELECT (type, position) ON timeline TO some_columns;
            CREATE FUNCTION told() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
            CREATE TRIGGER first BEFORE INSERT ON timeline FOR EACH ROW EXECUTE FUNCTION told();
            CREATE TRIGGER second AFTER UPDATE OF type ON timeline EXECUTE FUNCTION told();
            ALTER TABLE timeline DISABLE TRIGGER first, ENABLE ALWAYS TRIGGER second;
            CREATE TABLE named (type text PRIMARY KEY);
            INSERT INTO named SELECT DISTINCT type FROM timeline;
            ALTER TABLE timeline ADD CONSTRAINT is_named FOREIGN KEY (type) REFERENCES named;
            """
        )
    hanging = """
        SELECT array_agg(pg_get_triggerdef(oid) || tgenabled::text ORDER BY tgname)
          FROM pg_trigger WHERE tgrelid = 'timeline'::regclass AND NOT tgisinternal
        UNION ALL
        SELECT array_agg(attname || attacl::text ORDER BY attname)
          FROM pg_attribute WHERE attrelid = 'timeline'::regclass AND attacl IS NOT NULL
        """
    with psycopg.connect(full_url, autocommit=True) as connection:
        before = connection.execute(hanging).fetchall()
        described_before = described(full_url, Timeline())
        rebuild.rebuild(full_url, Timeline())
        assert [len(found) for (found,) in before] == [2, 2]
        assert connection.execute(hanging).fetchall() == before
        assert described(full_url, Timeline()) == described_before
        connection.execute("DROP OWNED BY some_columns; DROP ROLE some_columns")
    assert wrong(full_url, Timeline()) == []


# --- With journeys that wait


def test_parked_journeys_are_taken_up_where_they_can_be(full_url: str) -> None:
    victim = first_journey(full_url)
    for model in (PatientStatus(), Timeline()):
        Projector(full_url, Particular(model, victim, version=3), batch=9).catch_up()
        assert len(waiting(full_url, model)) == 1
        assert rebuild.rebuild(full_url, model).parked == 0
        assert waiting(full_url, model) == []
        assert wrong(full_url, model) == []


def test_and_wait_on_where_they_cannot(full_url: str) -> None:
    picky = Particular(Timeline(), first_journey(full_url), version=3)
    Projector(full_url, picky, batch=5).catch_up()
    [before] = waiting(full_url, Timeline())
    assert rebuild.rebuild(full_url, picky).parked == 1
    assert [each[:5] for each in waiting(full_url, Timeline())] == [before[:5]]
    assert wrong(full_url, Timeline()) == ["timeline has parked 1 journeys"]
    list(retry(full_url, Timeline()))
    assert wrong(full_url, Timeline()) == []


def test_what_the_live_one_has_not_come_to_may_wait(full_url: str) -> None:
    picky = Particular(Timeline(), first_journey(full_url), version=3)
    assert rebuild.rebuild(full_url, picky).parked == 1
    list(retry(full_url, Timeline()))
    assert wrong(full_url, Timeline()) == []


def test_rows_that_could_not_be_made_again_are_not_given_up(full_url: str) -> None:
    caught_up(full_url)
    before = described(full_url, Timeline())
    with pytest.raises(RowsWouldBeLost, match="could not be made again"):
        rebuild.rebuild(full_url, Particular(Timeline(), first_journey(full_url)))
    assert described(full_url, Timeline()) == before
    assert waiting(full_url, Timeline()) == []
    assert wrong(full_url, Timeline()) == []
