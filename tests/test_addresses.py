"""No private address is ever connected to, in whatever form it comes: a listening socket proves it."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.warc import read_captures
from spiders.crawl import run_crawl
from spiders.guard import is_public

ROOT = Path(__file__).parent.parent
LOOPBACK = ("127.0.0.1", "127.0.0.2", "127.1.2.3", "127.255.255.254", "0.0.0.0")
PRIVATE = ("10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.254", "192.168.0.1", "192.168.1.254",
           "169.254.169.254", "100.64.0.1", "100.100.100.200", "198.18.0.1", "192.0.0.1", "192.0.2.1", "198.51.100.1",
           "203.0.113.1", "240.0.0.1", "255.255.255.255", "224.0.0.1", "192.88.99.1")  # fmt: skip
SIX = ("::1", "::", "0:0:0:0:0:0:0:1", "::127.0.0.1", "::7f00:1", "fe80::1", "fe80::1%1", "fe80::1%lo", "fc00::1",
       "fd00::1", "fec0::1", "ff02::1", "ff01::1", "100::1", "2001:db8::1", "2001::1", "2001:10::1", "3fff::1",
       "5f00::1", "64:ff9b:1::1", "::ffff:0:127.0.0.1")  # fmt: skip
PUBLIC = ("1.1.1.1", "8.8.8.8", "223.5.5.5", "2400:3200::1", "2606:4700::1111", "64:ff9b::808:808",
          "2002:808:808::1")  # fmt: skip


def forms(address: str) -> Iterator[str]:
    """The ways to write an IPv4 address that some resolver or some parser takes for it."""
    number = int(ipaddress.IPv4Address(address))
    a, b, c, d = address.split(".")
    yield address
    yield str(number)
    yield hex(number)
    yield f"0{number:o}"
    yield ".".join(hex(int(part)) for part in (a, b, c, d))
    yield ".".join(f"0{int(part):o}" for part in (a, b, c, d))
    yield f"{a}.{b}.{int(c) * 256 + int(d)}"
    yield f"{a}.{number & 0xFFFFFF}"
    yield f"{a}.{number & 0xFFFFFF:#x}"
    yield f"{address}."
    yield f"{a}.{b}.{c}.{int(d):#x}"
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    yield address.translate(wide)
    yield address.replace(".", "。")
    yield address.replace(".", "．")
    yield from mapped(address)


def mapped(address: str) -> Iterator[str]:
    """An IPv4 address inside IPv6 ones: mapped, compatible, translated (NAT64), 6to4, Teredo."""
    number = int(ipaddress.IPv4Address(address))
    high, low = number >> 16, number & 0xFFFF
    yield f"::ffff:{address}"
    yield f"::ffff:{high:x}:{low:x}"
    yield f"0:0:0:0:0:ffff:{high:x}:{low:x}"
    yield f"::{address}"
    yield f"64:ff9b::{high:x}:{low:x}"
    yield f"64:ff9b::{address}"
    yield f"2002:{high:x}:{low:x}::1"
    yield f"2001:0:808:808:0:0:{high ^ 0xFFFF:x}:{low ^ 0xFFFF:x}"  # Teredo


ALL = [*(form for address in (LOOPBACK[0], "10.0.0.1", "169.254.169.254") for form in forms(address)),
       *LOOPBACK[1:], *PRIVATE, *SIX, "localhost", "LOCALHOST", "localhost.", "LocalHost", "ip6-localhost", "①②⑦.0.0.1",
       "127.0.0.1%00", "127.0.0.1 ", "127.0.0.01", "127.000.000.001", "0", "00", "0x0", "127.1", "127.0.1"]  # fmt: skip


class Canary:
    """Sockets on every loopback address and one port, counting who connects."""

    def __init__(self) -> None:
        self.four = socket.create_server(("0.0.0.0", 0))
        self.port = self.four.getsockname()[1]
        self.six: socket.socket | None = None
        with contextlib.suppress(OSError):  # a machine without IPv6
            self.six = socket.create_server(("::1", self.port), family=socket.AF_INET6)
        self.touched: list[str] = []
        for listening in filter(None, (self.four, self.six)):
            threading.Thread(target=self._accept, args=(listening,), daemon=True).start()

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                client, place = listening.accept()
            except OSError:
                return
            self.touched.append(place[0])
            with client:
                if client.recv(65_536):
                    client.sendall(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    def close(self) -> None:
        for listening in filter(None, (self.four, self.six)):
            listening.close()


@pytest.fixture
def canary() -> Iterator[Canary]:
    listening = Canary()
    yield listening
    listening.close()


REACH = """
import json, sys
from twisted.internet import asyncioreactor
asyncioreactor.install()
from twisted.internet import defer, reactor
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.protocol import Factory, Protocol
from spiders.guard import GuardedResolver

given = json.loads(sys.stdin.read())
port, forms, names = given["port"], given["forms"], given["names"]
usual, asked = reactor.nameResolver, []

class Names:  # the answers of a name server that an attacker runs
    def resolveHostName(self, receiver, host, portNumber=0, addressTypes=None, transportSemantics="TCP"):
        if host not in names:
            return usual.resolveHostName(receiver, host, portNumber, addressTypes, transportSemantics)
        asked.append(host)
        receiver.resolutionBegan(None)
        answers = names[host]
        for address in answers.pop(0) if answers and isinstance(answers[0], list) else answers:
            made = IPv6Address if ":" in address else IPv4Address
            receiver.addressResolved(made("TCP", address, portNumber))
        receiver.resolutionComplete()

reactor.installNameResolver(Names())
guard = GuardedResolver(reactor, frozenset())
guard.install_on_reactor()

