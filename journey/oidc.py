"""OIDC: what can be set about the issuer whose access tokens are believed, and how their claims are read."""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode

Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""Those with a public key: with a secret one (HS256), whoever checks tokens could make them."""

RoleWord = Literal["coordinator", "clinician", "compliance", "integrator", "admin"]


def is_safe(url: str) -> bool:
    """Whether nobody on the way can change what is read there: TLS, or this machine."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if not host or parts.username is not None or parts.fragment or not url.isprintable() or " " in url:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_here(host))


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _url(url: str) -> str:
    if not is_safe(url):
        raise ValueError("it should be an https:// address; http:// is for this machine alone")
    return url


def _words(given: Any) -> Any:
    return tuple(filter(None, map(str.strip, given.split(",")))) if isinstance(given, str) else given


def _pairs(given: Any) -> Any:
    if not isinstance(given, str):
        return given
    pairs = [each.partition("=") for each in _words(given)]
    if not all(word.strip() and role.strip() for word, _, role in pairs):
        raise ValueError("it should be pairs by commas, such as ward-clerk=coordinator,auditor=compliance")
    return {word.strip(): role.strip() for word, _, role in pairs}


Url = Annotated[str, AfterValidator(_url)]
Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)]
Algorithms = Annotated[tuple[Algorithm, ...], NoDecode, BeforeValidator(_words), Field(min_length=1)]
RoleWords = Annotated[Mapping[str, RoleWord], NoDecode, BeforeValidator(_pairs)]


class OidcSettings(BaseSettings):
    """A part of the settings; without an issuer, API keys alone are accepted."""

    oidc_issuer: Url | None = Field(
        default=None,
        description="The issuer whose access tokens are accepted beside API keys, as it calls itself.",
    )
    oidc_audience: Words = Field(
        default=(),
        description="What a token has to be meant for, by commas: its `aud` holds one of these.",
    )
    oidc_jwks_url: Url | None = Field(
        default=None,
        description="Where the issuer's keys are; unset, its openid-configuration says so.",
    )
    oidc_algorithms: Algorithms = Field(
        default=("RS256", "ES256"),
        description="How tokens may be signed, by commas.",
    )
    oidc_roles_claim: str = Field(
        default="roles",
        description="The claim with the caller's roles; dots lead inwards: `realm_access.roles`.",
    )
    oidc_roles: RoleWords = Field(
        default={
            "coordinator": "coordinator",
            "clinician": "clinician",
            "compliance": "compliance",
            "integrator": "integrator",
        },
        description="Which word of the issuer is which role, by commas: `ward-clerk=coordinator`.",
    )
    """Most issuers have an `admin` of their own: whoever hands out keys here is named, or nobody is."""
    oidc_teams_claim: str = Field(
        default="teams",
        description="The claim with the teams whose journeys are the caller's.",
    )
    oidc_every_team: str | None = Field(
        default=None,
        description="The word in the teams' claim that stands for every team, such as `*`; unset, none does.",
    )
    oidc_labels_claim: str = Field(
        default="labels",
        description="The claim with the security labels whose events the caller may see.",
    )
    oidc_name_claim: str = Field(
        default="sub",
        description="The claim that names the caller on events; it must never pass to somebody else.",
    )
    oidc_clock_skew: float = Field(
        default=60.0,
        ge=0,
        le=600,
        description="Seconds by which the issuer's clock may differ.",
    )

    console_oidc_client_id: str | None = Field(
        default=None,
        description="Whom the console is to the issuer; set, people sign in to it there.",
    )
    console_oidc_client_secret: str | None = Field(
        default=None, repr=False, description="Its secret there, if the issuer gave it one."
    )
    console_oidc_scope: str = Field(
        default="openid", description="What the console asks for there: openid offline_access."
    )

    @field_validator("console_oidc_client_id")
    @classmethod
    def _somebodys_client(cls, client: str | None, info: ValidationInfo) -> str | None:
        if client is not None and not info.data.get("oidc_issuer"):
            raise ValueError("it should be left out where JOURNEY_OIDC_ISSUER is not set")
        return client

    @field_validator("oidc_audience")
    @classmethod
    def _meant_for_us(cls, audience: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if info.data.get("oidc_issuer") and not audience:
            raise ValueError("it should say what tokens are meant for, once there is an issuer")
        return audience
