"""Each benchmark runs and answers figures; how high they are is not a test's business."""

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from starlette.routing import compile_path

from journey.api.access.table import Role
from journey.bench import (
    answer,
    append,
    board,
    catch_up,
    console,
    drain,
    fhir,
    figures,
    import_,
    ingest_fhir,
    latency,
    ledger,
    lists,
    load,
    mllp,
    privacy,
    rebuild,
    serve,
    verify,
    ward,
    webhooks,
)
from journey.bench.figures import Figure, measured, percentile
from journey.bench.scratch import Scratch, scratch
from journey.domain.journey import fold
from journey.settings import Settings
from journey.web.every import PAGES
from journey.web.page import HOME

ALL_PAGES = console.PAGES
FEW_PAGES = {
    console.NURSE: ("today",),
    Role.COORDINATOR: ("handoffs", "patients/{journey}"),
    Role.ADMIN: ("keys",),
}
NOT_ASKED_FOR = {
    f"{HOME}/audit/report": "a file, as long as is asked for",
    f"{HOME}/disclosures/table": "a file",
    f"{HOME}/parked/{{message_id:str}}": "of a message that was set aside",
    f"{HOME}/subscriptions/{{webhook_id:uuid}}": "of deliveries, which a bench of their own makes",
    f"{HOME}/subscriptions/{{webhook_id:uuid}}/change": "the form of a new one, filled in",
    f"{HOME}/subscriptions/{{webhook_id:uuid}}/delete": "a question",
    f"{HOME}/keys/{{key_id}}/revoke": "a question",
}
"""With why not."""


@pytest.fixture(scope="module")
def server(postgres_bin_dir: Path | None) -> Iterator[Scratch]:
    with scratch(Settings.load(postgres_bin_dir=postgres_bin_dir)) as server:
        server.events = server.journeys = 200
        server.seconds = 0.1
        yield server


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(append, "SECONDS", 0.02)
    monkeypatch.setattr(append, "CREW", (1, 2))
    monkeypatch.setattr(load, "TIMES", 1)
    monkeypatch.setattr(answer, "TIMES", 1)
    monkeypatch.setattr(catch_up, "EVENTS", 200)
    monkeypatch.setattr(catch_up, "LIBRARY_EVENTS", 20)
    monkeypatch.setattr(drain, "APPENDS", 50)
    monkeypatch.setattr(latency, "SAMPLES", 10)
    monkeypatch.setattr(lists, "SAMPLES", 2)
    monkeypatch.setattr(import_, "LINES", 20)
    monkeypatch.setattr(ingest_fhir, "BUNDLES", 2)
    monkeypatch.setattr(mllp, "PATIENTS", 16)
    monkeypatch.setattr(serve, "TURN", 0.1)
    monkeypatch.setattr(serve, "BURST_LASTS", 0.1)
    monkeypatch.setattr(serve, "SMALL", 100)
    monkeypatch.setattr(serve, "ROUNDS", 1)
    monkeypatch.setattr(fhir, "JOURNEYS", 20)
    monkeypatch.setattr(console, "TURN", 0.1)
    monkeypatch.setattr(console, "PAGES", FEW_PAGES)
    monkeypatch.setattr(console, "SEARCHES", {"a name": "okafor"})
    monkeypatch.setattr(board, "HANDOFFS", 5)
    monkeypatch.setattr(board, "VIEWERS", 2)
    monkeypatch.setattr(board, "CALM", 2)
    monkeypatch.setattr(board, "PAUSE", 0.01)
    monkeypatch.setattr(fhir, "TURN", 0.1)
    monkeypatch.setattr(webhooks, "EVENTS", 100)
    monkeypatch.setattr(ledger, "LEAVES", 1000)
    monkeypatch.setattr(ledger, "APPENDS", 20)
    for module in (
        *(ledger, verify, webhooks, figures, catch_up, drain, rebuild, import_, ingest_fhir, mllp, fhir),
        console,
    ):
        monkeypatch.setattr(module, "ROUNDS", 1)


@pytest.mark.parametrize(
    ("benchmark", "lines"),
    [
        (append.append, 10),
        (load.load, 15),
        (answer.answer, 9),
        (catch_up.catch_up, 10),
        (drain.drain, 2),
        (rebuild.rebuild, 8),
        (latency.latency, 4),
        (lists.lists, 110),
        (serve.serve, 18),
        (fhir.fhir, 4),
        (console.console, 40),
        (import_.import_, 5),
        (ingest_fhir.ingest_fhir, 5),
        (mllp.mllp, 4),
        (webhooks.webhooks, 2),
        (privacy.privacy, 4),
        (ledger.ledger, 8),
        (verify.verify, 3),
    ],
)
def test_it_answers_figures(server: Scratch, benchmark: object, lines: int) -> None:
    assert callable(benchmark)
    found: list[Figure] = list(benchmark(server))
    assert len(found) == lines
    assert [each for each in found if each.value <= 0] == []
    assert all((each.ratio is not None) == bool(each.against) for each in found)


def test_a_rival_that_is_not_installed_is_left_out_and_named(
    server: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "fhir.resources.R4B.bundle", None)
    said, *found = ingest_fhir.ingest_fhir(server)
    assert said.what == "resources: fhir.resources is not installed, and left out"
    assert [each.against for each in found] == ["", "json.loads", "json.loads"]


def test_every_page_is_asked_for() -> None:
    one = "00000000-0000-0000-0000-000000000001"
    named = dict.fromkeys(("journey", "handed_over", "handoff"), one)
    every = (path.partition("?")[0] for asked in ALL_PAGES.values() for path in asked)
    addresses = {f"{HOME}/{path.format_map(named)}" for path in every}
    patterns = {page.path: compile_path(page.path)[0] for page in PAGES if "GET" in page.methods}
    left_out = {path for path, each in patterns.items() if not any(map(each.match, addresses))}
    assert left_out == set(NOT_ASKED_FOR)


def test_a_ratio_is_taken_within_each_round() -> None:
    values = {"ours": iter([9.0, 2.0, 4.0, 30.0]), "floor": iter([9.0, 1.0, 2.0, 10.0])}
    found = measured({name: partial(next, each) for name, each in values.items()}, rounds=3)
    assert found.figure("what", "ours", "/s", "floor") == Figure("what", 4.0, "/s", "floor", 2.0)


def test_percentiles() -> None:
    values = [float(number) for number in range(100, 0, -1)]
    assert (percentile(values, 0.5), percentile(values, 0.99), percentile([7.0], 0.99)) == (51.0, 100.0, 7.0)


def test_the_ward_tells_journeys_that_fold_to_a_discharge() -> None:
    for events in (10, 50):
        recorded = ward.journey(3, events)
        assert [each.version for each in recorded] == list(range(1, events + 1))
        [discharge] = fold(recorded, recorded[0].journey_id).discharges
        assert discharge.departed is not None
    assert len(list(ward.mixed(7))) == 70
