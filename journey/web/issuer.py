"""Issuer: signing in where the hospital signs in (OpenID Connect, authorization code with PKCE, RFC 7636).

The browser keeps one secret for as long as it is on its way; state, nonce and verifier are made of it, so
that an answer counts for the browser that asked for it, once.
"""

import asyncio
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import jwt
from jwt.exceptions import PyJWTError
from jwt.types import Options

from journey.discovery import NOT_REACHED, PATIENCE, Unusable, Way, document
from journey.settings import Settings
from journey.web.sessions import Held

UNSIGNED: Options = {
    "verify_signature": False,
    "verify_iss": True,
    "verify_aud": True,
    "verify_exp": True,
    "require": ["iss", "aud", "exp", "sub"],
}
"""The id token comes from the issuer itself, over TLS: its signature says nothing more (Core 3.1.3.7)."""

ENDING = "end_session_endpoint"
UNTOLD = 300
"""Seconds that a token is taken to hold where the issuer does not say."""


class NotSignedIn(Exception):
    """You could not be signed in there. Try again; if that does not help, come with a key."""

    def __init__(self, why: str) -> None:
        super().__init__(NotSignedIn.__doc__)
        self.why = why
        """To the operator."""


class Journeying(NamedTuple):
    """A browser on its way to the issuer and back, by its secret."""

    secret: str

    @property
    def state(self) -> str:
        return self._made("state")

    @property
    def nonce(self) -> str:
        return self._made("nonce")

    @property
    def verifier(self) -> str:
        return self._made("verifier")

    @property
    def challenge(self) -> str:
        return _url_safe(sha256(self.verifier.encode()).digest())

    def is_answered_by(self, state: str) -> bool:
        return compare_digest(self.state.encode(), state.encode())

    def _made(self, of: str) -> str:
        return _url_safe(sha256(f"{of} {self.secret}".encode()).digest())


class Issuer:
    """The issuer, as far as the console needs it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._issuer = settings.oidc_issuer or ""
        self._client_id = settings.console_oidc_client_id or ""
        self._way = Way(self._issuer)

    @property
    def name(self) -> str:
        """What people know it by: its host."""
        return urlsplit(self._issuer).hostname or self._issuer

    def is_named(self, issuer: str) -> bool:
        """Whether it calls itself that (RFC 9207)."""
        return issuer == self._issuer

    async def address(self, journeying: Journeying, redirect: str) -> str:
        """Where the browser is sent. Raises NotSignedIn."""
        async with _within(), self._way.client() as client:
            there = (await self._way.configuration(client)).address("authorization_endpoint")
        asked = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": redirect,
            "scope": self._settings.console_oidc_scope,
            "state": journeying.state,
            "nonce": journeying.nonce,
            "code_challenge": journeying.challenge,
            "code_challenge_method": "S256",
        }
        return f"{there}{'&' if '?' in there else '?'}{urlencode(asked)}"

    async def exchanged(self, journeying: Journeying, code: str, redirect: str) -> Held:
        """What the code is worth. Raises NotSignedIn."""
        told = await self._told(
            grant_type="authorization_code",
            code=code,
            redirect_uri=redirect,
            code_verifier=journeying.verifier,
        )
        self._check(told.get("id_token"), journeying.nonce)
        return _held(told)

    async def renewed(self, held: Held) -> Held:
        """A younger token for the one that is about to expire. Raises NotSignedIn."""
        told = await self._told(grant_type="refresh_token", refresh_token=held.refresh or "")
        return _held({"refresh_token": held.refresh, "id_token": held.id_token, **told})

    async def farewell(self, held: Held, after: str) -> str | None:
        """Where the browser is sent to end the sign-in there, too, and back from (RP-Initiated Logout 1.0);
        None where the issuer has no such place. Raises NotSignedIn.
        """
        async with _within(), self._way.client() as client:
            said = await self._way.configuration(client)
            there = said.address(ENDING) if said.names(ENDING) else None
        if there is None or held.id_token is None:
            return None
        asked = {
            "id_token_hint": held.id_token,
            "client_id": self._client_id,
            "post_logout_redirect_uri": after,
        }
        return f"{there}{'&' if '?' in there else '?'}{urlencode(asked)}"

    async def _told(self, **asked: str) -> dict[str, Any]:
        secret = self._settings.console_oidc_client_secret
        form = {"client_id": self._client_id, **({"client_secret": secret} if secret else {}), **asked}
        async with _within(), self._way.client() as client:
            there = (await self._way.configuration(client)).address("token_endpoint")
            return await document(client, there, form)

    def _check(self, id_token: object, nonce: str) -> None:
        """That it is of this issuer, for this client, and the answer to this question."""
        skew = self._settings.oidc_clock_skew
        try:
            claims = jwt.decode(
                id_token if isinstance(id_token, str) else "",
                options=UNSIGNED,
                issuer=self._issuer,
                audience=self._client_id,
                leeway=skew,
            )
        except PyJWTError as error:
            raise NotSignedIn(f"its id token is not for us: {type(error).__name__}") from None
        if not isinstance(claims.get("nonce"), str) or not compare_digest(claims["nonce"], nonce):
            raise NotSignedIn("its id token answers another question")


@asynccontextmanager
async def _within() -> AsyncIterator[None]:
    """In the time that the issuer has; whatever goes wrong, nobody is signed in."""
    try:
        async with asyncio.timeout(PATIENCE):
            yield
    except Unusable as error:
        raise NotSignedIn(str(error)) from None
    except NOT_REACHED as error:
        raise NotSignedIn(type(error).__name__) from None


def _held(told: Mapping[str, Any]) -> Held:
    """What a token's answer holds (RFC 6749 section 5.1)."""
    token, refresh, lasts = told.get("access_token"), told.get("refresh_token"), told.get("expires_in")
    id_token = told.get("id_token")
    if not isinstance(token, str) or str(told.get("token_type")).lower() != "bearer":
        raise NotSignedIn("it gives no bearer token")
    seconds = lasts if isinstance(lasts, int) and lasts > 0 else UNTOLD
    until = datetime.now(UTC) + timedelta(seconds=seconds)
    return Held(
        token,
        refresh if isinstance(refresh, str) else None,
        until,
        id_token=id_token if isinstance(id_token, str) else None,
    )


def _url_safe(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
