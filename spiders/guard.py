"""Refuse private addresses: in goes a name, out come its addresses, but for those of the inside.

`is_public` judges one address, also one that wraps another. `GuardedResolver` takes the place of the reactor's resolver
and so judges every connection: redirects, robots.txt, sitemaps, names that point inside.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import IHostnameResolver, IResolutionReceiver
from zope.interface import implementer

if TYPE_CHECKING:
    from twisted.internet.interfaces import IAddress, IHostResolution

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# Ranges that Python's `is_global` of some versions lets through, by the IANA special-purpose registries.
NOT_PUBLIC = tuple(
    ipaddress.ip_network(block)
    for block in (
        "0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "240.0.0.0/4",
        "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/9",
    )
)  # fmt: skip
TRANSLATED = ipaddress.ip_network("64:ff9b::/96")  # NAT64: the last four bytes are an IPv4 address


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet, also when it wraps an IPv4 address."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return all(_is_public(one) for one in (found, *_wrapped(found)))


def _is_public(address: Address) -> bool:
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified:
        return _is_translation(address)
    return not any(address in block for block in NOT_PUBLIC if block.version == address.version)


def _is_translation(address: Address) -> bool:
    """NAT64 addresses are judged by what they translate to."""
    return address.version == 6 and address in TRANSLATED


def _wrapped(address: Address) -> list[Address]:
    if not isinstance(address, ipaddress.IPv6Address):
        return []
    inside: list[Address] = [one for one in (address.ipv4_mapped, address.sixtofour) if one is not None]
    inside += address.teredo or ()
    number = int(address)
    if address in TRANSLATED or number < 1 << 32:
        inside.append(ipaddress.IPv4Address(number & 0xFFFFFFFF))
    return inside


@implementer(IHostnameResolver)
class GuardedResolver:
    """Looks names up like the reactor does, and hands on no address of a private network.

    It is asked before every connection, for literal addresses as well, so it judges what is connected to: redirects,
    robots.txt and names that point inside. One private address among several refuses the name. `NAMED_HOSTS` are
    host:port that the operator's own TOML names: exactly these may be private.
    """

    def __init__(self, reactor: Any, named: frozenset[str]) -> None:
        self.reactor = reactor
        self.named = named
        self.original = reactor.nameResolver
        self.refused: dict[str, str] = {}  # host:port -> the address

    @classmethod
    def from_crawler(cls, crawler: Any, reactor: Any) -> GuardedResolver:
        """As Scrapy makes it; `crawler` is the process, which has settings and nothing else."""
        return cls(reactor, frozenset(crawler.settings.getlist("NAMED_HOSTS")))

    def install_on_reactor(self) -> None:
        """Take the place of the reactor's own resolver."""
        self.reactor.installNameResolver(self)

    def resolveHostName(  # noqa: N802  the interface's name
        self,
        resolutionReceiver: IResolutionReceiver,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Sequence[type[IAddress]] | None = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803
    ) -> IHostResolution:
        """Resolve a name; a refused one ends without an address, as if it did not exist."""
        place = f"{hostName.lower()}:{portNumber}"
        receiver = resolutionReceiver if place in self.named else _Judge(resolutionReceiver, place, self.refused)
        return self.original.resolveHostName(receiver, hostName, portNumber, addressTypes, transportSemantics)


@implementer(IResolutionReceiver)
class _Judge:
    """Holds the addresses back until all are known."""

    def __init__(self, receiver: Any, place: str, refused: dict[str, str]) -> None:
        self.receiver, self.place, self.refused = receiver, place, refused
        self.addresses: list[Any] = []

    def resolutionBegan(self, resolution: IHostResolution) -> None:  # noqa: N802
        self.receiver.resolutionBegan(resolution)

    def addressResolved(self, address: Any) -> None:  # noqa: N802
        self.addresses.append(address)

    def resolutionComplete(self) -> None:  # noqa: N802
        private = [address.host for address in self.addresses if not is_public(address.host)]
        if private:
            self.refused[self.place] = private[0]
        else:
            for address in self.addresses:
                self.receiver.addressResolved(address)
        self.receiver.resolutionComplete()
