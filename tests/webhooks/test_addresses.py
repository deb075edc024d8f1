"""Where webhooks may go, and that nobody gets them elsewhere: names, spellings, redirects, rebinding."""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from journey.bench.receiver import TAKEN, Received, Receiver, Reply
from journey.webhooks.addresses import AddressRefused, BadEndpoint, Guarded, Where
from journey.webhooks.sending import Answer, Sender

NOWHERE = Where()
HERE = Where(private=(ip_network("127.0.0.0/8"),), plain=("127.0.0.1", "hooks.test"))
MANY = 10.0


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "0.0.0.0", "169.254.169.254", "100.64.0.1"),  # noqa: S104 - it is refused
        *("224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.2.1", "198.18.0.1"),
        *("::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254"),
        *("192.0.0.8", "192.88.99.1", "198.51.100.1", "203.0.113.5", "0.1.2.3"),
        *("fec0::1", "3fff::1", "5f00::1", "100::1", "64:ff9b:1::7f00:1", "::127.0.0.1", "::ffff:0:7f00:1"),
        *(
            "2001:0:53aa:64c:0:0:80ff:fffe",
            "2001:0:7f00:1::",
            "2606:2800::5efe:7f00:1",
            "2606:2800::200:5efe:a00:1",
        ),
        *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a00:1::1"),
    ],
)
def test_what_only_we_can_reach_is_not_sent_to(address: str) -> None:
    assert not NOWHERE.permits(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "93.184.216.34",
        "2606:2800:220:1::1",
        "64:ff9b::5db8:d822",
        "::ffff:8.8.8.8",
        "2606:2800::5efe:808:808",
    ],
)
def test_what_everybody_can_reach_is(address: str) -> None:
    assert NOWHERE.permits(ip_address(address))


def test_a_setting_allows_networks_and_no_more() -> None:
    where = Where(private=(ip_network("10.20.0.0/16"), ip_network("fd00::/8")))
    allowed = [where.permits(ip_address(each)) for each in ("10.20.3.4", "fd00::1", "::ffff:10.20.3.4")]
    refused = [where.permits(ip_address(each)) for each in ("10.21.0.1", "127.0.0.1", "::ffff:10.21.0.1")]
    assert all(allowed)
    assert not any(refused)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://example.org/hooks", "https://"),
        ("ftp://example.org/hooks", "URL such as"),
        ("https:///hooks", "URL such as"),
        ("hooks", "URL such as"),
        ("https://user:secret@example.org/", "user and password"),
        ("https://example.org/hooks#here", "behind #"),
        ("https://example.org:0/", "URL such as"),
        ("https://example.org:99999/", "not a URL"),
        ("https://[::1/", "not a URL"),
        ("https://exämple.org/", "ASCII"),
        ("https://example.org/a b", "ASCII"),
        ("https://example.org/\r\nX: y", "ASCII"),
        ("https://example.org/a\tb", "ASCII"),
        ("https:example.org", "URL such as"),
        ("//example.org/hooks", "URL such as"),
        ("unix:///run/docker.sock", "URL such as"),
        ("http+unix://%2Frun%2Fdocker.sock/", "URL such as"),
        ("https://@example.org/", "user and password"),
        ("https://127.0.0.1:443@example.org/", "user and password"),
        ("https://①27.0.0.1/", "ASCII"),
        ("https://localhost/", "private"),
        ("https://LOCALHOST./", "private"),
        ("https://a.localhost/", "private"),
        ("https://127.0.0.1./", "private"),
        ("https://0/", "private"),
        ("https://017700000001/", "private"),
        ("https://0x7f.0x0.0x0.0x1/", "private"),
        ("https://[fe80::1%25eth0]/", "private"),
        ("https://[64:ff9b::a9fe:a9fe]/", "private"),
        ("https://256.256.256.256/", "no name"),
        ("https://1.2.3.4.5/", "no name"),
        ("https://example..org/", "no name"),
        ("https://example.org%2f.evil.test/", "no name"),
        ("https://-/", "no name"),
        (f"https://{'a' * 64}.org/", "no name"),
        (f"https://{'a.' * 130}org/", "no name"),
        ("https://127.0.0.1/", "private"),
        ("https://[::1]/", "private"),
        ("https://2130706433/", "private"),
        ("https://0x7f.1/", "private"),
        ("https://0177.0.0.1/", "private"),
        ("https://169.254.169.254/latest/meta-data", "private"),
        ("https://[::ffff:169.254.169.254]/", "private"),
        ("https://example.org/" + "x" * 2000, "at most 2000"),
    ],
)
def test_an_endpoint_of_the_wrong_form_is_refused_precisely(url: str, why: str) -> None:
    with pytest.raises(BadEndpoint, match=why):
        NOWHERE.endpoint(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://xn--exmple-cua.org/",
        "https://example.org./",
        "HTTPS://A_B.Example:8443/x?y=%0d%0a",
        "https://1.1.1.1/",
    ],
)
def test_an_endpoint_that_everybody_can_reach_is_taken(url: str) -> None:
    assert NOWHERE.endpoint(url) == url


