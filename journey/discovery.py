"""Discovery: asking an OIDC issuer, safely: within limits of time and size, over TLS, led nowhere else.

This machine is asked without TLS or a proxy, where the issuer is on it.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from ssl import PROTOCOL_TLS_CLIENT, SSLContext
from typing import Any

from httpx2 import AsyncClient, HTTPError, InvalidURL, create_ssl_context
from pydantic_core import from_json

from journey.oidc import is_safe

PATIENCE = 5.0
"""Seconds that the issuer has to answer, in all."""

LARGEST = 256 * 1024
"""Bytes of an answer at most."""

CONFIGURATION = "/.well-known/openid-configuration"
NOBODY = SSLContext(PROTOCOL_TLS_CLIENT)
"""It believes no certificate."""

NOT_REACHED = (HTTPError, InvalidURL, OSError)
"""What asking raises where nobody answers in time."""

OK = 200


class Unusable(Exception):
    """What the issuer answered cannot be used; the message says to the operator why."""


class Way:
    """The way to an issuer. What is believed there is read once."""

    def __init__(self, issuer: str, *also: str | None) -> None:
        """`also`: other addresses of the issuer's that are set."""
        self._issuer = issuer
        self._beyond = any((each or "").startswith("https:") for each in (issuer, *also))
        self._tls: SSLContext | None = None

    @asynccontextmanager
    async def client(self) -> AsyncIterator[AsyncClient]:
        """It follows no redirection, which could lead to somebody else."""
        if self._tls is None:
            self._tls = await asyncio.to_thread(create_ssl_context) if self._beyond else NOBODY
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        async with AsyncClient(
            headers=headers, verify=self._tls, timeout=PATIENCE, trust_env=self._beyond
        ) as client:
            yield client

    async def configuration(self, client: AsyncClient) -> "Configuration":
        """What the issuer says of itself. Raises Unusable, NOT_REACHED."""
        found = await document(client, self._issuer.rstrip("/") + CONFIGURATION)
        if found.get("issuer") != self._issuer:
            raise Unusable("its openid-configuration is another issuer's")
        return Configuration(found, beyond=self._beyond)


class Configuration:
    """An issuer's openid-configuration."""

    def __init__(self, found: Mapping[str, Any], *, beyond: bool) -> None:
        self._found = found
        self._beyond = beyond

    def names(self, name: str) -> bool:
        """Whether it says anything of it."""
        return self._found.get(name) is not None

    def address(self, name: str) -> str:
        """One that nobody on the way can change what is told at. Raises Unusable."""
        url = self._found.get(name)
        if not isinstance(url, str) or not is_safe(url) or (self._beyond and not url.startswith("https:")):
            raise Unusable(f"its openid-configuration names no safe {name}")
        return url


async def document(client: AsyncClient, url: str, form: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The JSON object that is there, or is the answer to the form. Raises Unusable, NOT_REACHED."""
    taken = bytearray()
    method = "GET" if form is None else "POST"
    async with client.stream(method, url, data=None if form is None else dict(form)) as answer:
        if answer.status_code != OK:
            raise Unusable(f"it answers {answer.status_code}")
        async for piece in answer.aiter_raw():
            taken += piece
            if len(taken) > LARGEST:
                raise Unusable(f"it answers with more than {LARGEST} bytes")
    try:
        told = from_json(bytes(taken))
    except ValueError:
        raise Unusable("it does not answer with JSON") from None
    if not isinstance(told, dict):
        raise Unusable("it does not answer with a JSON object")
    return told
