"""Behind the writes: who works beside the sequencer and the read models, as the settings have it."""

from journey.api.publishing import publishers
from journey.api.webhooks.terms import terms
from journey.errands.runner import Runner
from journey.ledger.notary import Notary
from journey.ledger.seals import Place
from journey.settings import Settings
from journey.webhooks.deliveries import Deliveries
from journey.worker import Beside


def beside(conninfo: str, settings: Settings) -> tuple[Beside, ...]:
    return (
        Notary(conninfo, Place.of(settings)),
        Deliveries(conninfo, terms(settings)),
        Runner(conninfo, settings),
        *publishers(settings, conninfo),
    )
