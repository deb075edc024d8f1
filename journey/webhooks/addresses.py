"""Addresses: where webhooks may go. Whoever may subscribe must not reach, through us, what only we can reach.

An endpoint's form is looked at when it is given. Where its name leads is looked at when the connection is
made, every time, and the connection goes to the address that was looked at: a name that leads elsewhere a
moment later leads nowhere.
"""

import asyncio
import re
import socket
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from httpcore2 import AnyIOBackend, AsyncNetworkBackend, AsyncNetworkStream, ConnectError

from journey.outgoing import Network

Address = IPv4Address | IPv6Address

NAT64 = IPv6Network("64:ff9b::/96")
ISATAP = 0x0200_5EFE
"""Stands before an IPv4 address in the last half of an IPv6 one; the bit says whether that is unique."""

NOT_PUBLIC = tuple(map(ip_network, ("192.0.0.0/24", "192.88.99.0/24", "fec0::/10", "3fff::/20")))
"""Assigned to protocols, relays, sites and documents, whatever this version of the library says of them."""

LONGEST = 2000
LONGEST_NAME = 253
LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
THIS_MACHINE = IPv4Address("127.0.0.1")


class BadEndpoint(ValueError):
    """An endpoint that nothing can be sent to. The sentence says what is wrong with it."""


class AddressRefused(ConnectError):
    """The endpoint's name leads to an address that is not sent to."""

    def __init__(self) -> None:
        super().__init__(AddressRefused.__doc__)


class Where(NamedTuple):
    """What the operator lets be sent to beyond public addresses over TLS."""

    private: tuple[Network, ...] = ()
    plain: tuple[str, ...] = ()

    def permits(self, address: Address) -> bool:
        """Whether this address is sent to. One that stands for another is judged by that one, too."""
        if any(address in network for network in self.private if network.version == address.version):
            return True
        inner = _stands_for(address)
        if inner:
            return all(map(self.permits, inner))
        if any(address in network for network in NOT_PUBLIC if network.version == address.version):
            return False
        return address.is_global and not address.is_multicast and not address.is_reserved

    def endpoint(self, url: str) -> str:
        """The URL, if messages can be sent there. Raises BadEndpoint."""
        if len(url) > LONGEST or not url.isascii() or not url.isprintable() or set(url) & set(' "<>\\^`{|}'):
            raise BadEndpoint(f"It should be a URL in ASCII of at most {LONGEST} characters")
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise BadEndpoint("It is not a URL; one looks like this: https://example.org/hooks") from None
        if parts.scheme not in ("https", "http") or not host or port == 0:
            raise BadEndpoint("It should be a URL such as https://example.org/hooks")
        if parts.scheme == "http" and host not in self.plain:
            raise BadEndpoint("It should begin with https://; over http:// everybody on the way reads along")
        if parts.username is not None or parts.password is not None:
            raise BadEndpoint("Leave out user and password; messages are signed instead")
        if parts.fragment or url.endswith("#"):
            raise BadEndpoint("Leave out the part behind #; it is never sent")
        address = _literal(host.removesuffix("."))
        if address is None and not _is_name(host.removesuffix(".")):
            raise BadEndpoint("Its host is no name that could be looked up, such as example.org")
        if address is not None and not self.permits(address):
            raise BadEndpoint("It leads to a private or reserved address; JOURNEY_WEBHOOK_PRIVATE_ADDRESSES "
                              "has to allow it")  # fmt: skip
        return url


def _is_name(host: str) -> bool:
    """Whether it can be looked up. What ends in a number would be an address, and is none."""
    labels = host.split(".")
    return all(map(LABEL.fullmatch, labels)) and len(host) <= LONGEST_NAME and not labels[-1].isdecimal()


def _literal(host: str) -> Address | None:
    """The address that a host's text is, however it is written: a resolver reads 0x7f.1 as 127.0.0.1."""
    if host == "localhost" or host.endswith(".localhost"):
        return THIS_MACHINE
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host))
    except OSError:
        return None


def _stands_for(address: Address) -> Sequence[Address]:
    """The addresses that packets to this one may end up at."""
    if isinstance(address, IPv4Address):
        return ()
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address in NAT64 or int(address) >> 32 & 0xFFFF_FFFF | 0x0200_0000 == ISATAP:
        return (IPv4Address(int(address) & 0xFFFF_FFFF),)
    if address.sixtofour is not None:
        return (address.sixtofour,)
    return address.teredo or ()


class Guarded(AsyncNetworkBackend):
    """Connects to what a name leads to, if all of that is permitted."""

    def __init__(self, where: Where) -> None:
        self._where = where
        self._inner = AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> AsyncNetworkStream:
        """Raises AddressRefused, ConnectError, ConnectTimeout."""
        *others, last = await self._addresses(host, port)
        for address in others:
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except ConnectError:
                continue
        return await self._inner.connect_tcp(last, port, timeout, local_address, socket_options)

    async def connect_unix_socket(self, *_: Any, **__: Any) -> AsyncNetworkStream:
        """Raises AddressRefused: nobody's endpoint is on this machine."""
        raise AddressRefused

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def _addresses(self, host: str, port: int) -> list[str]:
        """All that the name leads to. Raises AddressRefused where any of it is not permitted."""
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise ConnectError("The endpoint's name leads nowhere.") from error
        addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
        if not addresses or not all(
            self._where.permits(ip_address(each.partition("%")[0])) for each in addresses
        ):
            raise AddressRefused
        return addresses
