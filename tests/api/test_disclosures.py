"""The accounting of disclosures: what left, to whom, and what of it the patient is told."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from journey.api.access import keys
from journey.api.access.keys import Grant
from journey.api.access.table import Role
from journey.audit import disclosures
from journey.audit.accounting import Period
from journey.audit.disclosures import NOTICE, Basis, Channel, Disclosure, Sending
from tests.served import Api, number
from tests.waiting import until

pytestmark = pytest.mark.database

OFFICER: dict[str, Any] = {"role": Role.COMPLIANCE}
TOLD = Disclosure(Channel.WEBHOOK, "Registry", "PUBHLTH", Basis.PUBLIC_HEALTH, "Events", UUID(int=1))
AGO = "UPDATE disclosure SET at = now() - %s WHERE patient_id = %s"


def record(api: Api, *told: Disclosure, ago: timedelta = timedelta(0)) -> None:
    with psycopg.connect(api.conninfo) as connection:
        disclosures.record(connection, told)
        if ago:
            connection.execute("ALTER TABLE disclosure DISABLE TRIGGER disclosure_is_immutable")
            connection.execute(AGO, (ago, told[0].patient_id))
            connection.execute("ALTER TABLE disclosure ENABLE TRIGGER disclosure_is_immutable")


def accounting(api: Api, patient: int, more: str = "") -> dict[str, Any]:
    answer = api.get(f"/v1/audit/disclosures?patient={number(patient)}{more}", **OFFICER)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_repeated_ones_are_one_line(api: Api) -> None:
    mine = TOLD._replace(patient_id=UUID(int=11))
    record(api, *[mine] * 3, mine._replace(purpose="HRESCH", basis=Basis.RESEARCH))
    lines = accounting(api, 11)["disclosures"]
    assert {each["purpose"]: each["times"] for each in lines} == {"PUBHLTH": 3, "HRESCH": 1}
    assert all(each["first_at"] <= each["last_at"] for each in lines)


@pytest.mark.parametrize(
    ("basis", "accounted"),
    [
        (Basis.TREATMENT, False),
        (Basis.PAYMENT, False),
        (Basis.OPERATIONS, False),
        (Basis.INDIVIDUAL, False),
        (Basis.AUTHORIZATION, False),
        (Basis.REQUIRED_BY_LAW, True),
        (Basis.OTHER, True),
    ],
)
def test_what_need_not_be_accounted_for_is_marked_and_left_out(
    api: Api, basis: Basis, accounted: bool
) -> None:
    patient = 20 + list(Basis).index(basis)
    record(api, TOLD._replace(patient_id=UUID(int=patient), basis=basis))
    found = accounting(api, patient)
    assert (len(found["disclosures"]), found["left_out"]) == (int(accounted), int(not accounted))
    [line] = accounting(api, patient, "&all=true")["disclosures"]
    assert line["accounted"] is accounted


def test_six_years_are_told_and_no_more(api: Api) -> None:
    old, recent = (TOLD._replace(patient_id=UUID(int=each)) for each in (51, 52))
    record(api, old, ago=timedelta(days=7 * 365))
    record(api, recent, ago=timedelta(days=5 * 365))
    assert accounting(api, 51)["disclosures"] == []
    assert len(accounting(api, 51, "&from=2000-01-01T00:00:00Z")["disclosures"]) == 1
    assert len(accounting(api, 52)["disclosures"]) == 1


def test_treatment_is_told_of_records_of_a_part_2_program_for_three_years(api: Api) -> None:
    for patient, years in ((61, 2), (62, 4)):
        told = TOLD._replace(patient_id=UUID(int=patient), basis=Basis.TREATMENT, labels=("ETH",))
        record(api, told, ago=timedelta(days=years * 365))
    [line] = accounting(api, 61)["disclosures"]
    assert (line["labels"], line["notice"], line["accounted"]) == (["ETH"], NOTICE, True)
    assert accounting(api, 62)["disclosures"] == []


def test_what_an_agency_had_suspended_the_patient_is_not_told(api: Api) -> None:
    mine = TOLD._replace(patient_id=UUID(int=71), recipient="Sheriff", basis=Basis.LAW_ENFORCEMENT)
    record(api, mine, mine._replace(recipient="Registry"))
    until_then = datetime.now(UTC) + timedelta(days=20)
    wanted = {
        "patient_id": number(71),
        "recipient": "Sheriff",
        "reason": "It would impede them.",
        "until": until_then.isoformat(),
        "oral": True,
    }
    answer = api.post("/v1/audit/suspensions", wanted, **OFFICER)
    assert answer.status_code == 201, answer.text
    found = accounting(api, 71)
    assert [each["recipient"] for each in found["disclosures"]] == ["Registry"]
    assert (found["suspended"], found["suspensions"]) == (1, [answer.json()])
    printed = api.get(f"/v1/audit/disclosures?patient={number(71)}&format=text", **OFFICER).text
    assert "Registry" in printed
    assert "Sheriff" not in printed
    whole = accounting(api, 71, "&all=true")["disclosures"]
    assert {each["recipient"]: bool(each["suspended_until"]) for each in whole} == {
        "Sheriff": True,
        "Registry": False,
    }
    entries = api.get(f"/v1/audit?patient={number(71)}&kind=disclosure-suspended", **OFFICER).json()["audit"]
    assert len(entries) == 1
    too_long = {**wanted, "until": (until_then + timedelta(days=20)).isoformat()}
    assert api.post("/v1/audit/suspensions", too_long, **OFFICER).status_code == 422
    for never in ("2020-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00"):
        refused = api.post("/v1/audit/suspensions", {**wanted, "until": never, "oral": False}, **OFFICER)
        assert [each["field"] for each in refused.json()["errors"]] == ["until"]
    assert accounting(api, 71)["suspended"] == 1


def test_what_follows_the_log_is_disclosed_to_its_key_once_for_each_patient_and_page(api: Api) -> None:
    patient = number(81)
    first, second = (api.opened(patient_id=patient).rpartition("/")[2] for _ in range(2))
    follower = keys.create(api.conninfo, "Lakeside", Role.INTEGRATOR, None, Grant()).token
    headers = {"Authorization": f"Bearer {follower}", "X-Purpose-Of-Use": "PUBHLTH"}

    def pulled() -> list[Any]:
        url = f"/v1/events?patient={patient}&limit=500"
        events: list[Any] = api.get(url, role=None, headers=headers).json()["events"]
        return events

    until(lambda: {each["subject"] for each in pulled()} == {first, second})
    before = accounting(api, 81)["disclosures"][0]["times"]
    events = pulled()
    [line] = accounting(api, 81)["disclosures"]
    assert (line["recipient"], line["channel"], line["basis"]) == ("Lakeside", "feed", "public-health")
    assert line["times"] == before + 1
    query = f"/v1/audit?patient={patient}&kind=disclosed&limit=1"
    [entry] = api.get(query, **OFFICER).json()["audit"]
    assert entry["journeys"] == sorted([first, second])
    assert entry["detail"]["positions"] == [int(each["sequence"]) for each in events]


def test_csv_has_the_lines(api: Api) -> None:
    record(api, TOLD._replace(patient_id=UUID(int=91), recipient="=HYPERLINK(1)"))
    text = api.get(f"/v1/audit/disclosures?patient={number(91)}&format=csv", **OFFICER).text
    head, line = text.splitlines()
    assert head.startswith("recipient,recipient_address,purpose,basis")
    assert line.startswith("'=HYPERLINK(1),,PUBHLTH,public-health")


def test_six_years_are_six_years_of_the_calendar() -> None:
    day = datetime(2025, 3, 1, tzinfo=UTC)
    assert Period.of(None, day, day).begins == datetime(2019, 3, 1, tzinfo=UTC)
    leap = datetime(2024, 2, 29, tzinfo=UTC)
    assert Period.of(None, leap, leap).begins == datetime(2018, 2, 28, tzinfo=UTC)


def test_what_a_recipient_is_called_begins_no_line(api: Api) -> None:
    record(
        api,
        TOLD._replace(patient_id=UUID(int=82), recipient="Sheriff\n2. Nobody", recipient_address="\u202e"),
    )
    answer = api.get(f"/v1/audit/disclosures?patient={number(82)}&format=text", **OFFICER)
    assert "1. Sheriff\N{REPLACEMENT CHARACTER}2. Nobody\n" in answer.text
    assert "\u202e" not in answer.text


def test_an_event_bears_the_labels_that_its_journey_was_opened_with(api: Api) -> None:
    """Each once and in one order, whatever was sent together: repeated sends are one line."""
    patient = number(83)
    body = {"team": "ward 3", "patient_id": patient}
    opened = api.post("/v1/journeys", body, headers={"X-Security-Labels": "SUD, ETH"})
    journey_id = UUID(opened.headers["location"].rpartition("/")[2])
    sending = Sending(Channel.EXPORT, "Lakeside", "TREAT", Basis.TREATMENT, "Codes")
    with psycopg.connect(api.conninfo) as connection:
        for said in ("", "ETH,PSY", "PSY"):
            told = [(journey_id, 1, said), (journey_id, 2, "PSY")]
            connection.execute(disclosures.INSERT_TOLD, sending.told(told))
    [line] = accounting(api, 83)["disclosures"]
    assert (line["labels"], line["times"], line["notice"]) == (["ETH", "PSY", "SUD"], 3, NOTICE)
