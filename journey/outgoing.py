"""Outgoing: what can be set about the messages that are sent to subscribers, and to a broker."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode

from journey.oidc import Words


def _networks(given: Any) -> Any:
    if not isinstance(given, str):
        return given
    try:
        return tuple(ip_network(each.strip()) for each in given.split(",") if each.strip())
    except ValueError:
        raise ValueError("it should be networks by commas, such as 10.20.0.0/16,fd00::/8") from None


Network = IPv4Network | IPv6Network
Networks = Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_networks)]


class OutgoingSettings(BaseSettings):
    """A part of the settings."""

    webhook_private_addresses: Networks = Field(
        default=(),
        description="Networks that webhooks may go to though they are not public, by commas: 10.20.0.0/16.",
    )
    webhook_plain_hosts: Words = Field(
        default=(),
        description="Hosts that webhooks may go to over http://, by commas; to all others, https:// alone.",
    )
    webhook_history_days: int = Field(
        default=30,
        ge=1,
        le=3650,
        description="Days for which deliveries of webhooks are remembered once they have ended.",
    )
    nats_url: Words = Field(
        default=(),
        repr=False,
        description="NATS servers with JetStream that the log is published to, by commas: "
        "tls://nats.example.org:4222; needs journey[nats].",
    )
    nats_credentials_file: Path | None = Field(
        default=None,
        description="The file of the credentials for them (a JWT and its key), if they ask for it.",
    )
    nats_key: str | None = Field(
        default=None,
        description="The id of the API key on whose behalf it is published: what it may not see is not sent.",
    )
    nats_payload: Literal["thin", "full"] = Field(
        default="thin", description="How much of what an event says is published, as for webhooks."
    )
    nats_filter: str = Field(
        default="{}",
        description="What is published, as a filter in JSON; all of it, if nothing is said.",
    )
    nats_recipient: str = Field(
        default="NATS", description="Who is told, as it stands in the accounting of disclosures."
    )
    nats_purpose: str = Field(
        default="HOPERAT", description="What they are told for (HL7 v3 ActReason), likewise."
    )
    nats_stream: str = Field(
        default="JOURNEY",
        pattern=r"^[A-Za-z0-9_-]{1,64}$",
        description="The stream, made if it is missing; one that is there is left as it is.",
    )
    nats_replicas: int = Field(
        default=1, ge=1, le=5, description="Servers that keep each message, where the stream is made."
    )
    nats_days: float = Field(
        default=7,
        ge=0,
        le=3650,
        allow_inf_nan=False,
        description="Days for which messages are kept, where the stream is made; 0 is for ever.",
    )
