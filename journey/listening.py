"""Listening: what can be set about HL7 v2 messages that come in, over MLLP above all."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode

from journey.outgoing import Networks

KNOWN = frozenset({"P", "T", "D"})


def _ids(given: Any) -> Any:
    if not isinstance(given, str):
        return given
    ids = frozenset(each.strip().upper() for each in given.split(",") if each.strip())
    if not ids <= KNOWN:
        raise ValueError("it should be some of P, T and D, by commas (table 0103)")
    return ids


ProcessingIds = Annotated[frozenset[str], NoDecode, BeforeValidator(_ids)]


class ListeningSettings(BaseSettings):
    """A part of the settings."""

    hl7v2_processing_ids: ProcessingIds = Field(
        default=frozenset(),
        description="The processing ids (MSH-11) whose messages are applied, by commas: P in production; "
        "unset, all.",
    )
    mllp_host: str = Field(default="127.0.0.1", description="The address `journey listen mllp` listens on.")
    mllp_port: int = Field(
        default=2575, ge=0, le=65535, description="The port it listens on; 0 takes any free one."
    )
    mllp_from: Networks = Field(
        default=(),
        description="Networks that may connect to it, by commas: 10.20.0.0/16; unset, all.",
    )
    mllp_parked: Literal["AE", "AA"] = Field(
        default="AE",
        description="How a parked message is acknowledged: AE, or AA with a warning for a sender that "
        "repeats or stands still on AE.",
    )
    mllp_tls_cert_file: Path | None = Field(
        default=None, description="The certificate (PEM, chain included) it speaks TLS with; unset, plain."
    )
    mllp_tls_key_file: Path | None = Field(
        default=None, description="That certificate's key, if it stands in another file."
    )
    mllp_tls_client_ca_file: Path | None = Field(
        default=None,
        description="The authorities (PEM) whose certificates senders have to show; unset, none is asked.",
    )
    mllp_max_bytes: int = Field(
        default=8 << 20, ge=4096, description="The largest message taken over MLLP, in bytes."
    )
    mllp_connections: int = Field(
        default=1000, ge=1, description="The MLLP connections open at once; one more is closed."
    )
    mllp_read_seconds: float = Field(
        default=30.0,
        gt=0,
        allow_inf_nan=False,
        description="Seconds in which a message, once begun, is sent, and an acknowledgement is read.",
    )
    mllp_idle_seconds: float = Field(
        default=3600.0,
        gt=0,
        allow_inf_nan=False,
        description="Seconds after which an MLLP connection without a message is closed.",
    )
    mllp_metrics_port: int | None = Field(
        default=None,
        ge=0,
        le=65535,
        description="The port of 127.0.0.1 on which it shows its figures to Prometheus; unset, none.",
    )
