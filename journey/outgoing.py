"""Outgoing: what can be set about the messages that are sent to the addresses of subscribers."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any

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
