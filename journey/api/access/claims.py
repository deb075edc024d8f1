"""Claims: what a verified token says of its holder, as a caller."""

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from journey.api.access.caller import Caller
from journey.api.access.keys import OF_TOKENS
from journey.api.access.scopes import Scopes
from journey.api.access.table import Role
from journey.settings import Settings

SMART = re.compile(r"(?:patient|user|system)/")
NAME = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,100}")
"""Of somebody or of a team; half a surrogate pair is no character, though JSON can say it."""

LABEL = re.compile(r"[A-Za-z0-9]{1,20}")
MOST = 100
"""Teams or labels at most, as on a key."""


class Unreadable(Exception):
    """Nobody is let in with this token; the message says to the operator why, and nothing of its holder."""


def caller_of(claims: Mapping[str, Any], settings: Settings) -> Caller:
    """Who holds the token. Raises Unreadable.

    The id is a hash of issuer and subject, so that it is nobody else's and may stand in the log.
    """
    words = _texts(claim(claims, settings.oidc_roles_claim))
    roles = {settings.oidc_roles[each] for each in words if each in settings.oidc_roles}
    if len(roles) != 1:
        many = "several of Journey's roles" if roles else "none of Journey's roles"
        raise Unreadable(f"the token's {settings.oidc_roles_claim} name {many}: see JOURNEY_OIDC_ROLES")
    name = claim(claims, settings.oidc_name_claim)
    if not isinstance(name, str) or not NAME.fullmatch(name) or not claims["sub"]:
        raise Unreadable(f"the token's {settings.oidc_name_claim} is no name: see JOURNEY_OIDC_NAME_CLAIM")
    teams = [each for each in _texts(claim(claims, settings.oidc_teams_claim)) if NAME.fullmatch(each)]
    every = settings.oidc_every_team in teams
    labels = [each for each in _texts(claim(claims, settings.oidc_labels_claim)) if LABEL.fullmatch(each)]
    whose = sha256(f"{claims['iss']}\0{claims['sub']}".encode()).hexdigest()
    return Caller(
        f"{OF_TOKENS}{whose}",
        f"{OF_TOKENS}{name}",
        Role(roles.pop()),
        teams[0] if len(teams) == 1 and not every else None,
        None if every else frozenset(each.lower() for each in teams[:MOST]),
        frozenset(labels[:MOST]),
        scopes_of(claims),
    )


def claim(claims: object, path: str) -> object:
    """What stands under the path: the whole of it is a name, or its dots lead inwards."""
    if not isinstance(claims, Mapping):
        return None
    if path in claims:
        return claims[path]
    dots = [place for place, letter in enumerate(path) if letter == "."]
    inside = (claim(claims[path[:dot]], path[dot + 1 :]) for dot in dots if path[:dot] in claims)
    return next((each for each in inside if each is not None), None)


def scopes_of(claims: Mapping[str, Any]) -> Scopes | None:
    """What the token is narrowed down to. None where no scope is about patients' data: `openid profile`."""
    given = claims.get("scope", claims.get("scp"))
    words = given.split() if isinstance(given, str) else _texts(given)
    return Scopes.granted(words) if any(map(SMART.match, words)) else None


def _texts(given: object) -> list[str]:
    """One text, or the texts of a list."""
    if isinstance(given, str):
        return [given]
    return [each for each in given if isinstance(each, str)] if isinstance(given, list) else []
