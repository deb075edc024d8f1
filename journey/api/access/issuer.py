"""The issuer: the keys that it signs tokens with, as it publishes them (RFC 7517), fetched and kept.

They are asked for again after ten minutes, beside the requests that go on with the old ones, and at once
where a token names a key that is not among them, but not more than once a minute. Through an outage of the
issuer the old ones hold for an hour: it makes no tokens meanwhile, and those it made do not live longer.
"""

import asyncio
from time import monotonic
from typing import Any

import structlog
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from journey.discovery import NOT_REACHED, PATIENCE, Unusable, Way, document
from journey.settings import Settings

FRESH = 600.0
"""Seconds after which the keys are asked for again."""

KEPT = 3600.0
"""Seconds for which they are used where the issuer does not answer."""

UNKNOWN = 60.0
"""Seconds between two questions because of a key that is not known."""

RETRY = 5.0
"""Seconds between two questions while the issuer does not answer."""

MOST = 100
"""Keys at most."""

SHORTEST = 2048
"""Bits of an RSA key at least (NIST SP 800-131A)."""

SHAPE = {
    **{f"{family}{size}": ("RSA", None) for family in ("RS", "PS") for size in (256, 384, 512)},
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "ES512": ("EC", "P-521"),
    "EdDSA": ("OKP", "Ed25519"),
}
"""The type and curve of key that an algorithm takes."""

logger = structlog.get_logger()

Key = tuple[str | None, str]
"""A key's id, and an algorithm that it may be used with."""


class IssuerUnavailable(Exception):
    """The issuer of tokens does not answer; try again in a moment, or come with an API key."""

    def __init__(self) -> None:
        super().__init__(IssuerUnavailable.__doc__)


class Issuer:
    """The keys of one issuer, for a process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._keys: dict[Key, PyJWK] = {}
        self._raw: object = None
        self._fetched = self._asked = float("-inf")
        self._asking: asyncio.Task[None] | None = None
        self._way = Way(settings.oidc_issuer or "", settings.oidc_jwks_url)
        self.changes = 0
        """How often the keys have changed: what was signed with a former one has to be looked at again."""

    async def refresh(self) -> None:
        """The keys are those of the last hour when this returns. Raises IssuerUnavailable."""
        if monotonic() - self._fetched > KEPT:
            await self._ask(RETRY)
            if monotonic() - self._fetched > KEPT:
                raise IssuerUnavailable
        elif monotonic() - self._fetched > FRESH and monotonic() - self._asked > RETRY:
            self._begin()

    async def key(self, kid: str | None, algorithm: str) -> PyJWK | None:
        """The key of this id, for this algorithm; without an id, the only one that there is."""
        found = self._find(kid, algorithm)
        if found is None:
            await self._ask(UNKNOWN)
            found = self._find(kid, algorithm)
        return found

    async def stop(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    def _find(self, kid: str | None, algorithm: str) -> PyJWK | None:
        if kid is not None:
            return self._keys.get((kid, algorithm))
        suitable = [key for (_, each), key in self._keys.items() if each == algorithm]
        return suitable[0] if len(suitable) == 1 else None

    async def _ask(self, pause: float) -> None:
        """Ask, or wait for the answer under way; nothing where they were asked within the pause."""
        if self._asking is None and monotonic() - self._asked > pause:
            self._begin()
        if self._asking is not None:
            await asyncio.shield(self._asking)

    def _begin(self) -> None:
        if self._asking is None:
            self._asked = monotonic()
            self._asking = asyncio.create_task(self._fetch())

    async def _fetch(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                raw = await self._published()
            keys = _usable(raw, self._settings.oidc_algorithms)
        except (*NOT_REACHED, Unusable) as error:
            said = str(error) if isinstance(error, Unusable) else type(error).__name__
            logger.warning("oidc.no_keys", reason=said)
        else:
            if raw != self._raw:
                self._keys, self._raw, self.changes = keys, raw, self.changes + 1
            self._fetched = monotonic()
        finally:
            self._asking = None

    async def _published(self) -> list[Any]:
        """The key set."""
        url = self._settings.oidc_jwks_url
        async with self._way.client() as client:
            if url is None:
                url = (await self._way.configuration(client)).address("jwks_uri")
            keys = (await document(client, url)).get("keys")
        if not isinstance(keys, list):
            raise Unusable("its keys are not a JSON Web Key Set")
        return keys


def _usable(published: list[Any], algorithms: tuple[str, ...]) -> dict[Key, PyJWK]:
    """The keys that tokens may be signed with; not those to encrypt, secret, short or of other kinds."""
    usable: dict[Key, PyJWK] = {}
    for each in published[:MOST]:
        if isinstance(each, dict) and _is_to_verify(each):
            kid = each.get("kid")
            for algorithm in algorithms:
                if key := _key(each, algorithm):
                    usable.setdefault((kid if isinstance(kid, str) else None, algorithm), key)
    if not usable:
        raise Unusable("none of its keys is for the algorithms in JOURNEY_OIDC_ALGORITHMS")
    return usable


def _is_to_verify(key: dict[str, Any]) -> bool:
    """A key whose secret half was published is anybody's."""
    operations = key.get("key_ops", ["verify"])
    is_for_it = isinstance(operations, list) and "verify" in operations
    return is_for_it and key.get("use", "sig") == "sig" and "d" not in key


def _key(each: dict[str, Any], algorithm: str) -> PyJWK | None:
    if each.get("alg", algorithm) != algorithm or SHAPE[algorithm] != (each.get("kty"), each.get("crv")):
        return None
    try:
        key = PyJWK(each, algorithm)
    except (PyJWTError, ValueError):
        return None
    is_short = each["kty"] == "RSA" and key.key.key_size < SHORTEST
    return None if is_short else key
