"""Every page of the console."""

from itertools import chain

from journey.web.page import Page
from journey.web.pages import (
    access,
    acting,
    audit,
    custody,
    disclosures,
    flow,
    glass,
    handoffs,
    health,
    keys,
    lists,
    parked,
    patient,
    proof,
    replaying,
    report,
    searching,
    showing,
    subscriptions,
    timeline,
    today,
    verifying,
)

PAGES: tuple[Page, ...] = tuple(
    chain(
        today.PAGES,
        handoffs.PAGES,
        searching.PAGES,
        lists.PAGES,
        flow.PAGES,
        patient.PAGES,
        glass.PAGES,
        timeline.PAGES,
        report.PAGES,
        acting.PAGES,
        replaying.PAGES,
        subscriptions.PAGES,
        access.PAGES,
        parked.PAGES,
        keys.PAGES,
        custody.PAGES,
        disclosures.PAGES,
        health.PAGES,
        audit.PAGES,
        proof.PAGES,
        verifying.PAGES,
        showing.PAGES,
    )
)
