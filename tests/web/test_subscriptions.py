"""Subscriptions are made, looked after and ended from the console."""

import re
from collections.abc import Iterator

import psycopg
import pytest

from journey.api.access.table import Role
from journey.bench.receiver import TAKEN, Receiver, Reply
from journey.embedded import Cluster
from tests.served import TO_THIS_MACHINE, Api, database, served
from tests.waiting import until
from tests.web.conftest import Browser, signed_in
from tests.webhooks.delivering import Inbox

pytestmark = pytest.mark.database

ALL = "subscriptions"
FAILED = (1, 2)
GIVEN_UP_ON = "UPDATE webhook_delivery SET state = 'dead', ended_at = now() WHERE webhook = %s"


@pytest.fixture(scope="module")
def api(cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """It may send to this machine."""
    home = tmp_path_factory.mktemp("home")
    with (
        database(cluster, template) as conninfo,
        served(
            conninfo,
            home,
            forgiving=True,
            **TO_THIS_MACHINE,
        ) as found,
    ):
        yield found


@pytest.fixture(scope="module")
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture(scope="module")
def receiver(inbox: Inbox) -> Iterator[Receiver]:
    with Receiver(inbox) as found:
        yield found


def made(browser: Browser, receiver: Receiver, **more: str) -> str:
    """The page of a subscription that was made by filling in the form."""
    form = {"endpoint": receiver.url, "recipient": "Payer of the Vale", "purpose": "HPAYMT", **more}
    answer = browser.send(f"{ALL}/new", **form)
    assert answer.status_code == 200, answer.text
    assert re.search(r"whsec_[A-Za-z0-9+/=]{20,}", answer.text)
    found = re.search(r'href="/console/(subscriptions/[0-9a-f-]{36})"', answer.text)
    assert found
    return found[1]


def told(api: Api, page: str) -> dict[str, object]:
    url = page.replace(ALL, "/v1/webhooks")
    return dict(api.get(url, role=Role.INTEGRATOR).json())


def deliveries(api: Api, page: str, state: str) -> list[int]:
    url = page.replace(ALL, "/v1/webhooks")
    found = api.get(f"{url}/deliveries?state={state}", role=Role.INTEGRATOR).json()["deliveries"]
    return [each["number"] for each in found]


def test_a_subscription_is_made_and_its_secret_shown_once(
    api: Api, integrator: Browser, receiver: Receiver
) -> None:
    page = made(integrator, receiver, **{"filter.type": "journey.*, visit.booked", "filter.team": "ward 3"})
    shown = integrator.open(page)
    assert "whsec_" not in shown
    assert "journey.*, visit.booked" in shown
    assert "allowed as payment" in shown
    assert "Payer of the Vale" in integrator.open(ALL)
    assert told(api, page)["payload"] == "thin"


def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_is_kept(integrator: Browser) -> None:
    form = {"endpoint": "http://10.0.0.1/x", "recipient": "Payer <of> the Vale", "filter.type": "visit.bookd"}
    answer = integrator.send(f"{ALL}/new", **form)
    assert answer.status_code == 422
    assert 'id="filter.type-fault"' in answer.text
    assert "visit.booked" in answer.text
    assert 'value="Payer &lt;of&gt; the Vale"' in answer.text
    again = integrator.send(f"{ALL}/new", **{**form, "filter.type": ""})
    assert 'id="endpoint-fault"' in again.text


def test_a_test_event_tells_what_the_endpoint_said(
    integrator: Browser, receiver: Receiver, inbox: Inbox
) -> None:
    page = made(integrator, receiver)
    assert "took the test event, with 204" in integrator.send(page, do="test").text
    inbox.answers = lambda _: Reply(500)
    answer = integrator.send(page, do="test").text
    inbox.answers = lambda _: TAKEN
    assert "did not take the test event: it answered 500" in answer


def test_it_is_paused_and_goes_on(api: Api, integrator: Browser, receiver: Receiver) -> None:
    page = made(integrator, receiver)
    assert integrator.send(page, do="pause").status_code == 303
    assert "Paused by hand" in integrator.open(page)
    assert told(api, page)["reason"] == "paused"
    assert integrator.send(page, do="enable").status_code == 303
    assert told(api, page)["state"] == "active"


def test_what_became_of_each_event_is_listed_and_is_sent_again(
    api: Api, integrator: Browser, receiver: Receiver, inbox: Inbox
) -> None:
    page = made(integrator, receiver, **{"filter.type": "journey.opened"})
    journey = api.opened().rpartition("/")[2]
    until(lambda: journey[-12:] in integrator.open(f"{page}?state=delivered"))
    assert "None is in this state" in integrator.open(f"{page}?state=dead")
    before = len(inbox.taken)
    assert integrator.send(page, do="rewind", position="0").status_code == 303
    until(lambda: len(inbox.taken) > before)
    refused = integrator.send(page, do="rewind", position="99999999")
    assert refused.status_code == 422
    assert "only be put back" in refused.text
    assert integrator.send(page, do="rewind", time="2026-01-01T09:00").status_code == 303


def test_a_dead_letter_is_given_up_or_sent_again(
    api: Api, integrator: Browser, receiver: Receiver, inbox: Inbox
) -> None:
    page = made(integrator, receiver, **{"filter.type": "journey.opened"})
    inbox.answers = lambda _: Reply(500)
    for _ in range(2):
        api.opened()
    until(lambda: len(deliveries(api, page, "pending")) == len(FAILED))
    integrator.send(page, do="pause")
    with psycopg.connect(api.conninfo) as connection:  # as they are after three days
        connection.execute(GIVEN_UP_ON, (page.rpartition("/")[2],))
    inbox.answers = lambda _: TAKEN
    assert f'<a href="/console/{page}?state=dead">2</a>' in integrator.open(ALL)
    assert "A dead letter holds up its journey" in integrator.open(f"{page}?state=dead")
    assert integrator.send(page, do="skip", numbers="1").status_code == 303
    assert deliveries(api, page, "skipped") == [1]
    assert integrator.send(page, do="replay", numbers="2").status_code == 303
    integrator.send(page, do="enable")
    until(lambda: deliveries(api, page, "delivered") == [2])


def test_another_secret_is_shown_once(integrator: Browser, receiver: Receiver) -> None:
    page = made(integrator, receiver)
    answer = integrator.send(page, do="rotate", hours="2")
    assert "whsec_" in answer.text
    assert "with the former one, too" in answer.text
    assert "Two secrets" in integrator.open(page)
    assert "Hours: " in integrator.send(page, do="rotate", hours="many").text


def test_it_is_changed(api: Api, integrator: Browser, receiver: Receiver) -> None:
    page = made(integrator, receiver, **{"filter.room": "visits, handoffs"})
    form = integrator.open(f"{page}/change")
    assert 'value="visits, handoffs"' in form
    changed = {"endpoint": receiver.url, "recipient": "Another", "payload": "full"}
    assert integrator.send(f"{page}/change", **changed).status_code == 303
    assert told(api, page)["payload"] == "full"
    assert "Another" in integrator.open(page)
    wrong = integrator.send(f"{page}/change", **{**changed, "purpose": "no purpose"})
    assert wrong.status_code == 422
    assert 'id="purpose-fault"' in wrong.text


def test_it_is_ended_once_that_is_confirmed(integrator: Browser, receiver: Receiver) -> None:
    page = made(integrator, receiver)
    assert "Send Payer of the Vale nothing any more?" in integrator.open(f"{page}/delete")
    assert integrator.send(f"{page}/delete").status_code == 303
    integrator.open(page, 404)


def test_it_is_nobody_elses(api: Api, integrator: Browser, coordinator: Browser, receiver: Receiver) -> None:
    page = made(integrator, receiver)
    coordinator.open(ALL, 403)
    coordinator.open(page, 403)
    assert coordinator.send(page, do="pause").status_code == 403
    assert "/console/subscriptions" not in coordinator.open("today")
    assert signed_in(api, Role.ADMIN).client.get(f"/console/{page}").status_code == 403


def test_a_form_of_another_site_changes_nothing(api: Api, integrator: Browser, receiver: Receiver) -> None:
    page = made(integrator, receiver)
    assert integrator.post(page, do="pause").status_code == 403
    assert integrator.post(f"{page}/delete").status_code == 403
    assert told(api, page)["state"] == "active"