def reach(form, connected):
    try:
        endpoint = HostnameEndpoint(reactor, form, port, timeout=3)
        done = endpoint.connect(Factory.forProtocol(Protocol))
    except Exception:  # no name at all
        return defer.succeed(None)
    return done.addCallbacks(lambda protocol: connected.append(form), lambda failure: None)

@defer.inlineCallbacks
def go():
    found = []
    for named in given["rounds"]:
        guard.named, connected = frozenset(named), []
        yield defer.DeferredList([reach(form, connected) for form in forms])
        found.append(connected)
    print(json.dumps([found, asked]))
    reactor.stop()

reactor.callWhenRunning(go)
reactor.run()
"""


def reach(canary: Canary, forms: list[str], rounds: list[list[str]], names: dict[str, list]) -> list:
    """Connect to every form through the guard; who was reached in each round, and what was looked up."""
    given = json.dumps({"port": canary.port, "forms": forms, "rounds": rounds, "names": names})
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", REACH]
    ended = subprocess.run(
        command, input=given, capture_output=True, text=True, env=environment, timeout=60, check=False
    )
    return json.loads(ended.stdout or "null") or pytest.fail(ended.stderr)


def test_no_form_of_a_private_address_is_connected_to(canary: Canary) -> None:
    """With a control: the one host and port that an operator's TOML names is reached."""
    named = f"127.0.0.1:{canary.port}"

    found, _ = reach(canary, ALL, [[], ["127.0.0.1:1"], ["127.0.0.1"], [named]], {})

    assert len(set(ALL)) > 100
    assert found[:3] == [[], [], []]
    assert set(found[3]) == {"127.0.0.1"}
    assert len(canary.touched) == 1


def test_no_answer_of_a_name_server_leads_inside(canary: Canary) -> None:
    answers: dict[str, list] = {f"n{number}.test": [address] for number, address in enumerate((*LOOPBACK, *PRIVATE))}
    answers |= {f"s{number}.test": [address.partition("%")[0]] for number, address in enumerate(SIX)}
    answers |= {f"m{number}.test": [form] for number, form in enumerate(mapped("127.0.0.1"))}
    answers |= {
        "mixed.test": ["192.0.2.7", "127.0.0.1"],  # of which the first is as little public
        "last.test": ["1.1.1.1", "8.8.8.8", "127.0.0.1"],
        "first.test": ["127.0.0.1", "1.1.1.1"],
        "six.test": ["2606:4700::1111", "::1"],
        "both.test": ["8.8.8.8", "::ffff:127.0.0.1"],
        "nothing.test": [],
        "rebinding.test": [["10.0.0.1"], ["127.0.0.1"], ["127.0.0.1"]],  # another answer each time
        "named.test": ["127.0.0.1"],
    }

    (found, control), asked = reach(canary, list(answers), [[], [f"named.test:{canary.port}"]], dict(answers))

    assert len(answers) > 50
    assert found == []
    assert control == ["named.test"]
    assert len(canary.touched) == 1
    assert sorted(asked) == sorted(2 * list(answers)), (
        "one look-up a connection: what was judged is what is connected to"
    )


def test_no_redirect_of_a_robots_txt_leads_inside(tmp_path: Path, canary: Canary) -> None:
    """Through the front door, a site for each form: a robots.txt may redirect to another host, so it comes far."""
    from benchmarks.hostile.case import Case, http
    from benchmarks.hostile.web import Web

    cases = []
    for number, form in enumerate(dict.fromkeys(ALL)):
        host = f"[{form}]" if ":" in form else form
        place = f"Location: http://{host}:{canary.port}/robots.txt".encode()
        cases.append(Case(name=f"form-{number}", does=form, pages={"/robots.txt": http("", "302 Found", place)}))
    data, sites = tmp_path / "data", tmp_path / "sites"
    with Web(cases, tmp_path) as web:
        web.write_sites(sites)
        found = run_crawl(
            [case.name for case in cases], data=data, sites_folder=sites, settings={"DOWNLOAD_TIMEOUT": 5}
        )
        touched = list(canary.touched)
        (sites / "control.toml").write_text(
            f'hospital = "示范县人民医院"\nstart_urls = ["http://127.0.0.1:{canary.port}/"]\ndelay = 0', "utf-8"
        )
        run_crawl(["control"], data=data, sites_folder=sites)

    assert len(cases) > 100
    assert touched == []
    assert canary.touched, "the control was not reached"
    refused = [name for name, stats in found.items() if stats.problem.startswith("private address refused")]
    assert len(refused) > 60
    unlabelled = {
        case.does: found[case.name].problem
        for case in cases
        if not found[case.name].problem.startswith(("private address refused", "name not found", "no address"))
    }
    assert set(unlabelled.values()) <= {""}, unlabelled  # what is no URL is no redirect
    first = next((data / "captures/form-0").glob("*.warc.gz"))
    assert [capture.status for capture in read_captures(first)] == [302]


@pytest.mark.parametrize(
    "address", [*LOOPBACK, *PRIVATE, *SIX, *mapped("10.0.0.1"), *mapped("127.0.0.1"), "nonsense", ""]
)
def test_addresses_that_are_not_public_are_not(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_that_are_public_are(address: str) -> None:
    assert is_public(address)


def test_every_block_of_the_registries_is_refused_to_its_edges() -> None:
    """The special-purpose registries of IANA, as of RFC 6890 and its updates, each block's first and last address."""
    blocks = (
        "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 "
        "192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 "
        "::/128 ::1/128 64:ff9b:1::/48 100::/64 2001:db8::/32 3fff::/20 5f00::/16 fc00::/7 fe80::/10 ff00::/8"
    )
    for block in blocks.split():
        network = ipaddress.ip_network(block)
        assert not is_public(str(network[0])) and not is_public(str(network[-1])), block
