"""An issuer of tokens on this machine, which answers over HTTP, and does wrong where a test asks it to."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from threading import Thread
from time import time
from typing import Any
from urllib.parse import parse_qsl, urlencode

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from jwt.types import Options

from journey.settings import Settings

DISCOVERY = "/.well-known/openid-configuration"
KEYS, AUTHORIZE, TOKEN, ENDING = "/keys", "/authorize", "/token", "/end"
AUDIENCE = "https://journey.example.org"

Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
Answer = Callable[[BaseHTTPRequestHandler], None]


@cache
def rsa_key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:  # noqa: ARG001 - one key for each name
    return rsa.generate_private_key(65537, bits)


@cache
def ec_key(curve: type[ec.EllipticCurve] = ec.SECP256R1) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(curve())


def published(key: Private, kid: str | None = "first", **more: Any) -> dict[str, Any]:
    """The public half, as it stands in a key set."""
    kind: Any = RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else ECAlgorithm
    named = {} if kid is None else {"kid": kid}
    return {**kind.to_jwk(key.public_key(), as_dict=True), **named, "use": "sig", **more}


def part(value: object) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def by_hand(head: object, claims: object, secret: bytes | None = None) -> str:
    """A token as no library makes one: signed with a secret (HS256), or with nothing."""
    said = f"{part(head)}.{part(claims)}"
    signature = b"" if secret is None else hmac.digest(secret, said.encode(), "sha256")
    return f"{said}.{part(signature)}"


def certificate(to: Path) -> SSLContext:
    """A server's, for this machine, that nobody has vouched for; it is kept there, with its key."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now, key = datetime.now(UTC), ec_key()
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    to.write_bytes(secret + made.public_bytes(Encoding.PEM))
    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.load_cert_chain(to)
    return context


@dataclass
class Client:
    """Whom people sign in to (RFC 6749, 7636), and what it is given for a code."""

    id: str = "console"
    secret: str | None = None
    lasting: int = 300
    renews: bool = False
    claims: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    renewing: set[str] = field(default_factory=set)

    def code(self, asked: dict[str, str]) -> str:
        """What the browser takes back, after whoever sits there has signed in."""
        code = f"code-{len(self.codes) + 1}"
        self.codes[code] = asked
        return code

    def is_due(self, form: dict[str, str]) -> dict[str, str] | None:
        """What was asked for when the code was given; None where it is not the one, or was used."""
        if (form.get("client_id"), form.get("client_secret")) != (self.id, self.secret):
            return None
        if form["grant_type"] == "refresh_token":
            if form["refresh_token"] not in self.renewing:
                return None
            self.renewing.remove(form["refresh_token"])
            return {}
        asked = self.codes.pop(form["code"], None)
        challenge = part(hashlib.sha256(form["code_verifier"].encode()).digest())
        is_it = asked is not None and (challenge, form["redirect_uri"]) == (
            asked["code_challenge"],
            asked["redirect_uri"],
        )
        return asked if is_it else None


@dataclass
class Issuer:
    """What it answers can be changed while it runs."""

    url: str
    keys: list[Any] = field(default_factory=list)
    instead: dict[str, Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    client: Client = field(default_factory=Client)

    def claims(self, **other: Any) -> dict[str, Any]:
        """Those of an ordinary token; a claim that is None is left out."""
        now = int(time())
        usual = {"iss": self.url, "aud": AUDIENCE, "sub": "ann", "iat": now, "exp": now + 300}
        every = {**usual, "roles": ["coordinator"], "teams": ["Ward 3"], **other}
        return {name: value for name, value in every.items() if value is not None}

    def token(
        self,
        *,
        key: Private | None = None,
        algorithm: str = "RS256",
        head: dict[str, Any] | None = None,
        **claims: Any,
    ) -> str:
        headers = {"kid": "first", "typ": "at+jwt", **(head or {})}
        if headers["kid"] is None:
            del headers["kid"]
        return jwt.encode(self.claims(**claims), key or rsa_key("first"), algorithm, headers)

    def answer(self, to: BaseHTTPRequestHandler) -> None:
        path, _, query = to.path.partition("?")
        self.asked.append(path)
        if path in self.instead:
            self.instead[path](to)
        elif path == DISCOVERY:
            send(to, self.configuration())
        elif path == KEYS:
            send(to, {"keys": self.keys})
        elif path == AUTHORIZE:
            self._authorize(to, dict(parse_qsl(query)))
        elif path == TOKEN:
            self._give(to)
        elif path == ENDING:
            self._end(to, dict(parse_qsl(query)))
        else:
            send(to, {}, 404)

    def configuration(self) -> dict[str, str]:
        named = {
            "jwks_uri": KEYS,
            "authorization_endpoint": AUTHORIZE,
            "token_endpoint": TOKEN,
            "end_session_endpoint": ENDING,
        }
        return {"issuer": self.url, **{name: self.url + path for name, path in named.items()}}

    def _authorize(self, to: BaseHTTPRequestHandler, asked: dict[str, str]) -> None:
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
        answer = {"code": self.client.code(asked), "state": asked["state"], "iss": self.url}
        send(to, {}, 302, Location=f"{asked['redirect_uri']}?{urlencode(answer)}")

    def _end(self, to: BaseHTTPRequestHandler, asked: dict[str, str]) -> None:
        """Of its own id token alone, though that is past."""
        past: Options = {"verify_exp": False}
        token, key = asked["id_token_hint"], rsa_key("first").public_key()
        jwt.decode(token, key, ["RS256"], past, audience=self.client.id)
        send(to, {}, 302, Location=asked["post_logout_redirect_uri"])

    def _give(self, to: BaseHTTPRequestHandler) -> None:
        client = self.client
        form = dict(parse_qsl(to.rfile.read(int(to.headers["content-length"])).decode()))
        asked = client.is_due(form)
        if asked is None:
            send(to, {"error": "invalid_grant"}, 400)
            return
        until = int(time()) + client.lasting
        answer = {"access_token": self.token(exp=until), "token_type": "Bearer", "expires_in": client.lasting}
        if asked:
            said = {"iss": self.url, "aud": client.id, "sub": "ann", "exp": until, "nonce": asked["nonce"]}
            answer["id_token"] = jwt.encode({**said, **client.claims}, rsa_key("first"), "RS256")
        if client.renews:
            renews = f"renews-{until}-{len(self.asked)}"
            client.renewing.add(renews)
            answer["refresh_token"] = renews
        send(to, answer)

    def settings(self, **other: Any) -> Settings:
        return Settings.load(**{"oidc_issuer": self.url, "oidc_audience": AUDIENCE, **other})


def send(to: BaseHTTPRequestHandler, body: object, status: int = 200, **headers: str) -> None:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    to.send_response(status)
    for name, value in {"Content-Length": str(len(text)), **headers}.items():
        to.send_header(name, value)
    to.end_headers()
    to.wfile.write(text)


@contextmanager
def issuing(tls: SSLContext | None = None) -> Iterator[Issuer]:
    """It runs while the block does, with one key."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.answer(self)

        do_POST = do_GET  # noqa: N815 - its name for it

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        scheme = "http" if tls is None else "https"
        issuer = Issuer(f"{scheme}://127.0.0.1:{server.server_port}", [published(rsa_key("first"))])
        serving = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        serving.start()
        try:
            yield issuer
        finally:
            server.shutdown()
            serving.join()
