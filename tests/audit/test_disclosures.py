"""Disclosures: recorded with what notes the delivery, or not at all, and never changed."""

from typing import Any, LiteralString
from uuid import UUID

import psycopg
import pytest

from journey.audit import disclosures
from journey.audit.disclosures import CARE, NOT_ACCOUNTED, NOTICE, Basis, Channel, Disclosure, basis_of

pytestmark = pytest.mark.database

TOLD = Disclosure(
    Channel.WEBHOOK,
    "Registry",
    "PUBHLTH",
    Basis.PUBLIC_HEALTH,
    "Events of a journey",
    UUID(int=1),
    journeys=(UUID(int=2),),
    positions=(7, 9),
    recipient_address="https://registry.example.org/in",
    reference="subscription 4",
)
KEPT = "SELECT recipient, patient_id, journeys, positions, labels, consent_id, notice FROM disclosure"


def kept(url: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(KEPT).fetchall()


def test_what_is_not_committed_was_not_disclosed(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        disclosures.record(connection, [TOLD])
        connection.rollback()
        assert kept(database_url) == []
        disclosures.record(connection, [TOLD, TOLD._replace(patient_id=UUID(int=3))])
    assert [each[:5] for each in kept(database_url)] == [
        ("Registry", UUID(int=patient), [UUID(int=2)], [7, 9], []) for patient in (1, 3)
    ]


def test_records_of_a_part_2_program_go_with_the_notice(database_url: str) -> None:
    told = TOLD._replace(labels=("ETH", "N"), consent_id=UUID(int=5))
    with psycopg.connect(database_url) as connection:
        disclosures.record(connection, [told, TOLD._replace(labels=("PSY",))])
    assert [each[4:] for each in kept(database_url)] == [
        (["ETH", "N"], UUID(int=5), NOTICE),
        (["PSY"], None, None),
    ]


@pytest.mark.parametrize("change", ["UPDATE disclosure SET recipient = ''", "DELETE FROM disclosure"])
def test_what_was_recorded_stays(database_url: str, change: LiteralString) -> None:
    with psycopg.connect(database_url) as connection:
        disclosures.record(connection, [TOLD])
        connection.commit()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(change)


@pytest.mark.parametrize(
    ("purpose", "basis"),
    [
        ("TREAT", Basis.TREATMENT),
        ("HPAYMT", Basis.PAYMENT),
        ("HOPERAT", Basis.OPERATIONS),
        ("PATRQT", Basis.INDIVIDUAL),
        ("PUBHLTH", Basis.PUBLIC_HEALTH),
        ("NOBODYKNOWS", Basis.OTHER),
    ],
)
def test_a_purpose_falls_under_a_basis_and_an_unknown_one_has_to_be_accounted_for(
    purpose: str, basis: Basis
) -> None:
    assert basis_of(purpose) is basis
    assert (basis in NOT_ACCOUNTED) is (basis in CARE or basis is Basis.INDIVIDUAL)
