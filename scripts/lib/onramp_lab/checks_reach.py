# SPDX-License-Identifier: BSD-3-Clause
"""Sessions, routes, reach, packet sizes, and that tenants never meet."""

import ipaddress
import re
from contextlib import ExitStack

from . import probes
from .capture import Capture
from .shell import LabError, wait_until
from .topology import (CONTOSO, CORE_MTU, CUSTOMERS, CUSTOMER_HOST4, CUSTOMER_HOST6,
                       CUSTOMER_PREFIX4, CUSTOMER_PREFIX6, FABRIKAM, VNETS, VNET_A, VNET_B,
                       VNET_HOST4, VNET_HOST6, VNET_PREFIX4, VNET_PREFIX6)

BGP_TIMEOUT_S = 60
TOO_LARGE = CORE_MTU + 50
FAMILIES = {"IPv4": (4, VNET_HOST4), "IPv6": (6, VNET_HOST6)}


def checks():
    yield from session_checks()
    yield from route_checks()
    for customer in CUSTOMERS:
        yield from reach_checks(customer)
    for customer in CUSTOMERS:
        yield f"{customer.name}: no way to any other tenant", bind(isolation, customer)


def bind(function, *arguments):
    return lambda lab: function(lab, *arguments)


# ---- sessions ----

def session_checks():
    yield "contoso: BGP", lambda lab: established("contoso", lab.contoso.sessions, 4)
    yield "fabrikam: BGP", lambda lab: established("fabrikam", lab.fabrikam.sessions, 4)
    yield "vnet-a: BGP", lambda lab: established("vnet-a", lab.vnet_a.sessions, 2)
    yield "edge: BGP as the edge sees it", edge_sessions


def established(name, sessions, count):
    def look():
        states = sessions()
        down = {key: state for key, state in states.items() if state != "Established"}
        if len(states) != count or down:
            return False, f"{len(states)} of {count} sessions, not up: {down}"
        return True
    wait_until(f"{name}'s sessions Established", look, BGP_TIMEOUT_S)
    return f"{count} sessions Established, IPv4 and IPv6 on each link"


def edge_sessions(lab):
    def look():
        rows = lab.edge.show("bgp")
        down = [f"{row['link']} {row['family']} {row['state']}" for row in rows
                if row["state"] != "Established"]
        if len(rows) != 10 or down:
            return False, f"{len(rows)} of 10 sessions, not up: {down}"
        return rows
    rows = wait_until("10 sessions in `onramp show bgp`", look, BGP_TIMEOUT_S)
    return f"{len(rows)} sessions Established"


# ---- routes ----

def route_checks():
    for customer in CUSTOMERS:
        yield f"{customer.name}: {customer.vnet}'s prefixes in the kernel", bind(next_hops, customer)
    yield "vnet-a: contoso's prefixes at the core router", core_routes


def next_hops(lab, customer):
    """Both of the vnet's prefixes, each by both links."""
    uses_links(lab.spaces[customer.name], (VNET_PREFIX4, VNET_PREFIX6), ("primary", "secondary"))
    return f"{VNET_PREFIX4} and {VNET_PREFIX6} by primary and secondary"


def uses_links(space, prefixes, links):
    """Waits until the kernel has the IPv4 and the IPv6 prefix by these interfaces and no other."""
    for prefix in prefixes:
        def look(prefix=prefix):
            found = route_links(space, prefix, 6 if ":" in prefix else 4)
            return found == set(links) or (False, f"it is by {sorted(found) or 'no link'}")
        wait_until(f"{prefix} by {' and '.join(links) or 'no link'} in {space.short}'s kernel", look,
                   BGP_TIMEOUT_S)


def route_links(space, prefix, family):
    """Interfaces a prefix's next hops leave by, one kernel route or several."""
    links = set()
    for row in space.ip_json(f"-{family}", "route", "show", prefix):
        links.update(hop["dev"] for hop in row.get("nexthops", [row]) if "dev" in hop)
    return links


def core_routes(lab):
    uses_links(lab.spaces["vnet-a-router"], (CUSTOMER_PREFIX4, CUSTOMER_PREFIX6), lab.core_links)
    return (f"{CUSTOMER_PREFIX4} and {CUSTOMER_PREFIX6} learned by BGP, by "
            f"{' and '.join(lab.core_links)}")


