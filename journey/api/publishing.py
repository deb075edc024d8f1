"""Publishing: what goes to a broker in this installation, from its settings."""

from importlib.util import find_spec

from pydantic import ValidationError

from journey.api.access.owners import clearance
from journey.audit.disclosures import basis_of
from journey.broker.publisher import Publisher
from journey.broker.turn import Terms
from journey.feed.envelope import Payload
from journey.feed.filter import Filter
from journey.settings import Settings, SettingsError


def publishers(settings: Settings, conninfo: str) -> tuple[Publisher, ...]:
    """Whoever publishes there, if anybody does. Raises SettingsError."""
    if not settings.nats_url:
        return ()
    refuse_unusable(settings)
    from journey.broker.nats import JetStream, Where  # noqa: PLC0415 - an extra

    where = Where(
        settings.nats_url,
        settings.nats_credentials_file,
        settings.nats_stream,
        settings.nats_replicas,
        settings.nats_days,
    )
    return (Publisher(conninfo, lambda: JetStream(where), _terms(settings)),)


def refuse_unusable(settings: Settings) -> None:
    """Raises SettingsError: better now than when there is something to publish."""
    if not settings.nats_url:
        return
    if find_spec("nats") is None:
        raise SettingsError(
            "JOURNEY_NATS_URL is set, and what publishes there is not installed: pip install 'journey[nats]'."
        )
    if settings.nats_credentials_file is not None and find_spec("nkeys") is None:
        raise SettingsError(
            "JOURNEY_NATS_CREDENTIALS_FILE is set, and what signs with it is not installed: "
            "pip install nkeys."
        )
    _terms(settings)


def _terms(settings: Settings) -> Terms:
    if settings.nats_key is None:
        raise SettingsError(
            "JOURNEY_NATS_URL is set, and not on whose behalf it is published: make an API key of the role "
            "integrator, and name its id in JOURNEY_NATS_KEY."
        )
    return Terms(
        clearance,
        settings.nats_key,
        settings.nats_recipient,
        settings.nats_purpose,
        basis_of(settings.nats_purpose),
        Payload(settings.nats_payload),
        _filter(settings.nats_filter),
        f"nats {settings.nats_stream}",
    )


def _filter(text: str) -> Filter:
    try:
        return Filter.model_validate_json(text)
    except ValidationError as error:
        found = error.errors()[0]
        where = ".".join(map(str, found["loc"])) or "it"
        raise SettingsError(
            f"JOURNEY_NATS_FILTER: {where}: {found['msg'].removeprefix('Value error, ')}."
        ) from None
