"""Tokens: the access tokens of an OIDC issuer (RFC 9068), beside API keys.

A token is believed where one of the issuer's keys signed it, with an algorithm from the settings, for this
API and for now. What is verified once is remembered until it expires or the issuer's keys change. Whoever
sent it hears that it expired or that it is not accepted; why stands in the log.
"""

from hashlib import sha256
from time import time
from typing import Any, NamedTuple

import jwt
import structlog

from journey.api.access.caller import Caller
from journey.api.access.claims import Unreadable, caller_of
from journey.api.access.issuer import Issuer
from journey.settings import Settings

LONGEST = 16 * 1024
"""Characters of a token at most."""

REMEMBERED = 1000
"""Tokens kept in memory at most, as hashes."""

REQUIRED = ["exp", "iat", "sub", "aud", "iss"]
ACCESS = frozenset({"at+jwt", "application/at+jwt"})
ORDINARY = frozenset({"jwt", "application/jwt", ""})
OF_AN_ID_TOKEN = frozenset({"nonce", "at_hash", "c_hash"})

logger = structlog.get_logger()


class NotAccepted(Exception):
    """The token is not accepted; ask its issuer for another, meant for this API."""

    def __init__(self, *, expired: bool = False) -> None:
        said = "The token has expired; ask its issuer for another." if expired else NotAccepted.__doc__
        super().__init__(said)
        self.expired = expired


class Verified(NamedTuple):
    """Whose token it is, until when, and by which state of the issuer's keys."""

    caller: Caller
    until: float
    changes: int


class Tokens:
    """Whose tokens they are, for a process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._verified: dict[bytes, Verified] = {}
        self.issuer = Issuer(settings)

    async def caller(self, token: str) -> Caller:
        """Who holds the token. Raises NotAccepted, IssuerUnavailable."""
        await self.issuer.refresh()
        digest = sha256(token.encode()).digest()
        known = self._verified.get(digest)
        if known is None or known.changes != self.issuer.changes:
            known = await self._verify(token)
            if len(self._verified) >= REMEMBERED:
                self._verified.clear()
            self._verified[digest] = known
        if known.until <= time():
            del self._verified[digest]
            raise NotAccepted(expired=True)
        return known.caller

    async def _verify(self, token: str) -> Verified:
        try:
            claims = await self._claims(token)
            caller = caller_of(claims, self._settings)
            until = float(int(claims["exp"])) + self._settings.oidc_clock_skew
        except (jwt.PyJWTError, Unreadable, ValueError, OverflowError, RecursionError) as error:
            reason = str(error) if isinstance(error, Unreadable) else type(error).__name__
            logger.info("oidc.not_accepted", reason=reason)
            raise NotAccepted(expired=isinstance(error, jwt.ExpiredSignatureError)) from None
        return Verified(caller, until, self.issuer.changes)

    async def _claims(self, token: str) -> dict[str, Any]:
        """What it says, once all is verified that can be."""
        if len(token) > LONGEST:
            raise Unreadable("the token is too long")
        settings = self._settings
        head = jwt.get_unverified_header(token)
        algorithm = head.get("alg")
        if algorithm not in settings.oidc_algorithms:
            raise Unreadable("the token is signed with an algorithm that is not in JOURNEY_OIDC_ALGORITHMS")
        key = await self.issuer.key(head.get("kid"), algorithm)
        if key is None:
            raise Unreadable("the issuer has no such key")
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            audience=settings.oidc_audience,
            issuer=settings.oidc_issuer,
            leeway=settings.oidc_clock_skew,
            options={"require": REQUIRED},
        )
        refuse_other_kinds(head, claims)
        return claims


def refuse_other_kinds(head: dict[str, Any], claims: dict[str, Any]) -> None:
    """An ID token tells an application who signed in; it opens nothing. Neither does a refresh token.

    An access token says so by `typ` in its head (RFC 9068), `typ` among the claims (Keycloak) or `token_use`
    (Cognito). One that says nothing is an ID token where it has claims that only those need; and that it is
    meant for this API, as its `aud` says, is required of all. Raises Unreadable.
    """
    media = str(head.get("typ", "")).lower()
    said = [str(claims[name]).lower() for name in ("typ", "token_use") if name in claims]
    if media not in ACCESS | ORDINARY or not {"bearer", "access"}.issuperset(said):
        raise Unreadable("the token is of another kind than an access token")
    if media in ORDINARY and not said and not OF_AN_ID_TOKEN.isdisjoint(claims):
        raise Unreadable("the token is an ID token; send the access token")
    if "cnf" in claims:
        raise Unreadable("the token is bound to a key of its holder's (cnf), which cannot be checked here")