# ---- reach ----

def reach_checks(customer):
    name = customer.name
    for family, (_, address) in FAMILIES.items():
        yield f"{name}: {family} ping {address}", bind(ping, customer, address)
        yield f"{name}: {family} ping, 1400 bytes, DF", bind(ping_full, customer, address)
        yield f"{name}: {family} ping, {TOO_LARGE} bytes, too big", bind(too_big, customer, address)
        yield f"{name}: {family} traceroute", bind(traceroute, customer, address)
        yield f"{name}: {family} iperf3", bind(tcp, customer, address)
    yield f"{name}: IPv4 ping, {TOO_LARGE} bytes, DF clear", bind(fragmented, customer)
    yield f"{name}: ping from the virtual network", bind(ping_back, customer)


def host(lab, customer):
    return lab.spaces[f"{customer.name}-host"]


def vnet_host(lab, customer):
    return lab.spaces[f"{customer.vnet}-host"]


def ping(lab, customer, address):
    first_answer(host(lab, customer), address)
    return probes.must_answer(host(lab, customer), address)


def first_answer(space, address):
    """The way is open when ARP and ND on it are done: the first packets may go for that."""
    wait_until(f"an answer from {address}", lambda: probes.ping(space, address, count=1)[1], 20)


def ping_back(lab, customer):
    space = vnet_host(lab, customer)
    for address in (CUSTOMER_HOST4, CUSTOMER_HOST6):
        first_answer(space, address)
        seen = probes.must_answer(space, address)
    return f"{CUSTOMER_HOST4} and {CUSTOMER_HOST6}, {seen}"


def ping_full(lab, customer, address):
    return probes.must_answer(host(lab, customer), address, size=CORE_MTU, df=True)


def edge_addresses(customer, family):
    return {customer.addresses(half, 2)[family == 6] for half in (0, 1)}


def too_big(lab, customer, address):
    """The edge itself must say so, with the core's MTU, by an address of its own on this
    customer's links. (RFC 1191 4, RFC 8201 3; the sender's cache would answer for the edge.)"""
    space = host(lab, customer)
    family = 6 if ":" in address else 4
    space.ip(f"-{family}", "route", "flush", "cache")
    what = "icmp6[0] == 2" if family == 6 else "icmp[0] == 3 and icmp[1] == 4"
    with Capture(lab, space, "lan", what) as capture:
        _, received, text = probes.ping(space, address, count=2, size=TOO_LARGE, df=True)
    if received:
        raise LabError(f"{received} packets of {TOO_LARGE} bytes came back through a link of {CORE_MTU}")
    lines = capture.lines()
    senders = {found[1] for line in lines if f"mtu {CORE_MTU}" in line
               and (found := re.search(r"length \d+: (\S+) > ", line))}
    if not senders or not senders <= edge_addresses(customer, family):
        raise LabError(f"no answer with mtu {CORE_MTU} from {sorted(edge_addresses(customer, family))}; "
                       f"seen: {lines or text.strip()[-200:]}")
    space.ip(f"-{family}", "route", "flush", "cache")
    return f"{', '.join(sorted(senders))} says mtu {CORE_MTU}"


def fragmented(lab, customer):
    """The edge cuts it in two, the host behind the router gets both."""
    space = host(lab, customer)
    space.ip("route", "flush", "cache")
    router = lab.spaces[f"{customer.vnet}-router"]
    with Capture(lab, router, "core", f"ip[6:2] & 0x3fff != 0 and dst {VNET_HOST4}") as capture:
        seen = probes.must_answer(space, VNET_HOST4, size=TOO_LARGE, df=False, count=3)
    if capture.count() != 6:
        raise LabError(f"{capture.count()} fragments on the core's wire for 3 packets; 6 expected")
    return f"6 fragments for 3 packets, {seen}"


