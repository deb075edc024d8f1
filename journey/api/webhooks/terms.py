"""Terms: what webhooks are sent by in this installation, from its settings."""

from types import MappingProxyType

from journey.api.access.owners import clearance
from journey.settings import Settings
from journey.subscriptions.way import KIND, Fhir
from journey.webhooks.addresses import Where
from journey.webhooks.deliveries import Terms


def terms(settings: Settings) -> Terms:
    return Terms(
        clearance,
        Where(settings.webhook_private_addresses, settings.webhook_plain_hosts),
        settings.webhook_history_days,
        ways=MappingProxyType({KIND: Fhir()}),
    )
