"""Tokens of a real issuer, right and wrong, without a database."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Event
from time import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.warnings import InsecureKeyLengthWarning

from journey.api.access import issuer as keys_of_issuer
from journey.api.access import tokens
from journey.api.access.caller import Caller
from journey.api.access.issuer import IssuerUnavailable
from journey.api.access.scopes import Scope
from journey.api.access.table import Role
from journey.api.access.tokens import NotAccepted, Tokens
from tests.api.issuing import (
    AUDIENCE,
    DISCOVERY,
    KEYS,
    Issuer,
    by_hand,
    certificate,
    ec_key,
    issuing,
    part,
    published,
    rsa_key,
    send,
)


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuing() as issuer:
        yield issuer


class Asked:
    """Tokens of one process, asked in its loop."""

    def __init__(self, issuer: Issuer, **settings: Any) -> None:
        self.loop = asyncio.Runner()
        self.tokens = Tokens(issuer.settings(**settings))

    def __call__(self, token: str) -> Caller:
        return self.loop.run(self.tokens.caller(token))

    def refused(self, token: str) -> NotAccepted:
        with pytest.raises(NotAccepted) as refused:
            self(token)
        return refused.value

    @classmethod
    def lets_in(cls, issuer: Issuer, token: str) -> bool:
        """One that is begun for the occasion."""
        asked = cls(issuer)
        with asked.loop:
            try:
                asked(token)
            except IssuerUnavailable:
                return False
            return True

    def refreshed(self) -> None:
        """The question under way is answered."""

        async def answered() -> None:
            if self.tokens.issuer._asking is not None:  # noqa: SLF001 - what runs beside the requests
                await self.tokens.issuer._asking  # noqa: SLF001 - the same

        self.loop.run(answered())


@pytest.fixture
def asking(issuer: Issuer) -> Iterator[Callable[..., Asked]]:
    made: list[Asked] = []

    def one(**settings: Any) -> Asked:
        made.append(Asked(issuer, **settings))
        return made[-1]

    yield one
    for each in made:
        each.loop.run(each.tokens.issuer.stop())
        each.loop.close()


@pytest.fixture
def asked(asking: Callable[..., Asked]) -> Asked:
    return asking()


def test_a_token_tells_who_its_holder_is(issuer: Issuer, asked: Asked) -> None:
    found = asked(issuer.token(labels=["PSY", "not a label"], scope="openid system/Task.rs"))
    assert found.id.startswith("oidc:")
    assert "ann" not in found.id
    assert (found.name, found.role, found.team) == ("oidc:ann", Role.COORDINATOR, "Ward 3")
    assert (found.teams, found.labels) == (frozenset({"ward 3"}), frozenset({"PSY"}))
    assert found.scopes == (Scope("Task", "rs"),)
    assert asked(issuer.token()).id == found.id
    assert asked(issuer.token(sub="bea")).id != found.id


def test_a_token_that_names_no_team_opens_none(issuer: Issuer, asked: Asked) -> None:
    nobodys: list[Any] = [None, [], "", {}, 7, ["\0"], ["\ud800"]]
    for teams in nobodys:
        found = asked(issuer.token(teams=teams))
        assert (found.teams, found.team) == (frozenset(), None)
    assert asked(issuer.token(teams="Ward 3")).teams == frozenset({"ward 3"})
    assert asked(issuer.token(teams=["Ward 3", "desk", 7])).teams == frozenset({"ward 3", "desk"})


def test_every_team_has_a_word_only_where_it_is_set(issuer: Issuer, asking: Callable[..., Asked]) -> None:
    everywhere = issuer.token(teams=["*"])
    assert asking()(everywhere).teams == frozenset({"*"})
    found = asking(oidc_every_team="*")(everywhere)
    assert (found.teams, found.team) == (None, None)


def test_claims_stand_where_the_settings_say(issuer: Issuer, asking: Callable[..., Asked]) -> None:
    asked = asking(
        oidc_roles_claim="realm_access.roles",
        oidc_roles="ward-clerk=coordinator, auditor=compliance",
        oidc_teams_claim="https://example.org/teams",
        oidc_name_claim="preferred_username",
    )
    elsewhere: dict[str, Any] = {"https://example.org/teams": "desk"}
    found = asked(
        issuer.token(
            realm_access={"roles": ["offline_access", "auditor"]},
            preferred_username="a.okafor",
            **elsewhere,
        )
    )
    assert (found.role, found.name) == (Role.COMPLIANCE, "oidc:a.okafor")
    assert found.teams == frozenset({"desk"})
    asked.refused(issuer.token(realm_access={"roles": ["coordinator"]}, preferred_username="x"))
    asked.refused(issuer.token(realm_access={"roles": "auditor"}))


@pytest.mark.parametrize(
    "roles", [None, [], ["nurse"], "admin", ["coordinator", "clinician"], 7, {"coordinator": 1}]
)
def test_a_role_is_one(issuer: Issuer, asked: Asked, roles: object) -> None:
    asked.refused(issuer.token(roles=roles))


@pytest.mark.parametrize("roles", ["clinician", ["clinician", "clinician", "else"]])
def test_a_role_may_be_a_text_or_stand_in_a_list(issuer: Issuer, asked: Asked, roles: object) -> None:
    assert asked(issuer.token(roles=roles)).role is Role.CLINICIAN


@pytest.mark.parametrize(
    ("claims", "scopes"),
    [
        ({}, None),
        ({"scope": "openid profile"}, None),
        ({"scope": "openid user/Task.rs system/Encounter.write"}, {("Task", "rs"), ("Encounter", "cu")}),
        ({"scope": ["user/Task.rs"]}, {("Task", "rs")}),
        ({"scp": ["user/*.read"]}, {("*", "rs")}),
        ({"scope": "patient/*.rs launch/patient"}, set()),
        ({"scope": "user/Media.rs"}, set()),
        ({"scope": "system/task.rs"}, set()),
        ({"scope": "user/Task.rs?status=requested"}, set()),
    ],
)
def test_scopes_narrow_where_there_are_any(
    issuer: Issuer, asked: Asked, claims: dict[str, Any], scopes: set[tuple[str, str]] | None
) -> None:
    found = asked(issuer.token(**claims)).scopes
    assert (None if found is None else set(found)) == scopes


def test_subjects_are_told_apart_whatever_they_hold(issuer: Issuer, asked: Asked) -> None:
    subjects = ["Åse Ø", "李", "\N{CAT FACE}", "jk_000000000000", "a/b c", "A"]
    found = [asked(issuer.token(sub=sub)) for sub in subjects]
    assert [each.name for each in found] == [f"oidc:{sub}" for sub in subjects]
    assert len({each.id for each in found}) == len(subjects)
    for wrong in ("", "a\nb", "\ud800", "x" * 101, 7, ["ann"]):
        asked.refused(issuer.token(sub=wrong))


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "https://other.example.org"},
        {"aud": "https://other.example.org"},
        {"aud": ["other", "another"]},
        {"aud": []},
        *({name: None} for name in ("iss", "aud", "sub", "iat", "exp")),
        {"exp": "soon"},
        {"exp": float("nan")},
        {"exp": float("inf")},
        {"exp": "1" + "0" * 400},
        {"iat": +1000},
        {"nbf": +1000},
        {"nbf": "soon"},
        {"typ": "ID"},
        {"typ": "Refresh"},
        {"typ": "DPoP"},
        {"token_use": "id"},
        {"cnf": {"jkt": "x"}},
    ],
    ids=str,
)
def test_wrong_claims_are_not_accepted(issuer: Issuer, asked: Asked, wrong: dict[str, Any]) -> None:
    moved: dict[str, Any] = {
        name: int(time()) + value if type(value) is int else value for name, value in wrong.items()
    }
    assert not asked.refused(issuer.token(**moved)).expired


def test_clocks_may_differ_by_the_skew(issuer: Issuer, asking: Callable[..., Asked]) -> None:
    now = int(time())
    within, beyond = issuer.token(exp=now - 30), issuer.token(exp=now - 90)
    asked = asking()
    assert asked(within).name == "oidc:ann"
    assert asked.refused(beyond).expired
    assert asked(issuer.token(iat=now + 30, nbf=now + 30)).name == "oidc:ann"
    assert asking(oidc_clock_skew=0).refused(within).expired
    assert asking(oidc_clock_skew=120)(beyond).name == "oidc:ann"


def test_a_token_that_is_remembered_expires(
    issuer: Issuer, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = issuer.token()
    assert asked(token) is asked(token)
    monkeypatch.setattr(tokens, "time", lambda: time() + 361)
    assert asked.refused(token).expired


def test_what_is_remembered_is_bounded(issuer: Issuer, asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "REMEMBERED", 3)
    for number in range(8):
        asked(issuer.token(sub=f"number {number}"))
    assert 0 < len(asked.tokens._verified) <= 3  # noqa: SLF001 - what is kept cannot be seen otherwise


def test_several_audiences_on_both_sides(issuer: Issuer, asking: Callable[..., Asked]) -> None:
    asked = asking(oidc_audience="journey, account")
    assert asked(issuer.token(aud=["other", "account"])).name == "oidc:ann"
    asked.refused(issuer.token(aud=[AUDIENCE, "other"]))


@pytest.mark.parametrize(
    ("head", "claims", "is_access"),
    [
        ({"typ": "at+jwt"}, {"nonce": "n"}, True),
        ({"typ": "application/at+jwt"}, {}, True),
        ({"typ": "JWT"}, {}, True),
        ({"typ": "JWT"}, {"typ": "Bearer", "nonce": "n"}, True),
        ({"typ": "JWT"}, {"token_use": "access"}, True),
        ({"typ": None}, {}, True),
        ({"typ": "JWT"}, {"nonce": "n"}, False),
        ({"typ": "JWT"}, {"at_hash": "h"}, False),
        ({"typ": "logout+jwt"}, {}, False),
        ({"typ": "at+jwt"}, {"token_use": "id"}, False),
    ],
)
def test_an_id_token_is_no_access_token(
    issuer: Issuer, asked: Asked, head: dict[str, Any], claims: dict[str, Any], is_access: bool
) -> None:
    token = issuer.token(head=head, **claims)
    if is_access:
        assert asked(token).name == "oidc:ann"
    else:
        asked.refused(token)


def test_a_token_is_signed_as_the_settings_say(issuer: Issuer, asking: Callable[..., Asked]) -> None:
    asked = asking()
    issuer.keys.append(published(ec_key(), "curve"))
    curve = issuer.token(key=ec_key(), algorithm="ES256", head={"kid": "curve"})
    assert asked(curve).name == "oidc:ann"
    asked.refused(issuer.token(algorithm="RS512"))
    asked.refused(issuer.token(algorithm="PS256"))
    assert asking(oidc_algorithms="PS256")(issuer.token(algorithm="PS256")).name == "oidc:ann"
    asking(oidc_algorithms="ES256").refused(issuer.token())


def test_a_token_that_anybody_could_make_is_not_accepted(issuer: Issuer, asked: Asked) -> None:
    claims = issuer.claims()
    public = rsa_key("first").public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    for name in ("none", "None", "nOnE", "", None, 7, ["RS256"], "HS256"):
        asked.refused(by_hand({"alg": name, "kid": "first"}, claims))
    for secret in (pem, der):
        for name in ("HS256", "RS256"):
            asked.refused(by_hand({"alg": name, "kid": "first", "typ": "at+jwt"}, claims, secret))
    asked.refused(issuer.token(key=rsa_key("somebody's")))
    asked.refused(issuer.token(key=rsa_key("somebody's"), head={"jwk": published(rsa_key("somebody's"))}))
    right = issuer.token()
    head, _, signature = right.split(".")
    asked.refused(f"{head}.{part(issuer.claims(roles=['admin']))}.{signature}")
    assert asked(right).role is Role.COORDINATOR


@pytest.mark.parametrize(
    "rubbish",
    [
        "x",
        "a.b.c",
        "a.b.c.d.e",
        "..",
        "\N{CAT FACE}.é.\xff",
        f"{part(b'[' * 9000)}.{part({})}.",
        f"{part([])}.{part({})}.x",
        "x" * 20_000,
        by_hand({"alg": "RS256", "kid": 7}, {}),
        by_hand({"alg": "RS256", "kid": {}}, {}),
        by_hand({"alg": "RS256", "kid": "first", "crit": ["exp"], "exp": 1}, {}),
        by_hand({"alg": "RS256", "kid": "first"}, []),
    ],
    ids=lambda rubbish: rubbish[:12].encode("ascii", "replace").decode(),
)
def test_rubbish_is_not_accepted(asked: Asked, rubbish: str) -> None:
    asked.refused(rubbish)


def test_deep_claims_are_not_accepted(issuer: Issuer, asked: Asked) -> None:
    nested: Any = []
    for _ in range(500):
        nested = [nested]
    assert asked(issuer.token(extra=nested)).name == "oidc:ann"
    asked.refused(issuer.token(extra="x" * tokens.LONGEST))


def test_keys_that_are_not_for_this_are_left(issuer: Issuer, asking: Callable[..., Asked]) -> None:
    first, short = rsa_key("first"), rsa_key("short", 1024)
    right = published(first)
    secret = {"kty": "oct", "k": part(b"secret"), "kid": "first", "alg": "HS256"}
    unsuitable = [
        {**right, "use": "enc"},
        {**right, "key_ops": ["encrypt"]},
        {**right, "key_ops": 7},
        {**right, "alg": "RS512"},
        {**right, "kty": "oct"},
        {**right, "n": "!"},
        {**right, "d": "AQAB"},
        {"kid": "first"},
        secret,
        published(short),
        published(ec_key(ec.SECP384R1)),
        "no key",
        None,
    ]
    issuer.keys[:] = unsuitable
    with pytest.raises(IssuerUnavailable):
        asking()(issuer.token())
    issuer.keys.append(right)
    assert asking()(issuer.token()).name == "oidc:ann"
    issuer.keys[:] = [published(short), published(ec_key(), "curve")]
    with pytest.warns(InsecureKeyLengthWarning):
        token = issuer.token(key=short)
    asking().refused(token)


def test_a_token_without_a_key_id_needs_a_single_key(issuer: Issuer, asking: Callable[..., Asked]) -> None:
    unnamed = issuer.token(head={"kid": None})
    assert asking()(unnamed).name == "oidc:ann"
    issuer.keys[:] = [published(rsa_key("first"), None), published(ec_key(), None)]
    assert asking()(unnamed).name == "oidc:ann"
    issuer.keys.append(published(rsa_key("second"), "second"))
    asking().refused(unnamed)


def test_keys_are_changed_by_the_issuer(
    issuer: Issuer, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = issuer.token()
    new = issuer.token(key=rsa_key("second"), head={"kid": "second"})
    asked(old)
    asked.refused(new)
    assert issuer.asked.count(KEYS) == 1, "one that is not known is asked about once a minute"
    issuer.keys[:] = [published(rsa_key("second"), "second")]
    asked.refused(new)
    assert issuer.asked.count(KEYS) == 1
    monkeypatch.setattr(keys_of_issuer, "UNKNOWN", -1.0)
    assert asked(new).name == "oidc:ann"
    assert issuer.asked.count(KEYS) == 2
    asked.refused(old)


def test_keys_are_asked_for_again_beside_the_requests(
    issuer: Issuer, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = issuer.token()
    asked(token)
    monkeypatch.setattr(keys_of_issuer, "FRESH", -1.0)
    monkeypatch.setattr(keys_of_issuer, "RETRY", -1.0)
    issuer.keys[:] = [published(rsa_key("second"), "second")]
    assert asked(token).name == "oidc:ann"
    asked.refreshed()
    monkeypatch.setattr(keys_of_issuer, "FRESH", 600.0)
    asked.refused(token)


def test_many_at_once_ask_once(issuer: Issuer, asked: Asked) -> None:
    async def all_at_once() -> list[Caller]:
        return await asyncio.gather(*(asked.tokens.caller(issuer.token(sub=str(each))) for each in range(20)))

    assert len({each.id for each in asked.loop.run(all_at_once())}) == 20
    assert issuer.asked == [DISCOVERY, KEYS]


def test_an_outage_is_survived_for_a_time(
    issuer: Issuer, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, new = issuer.token(), issuer.token(sub="bea")
    asked(known)
    issuer.instead[DISCOVERY] = lambda to: send(to, {}, 503)
    monkeypatch.setattr(keys_of_issuer, "FRESH", -1.0)
    monkeypatch.setattr(keys_of_issuer, "RETRY", -1.0)
    assert asked(known).name == "oidc:ann"
    asked.refreshed()
    assert asked(new).name == "oidc:bea"
    asked.refreshed()
    monkeypatch.setattr(keys_of_issuer, "KEPT", -1.0)
    with pytest.raises(IssuerUnavailable):
        asked(known)
    del issuer.instead[DISCOVERY]
    monkeypatch.setattr(keys_of_issuer, "KEPT", 3600.0)
    assert asked(known).name == "oidc:ann"


def test_an_issuer_that_is_down_is_not_asked_by_every_request(
    issuer: Issuer, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer.instead[KEYS] = lambda to: send(to, {}, 500)
    for _ in range(3):
        with pytest.raises(IssuerUnavailable):
            asked(issuer.token())
    assert issuer.asked.count(KEYS) == 1
    del issuer.instead[KEYS]
    monkeypatch.setattr(keys_of_issuer, "RETRY", -1.0)
    assert asked(issuer.token()).name == "oidc:ann"


def test_nobody_listens(issuer: Issuer, asking: Callable[..., Asked]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(IssuerUnavailable):
        asking(oidc_jwks_url=f"http://127.0.0.1:{port}/keys")(issuer.token())


def _huge(to: BaseHTTPRequestHandler) -> None:
    to.send_response(200)
    to.end_headers()
    with suppress(ConnectionError):  # whoever asked hangs up
        for _ in range(64):
            to.wfile.write(b" " * 65536)


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        (KEYS, _huge),
        (KEYS, lambda to: send(to, b"<html>")),
        (KEYS, lambda to: send(to, b"[" * 100_000)),
        (KEYS, lambda to: send(to, [])),
        (KEYS, lambda to: send(to, {"keys": {}})),
        (KEYS, lambda to: send(to, {"keys": []})),
        (KEYS, lambda to: send(to, {}, 302, Location="/elsewhere")),
        (KEYS, lambda to: send(to, b"\xff\xfe")),
        (KEYS, lambda to: to.wfile.write(b"not HTTP\r\n\r\n")),
        (DISCOVERY, lambda to: send(to, {"issuer": "https://other.example.org", "jwks_uri": "x"})),
        (DISCOVERY, lambda to: send(to, {})),
    ],
)
def test_what_an_issuer_should_not_answer(
    issuer: Issuer, asked: Asked, path: str, answer: Callable[[BaseHTTPRequestHandler], None]
) -> None:
    issuer.instead["/elsewhere"] = lambda to: send(to, {"keys": [published(rsa_key("first"))]})
    issuer.instead[path] = answer
    with pytest.raises(IssuerUnavailable):
        asked(issuer.token())
    assert "/elsewhere" not in issuer.asked


@pytest.mark.parametrize("url", ["http://example.org/keys", "ftp://127.0.0.1/keys", "/keys", 7, None])
def test_keys_come_from_nowhere_unsafe(issuer: Issuer, asked: Asked, url: object) -> None:
    issuer.instead[DISCOVERY] = lambda to: send(to, {"issuer": issuer.url, "jwks_uri": url})
    with pytest.raises(IssuerUnavailable):
        asked(issuer.token())


def test_a_slow_issuer_is_not_waited_for(
    issuer: Issuer, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys_of_issuer, "PATIENCE", 0.1)
    told = Event()

    def slowly(to: BaseHTTPRequestHandler) -> None:
        told.wait(10)
        with suppress(ConnectionError):
            send(to, {"keys": issuer.keys})

    issuer.instead[KEYS] = slowly
    with pytest.raises(IssuerUnavailable):
        asked(issuer.token())
    told.set()


def test_an_issuers_name_may_end_with_a_slash(issuer: Issuer, asking: Callable[..., Asked]) -> None:
    named = f"{issuer.url}/"
    keys = issuer.url + KEYS
    issuer.instead[DISCOVERY] = lambda to: send(to, {"issuer": named, "jwks_uri": keys})
    asked = asking(oidc_issuer=named)
    assert asked(issuer.token(iss=named)).name == "oidc:ann"
    asked.refused(issuer.token())


def test_the_address_of_the_keys_may_be_set(issuer: Issuer, asking: Callable[..., Asked]) -> None:
    issuer.instead[DISCOVERY] = lambda to: send(to, {}, 404)
    assert asking(oidc_jwks_url=issuer.url + KEYS)(issuer.token()).name == "oidc:ann"
    assert issuer.asked == [KEYS]


def test_an_issuer_shows_who_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over TLS, where nobody has vouched for it, or somebody whom the machine's administrator trusts."""
    known = tmp_path / "known.pem"
    with issuing(certificate(known)) as issuer:
        assert not Asked.lets_in(issuer, issuer.token())
        assert issuer.asked == []
        monkeypatch.setenv("SSL_CERT_FILE", str(known))
        assert Asked.lets_in(issuer, issuer.token())