def test_where_this_machine_is_allowed_its_name_is() -> None:
    assert HERE.endpoint("https://localhost/hooks")


def test_http_goes_to_hosts_that_are_named_alone() -> None:
    assert HERE.endpoint("http://127.0.0.1:8080/hooks")
    with pytest.raises(BadEndpoint):
        HERE.endpoint("http://127.0.0.2:8080/hooks")


def sent(where: Where, url: str, seconds: float = MANY) -> Answer:
    async def main() -> Answer:
        async with Sender(where, ssl.create_default_context()) as sender:
            return await sender.send(url, {}, b"{}", seconds)

    return asyncio.run(main())


@contextmanager
def names(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> Iterator[list[str]]:
    """A resolver that answers one after another, as somebody's who lets a name lead elsewhere by turns."""
    asked: list[str] = []

    def resolve(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        found = answers[min(len(asked), len(answers) - 1)]
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in found]

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", resolve)
        yield asked


def test_a_message_arrives_under_the_name_that_it_was_sent_to(monkeypatch: pytest.MonkeyPatch) -> None:
    got: list[Received] = []

    def take(request: Received) -> Reply:
        got.append(request)
        return TAKEN

    with Receiver(take) as receiver, names(monkeypatch, ["127.0.0.1"]):
        answer = sent(HERE, f"http://hooks.test:{receiver.port}/hooks")
    assert answer.is_taken
    assert got[0].headers["host"] == f"hooks.test:{receiver.port}"


@pytest.mark.parametrize("led", [["127.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["169.254.169.254"], []])
def test_a_name_that_leads_inside_leads_nowhere(monkeypatch: pytest.MonkeyPatch, led: list[str]) -> None:
    with Receiver(lambda _: TAKEN) as receiver, names(monkeypatch, led):
        assert sent(NOWHERE, f"https://hooks.test:{receiver.port}/").error == "address-refused"


def test_the_address_that_was_looked_at_is_the_one_that_is_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with (
        Receiver(lambda _: TAKEN) as receiver,
        names(monkeypatch, ["127.0.0.1"], ["169.254.169.254"]) as asked,
    ):
        assert sent(HERE, f"http://hooks.test:{receiver.port}/hooks").is_taken
    assert asked == ["hooks.test"]


def test_redirects_are_not_followed() -> None:
    with Receiver(lambda _: TAKEN) as other:
        location = (("Location", other.url),)
        with Receiver(lambda _: Reply(302, location)) as receiver:
            answer = sent(HERE, receiver.url)
    assert (answer.status, answer.is_taken) == (302, False)


def test_nothing_that_an_endpoint_does_raises() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert sent(HERE, f"http://127.0.0.1:{unused.getsockname()[1]}/").error == "not-reached"
    with Receiver(lambda _: Reply(hangs_up=True)) as receiver:
        assert sent(HERE, receiver.url).error == "broken-off"
    with Receiver(lambda _: Reply(after=MANY)) as receiver:
        assert sent(HERE, receiver.url, 0.05).error == "timeout"
    assert sent(HERE, "https://no-such-name.invalid/").error == "not-reached"


def test_an_endpoint_without_tls_is_told_of_as_such() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as other:
        speaking = other.submit(_speak_plainly, server)
        answer = sent(HERE, f"https://127.0.0.1:{server.getsockname()[1]}/")
        speaking.result()
    assert answer.error == "tls"


def _speak_plainly(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(1)
        connection.sendall(b"HTTP/1.1 400 What?\r\n\r\n")
        connection.recv(4096)


def test_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Received] = []

    def proxy(request: Received) -> Reply:
        asked.append(request)
        return TAKEN

    with Receiver(proxy) as between, Receiver(lambda _: TAKEN) as receiver:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{between.port}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert sent(HERE, receiver.url).is_taken
    assert not asked


def test_sockets_of_this_machine_are_no_endpoints() -> None:
    with pytest.raises(AddressRefused):
        asyncio.run(Guarded(HERE).connect_unix_socket("/run/postgresql/.s.PGSQL.5432"))


@pytest.mark.parametrize("broken", ["a\r\nX-Injected: yes", "a\nb", "a\x00b"])
def test_a_header_that_breaks_out_of_its_line_is_not_sent(broken: str) -> None:
    got: list[Received] = []

    def take(request: Received) -> Reply:
        got.append(request)
        return TAKEN

    async def main(url: str) -> Answer:
        async with Sender(HERE, ssl.create_default_context()) as sender:
            return await sender.send(url, {"webhook-id": broken}, b"{}", MANY)

    with Receiver(take) as receiver:
        assert not asyncio.run(main(receiver.url)).is_taken
    assert not got