def traceroute(lab, customer, address):
    """UDP probes, numeric: the second hop (behind the customer's own router) is the edge."""
    family = 6 if ":" in address else 4
    done = host(lab, customer).run("traceroute", f"-{family}", "-n", "-q", "2", "-w", "2",
                                   "-m", "6", address, timeout=60)
    hops = {int(number): set(filter(is_address, rest.split()))
            for number, rest in re.findall(r"^ *(\d+) (.*)$", done.stdout, re.MULTILINE)}
    if not hops.get(2) or not hops[2] <= edge_addresses(customer, family):
        raise LabError(f"hop 2 is {sorted(hops.get(2, [])) or 'silent'}, not one of the edge's "
                       f"{sorted(edge_addresses(customer, family))}")
    if address not in hops.get(4, ()):
        raise LabError(f"hop 4 is {sorted(hops.get(4, [])) or 'silent'}, not {address}")
    return f"hop 2 is the edge ({', '.join(sorted(hops[2]))}), hop 4 is {address}"


def is_address(word):
    try:
        ipaddress.ip_address(word)
    except ValueError:
        return False
    return True


def tcp(lab, customer, address):
    rates = []
    for reverse in (False, True):
        rate = probes.iperf(lab, host(lab, customer), vnet_host(lab, customer), address,
                            reverse=reverse)
        if rate < 10e6:
            raise LabError(f"only {rate / 1e6:.2f} Mbit/s {'from' if reverse else 'to'} {address}")
        rates.append(f"{rate / 1e6:.0f}")
    return f"{rates[0]} Mbit/s there, {rates[1]} Mbit/s back"


# ---- isolation ----

def foreign_addresses(customer):
    """Addresses that only other domains have: the other customer's, both ends of its links, its
    virtual network's, both ends of its core link."""
    other = FABRIKAM if customer is CONTOSO else CONTOSO
    vnet = VNET_B if customer is CONTOSO else VNET_A
    found = [other.only4, other.only6, vnet.only4, vnet.only6, vnet.router4, vnet.edge4,
             vnet.router6, vnet.edge6]
    for half in (0, 1):
        for side in (1, 2):
            found += other.addresses(half, side)
    return found


def wires(lab, tenant):
    """Every wire of a tenant: both links, its host's, its vnet's."""
    spaces = lab.spaces
    return [(spaces[tenant.name], "primary"), (spaces[tenant.name], "secondary"),
            (spaces[f"{tenant.name}-host"], "lan"), (spaces[f"{tenant.vnet}-router"], "core"),
            (spaces[f"{tenant.vnet}-host"], "lan")]


def isolation(lab, customer):
    """Echo requests with an identifier of their own, from the customer's host to everything, and
    from its virtual network's host to everything. On the other tenant's wires, no packet with the
    identifier; a ping of the other tenant's own proves that each capture hears."""
    other = FABRIKAM if customer is CONTOSO else CONTOSO
    ours, theirs = (4711, 4712) if customer is CONTOSO else (4713, 4714)
    targets = [*foreign_addresses(customer), VNET_HOST4, VNET_HOST6, CUSTOMER_HOST4, CUSTOMER_HOST6]
    sent = 0
    with ExitStack() as stack:
        captures = [stack.enter_context(Capture(lab, space, wire, "icmp or icmp6"))
                    for space, wire in wires(lab, other)]
        for space in (host(lab, customer), vnet_host(lab, customer)):
            for target in targets:
                sent += probes.ping(space, target, count=1, extra=["-e", str(ours), "-W", "0.2"])[0]
        for address in (VNET_HOST4, VNET_HOST6):
            probes.ping(host(lab, other), address, count=16,
                        extra=["-e", str(theirs), "-i", "0.01"])
    strangers = sum(capture.count(with_identifier(ours)) for capture in captures)
    if strangers:
        raise LabError(f"{strangers} of {sent} probes were seen on {other.name}'s wires")
    # By 5-tuple an echo may take one link only; the other three wires carry every request.
    heard = [capture.count(with_identifier(theirs)) for capture in captures]
    if not all(heard[2:]) or not heard[0] + heard[1]:
        raise LabError(f"the captures heard {heard} of {other.name}'s own pings: they prove nothing")
    return f"{sent} probes, 0 on {other.name}'s {len(captures)} wires"


def with_identifier(number):
    return f"icmp[4:2] == {number} or (icmp6 and ip6[44:2] == {number})"
