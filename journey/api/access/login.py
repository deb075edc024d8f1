"""Login: whose key or token is it? Attempts that fail are recorded, and a flood of them is not."""

import re
from time import monotonic

from journey.api.access.caller import Caller
from journey.api.access.ring import KeyRing
from journey.api.access.tokens import NotAccepted, Tokens

KEY = re.compile(r"jk_(?:([0-9a-f]{12})\.)?")
REALM = 'Bearer realm="journey"'
PAUSE = 1.0
"""Seconds between two records of one address."""

MOST = 10.0
"""Records a second, of all addresses together; as many may come at once."""

REMEMBERED = 1000
"""Addresses kept in memory at most."""


class NotLetIn(Exception):
    """Nobody can be let in. The message is for whoever asked; `challenge` says how to (RFC 6750). `key_id` is
    that of the key that was tried, where one was.
    """

    def __init__(self, sentence: str, challenge: str, key_id: str | None = None) -> None:
        super().__init__(sentence)
        self.challenge = challenge
        self.key_id = key_id


class Login:
    """Keys and, where there is an issuer, tokens."""

    def __init__(self, keys: KeyRing, tokens: Tokens | None) -> None:
        self._keys = keys
        self._tokens = tokens
        self.attempts = Attempts()

    async def caller(self, authorization: str, *, anew: bool = False) -> Caller:
        """Who asks; `anew`: by the key as it stands now.

        Raises NotLetIn, IssuerUnavailable, StoreUnavailable.
        """
        scheme, _, said = authorization.partition(" ")
        said = said.strip()
        if scheme.lower() != "bearer" or not said:
            raise NotLetIn(self._wanted, REALM)
        key = KEY.match(said)
        if key or self._tokens is None:
            found = await self._keys.caller(said, anew=anew)
            if found is None:
                raise NotLetIn(self._wanted, _invalid("not accepted"), key and key[1])
            return found
        try:
            return await self._tokens.caller(said)
        except NotAccepted as error:
            why = "expired" if error.expired else "not accepted"
            raise NotLetIn(str(error), _invalid(why)) from None

    @property
    def _wanted(self) -> str:
        or_a_token = " or an access token" if self._tokens else ""
        return f"Send an API key that is in use{or_a_token}: Authorization: Bearer jk_…"


def _invalid(why: str) -> str:
    return f'{REALM}, error="invalid_token", error_description="{why}"'


class Attempts:
    """Which failed attempts are recorded: of each address one a second, of all ten. Others are counted."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}
        self._left, self._at = MOST, monotonic()
        self._others = 0

    def to_record(self, peer: str) -> int | None:
        """How many were not recorded before this one, since the last that was; None where neither is this."""
        now = monotonic()
        self._left, self._at = min(MOST, self._left + (now - self._at) * MOST), now
        if self._left < 1.0 or now - self._last.get(peer, float("-inf")) < PAUSE:
            self._others += 1
            return None
        if len(self._last) >= REMEMBERED:
            self._last.clear()
        self._last[peer], self._left = now, self._left - 1.0
        others, self._others = self._others, 0
        return others
