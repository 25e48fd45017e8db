# SPDX-License-Identifier: BSD-3-Clause
"""A site as it normally is: a pair of edges, one link of each peering on each, the same file
applied to both. What one edge loses, the other carries.

The neighbours ask for a hold time of 9 s. No check here measures a time: each waits until BGP has
told everybody, and traffic must then go on."""

import re
import sys
from types import SimpleNamespace

from support import LabError, run_in_lab

from onramp_lab import probes
from onramp_lab.checks_failure import drops, established_counts, routes_equal
from onramp_lab.checks_ledger import buffers, ledger
from onramp_lab.checks_reach import (BGP_TIMEOUT_S, core_routes, edge_addresses, established,
                                     first_answer, host, next_hops, uses_links, vnet_host)
from onramp_lab.shell import wait_until
from onramp_lab.topology import (CONTOSO, CUSTOMERS, CUSTOMER_HOST4, CUSTOMER_HOST6,
                                 CUSTOMER_PREFIX4, CUSTOMER_PREFIX6, LINK_NAMES, PAIR_OF_EDGES,
                                 VNET_HOST4, VNET_HOST6, VNET_PREFIX4, VNET_PREFIX6)

HOLD_S = 9
MEMORY_MB = 256
CUSTOMER_PREFIXES = (CUSTOMER_PREFIX4, CUSTOMER_PREFIX6)
VNET_PREFIXES = (VNET_PREFIX4, VNET_PREFIX6)


# ---- both edges at work ----

def sessions(lab):
    established("contoso", lab.contoso.sessions, 4)
    established("fabrikam", lab.fabrikam.sessions, 4)
    established("vnet-a", lab.vnet_a.sessions, 4)
    for edge in lab.edges:
        edge_sessions(edge)
    return "12 sessions Established, 6 on each edge"


def edge_sessions(edge):
    """Each customer's and the core router's, IPv4 and IPv6."""
    def look():
        rows = edge.show("bgp")
        states = [f"{row['peering']}/{row['link']} {row['family']} {row['state']}" for row in rows]
        down = [state for state in states if not state.endswith(" Established")]
        return len(rows) == 6 and not down or (False, f"{len(rows)} of 6, not up: {down}")
    wait_until(f"6 sessions of {edge.name}", look, BGP_TIMEOUT_S)


def own_links(lab):
    """Each edge shows the whole site, knows the state of its own links, and carries no other."""
    for number, edge in enumerate(lab.edges):
        for peering in edge.show("peerings"):
            check_peering(lab, edge, number, peering)
        expected = {f"{customer.name}/private/{LINK_NAMES[number]}" for customer in CUSTOMERS}
        expected |= {"vnet-a/core", "vnet-b/core"}
        found = {row["interface"] for row in edge.show("stats")} - {None, ""}
        if found != expected:
            raise LabError(f"{edge.name} has interfaces {sorted(found)}, not {sorted(expected)}")
        check_table(lab, edge)
    return "primary links are edge-a's, secondary links edge-b's"


def check_peering(lab, edge, number, peering):
    places = [(link["name"], link["edge"], link["port"]) for link in peering["links"]]
    if places != [(LINK_NAMES[half], *lab.ends[half]) for half in (0, 1)]:
        raise LabError(f"{edge.name}: {peering['name']} has its links at {places}")
    for half, link in enumerate(peering["links"]):
        states = [link[key] for key in ("bgp4", "bgp6", "neighbour4", "neighbour6")]
        known = states[:2] == ["Established"] * 2 and all(states)
        if not (known if half == number else states == [None] * 4):
            raise LabError(f"{edge.name}: {peering['name']}/{link['name']} has states {states}")


def check_table(lab, edge):
    """The table for people must tell the ports of one name on two edges apart."""
    text = edge.command("show", "peerings").stdout
    for name, port in lab.ends:
        if f" {name}/{port} " not in text:
            raise LabError(f"`onramp show peerings` on {edge.name} does not say {name}/{port}")


def pings(lab, customers):
    """Both ways, both families."""
    for customer in customers:
        for space, addresses in ((host(lab, customer), (VNET_HOST4, VNET_HOST6)),
                                 (vnet_host(lab, customer), (CUSTOMER_HOST4, CUSTOMER_HOST6))):
            for address in addresses:
                first_answer(space, address)
                probes.must_answer(space, address, count=3)
    return "IPv4 and IPv6, both ways"


def both_carry(lab):
    """Flows of one host spread over the edges: the second hop of many flows is both of them."""
    for family, address in ((4, VNET_HOST4), (6, VNET_HOST6)):
        for customer in CUSTOMERS:
            expected = edge_addresses(customer, family)
            wait_until(f"{customer.name}'s flows to {address} by {sorted(expected)}",
                       lambda: second_hops(lab, customer, address) >= expected, 20)
    return "each customer's flows go by either edge, IPv4 and IPv6"


def second_hops(lab, customer, address):
    done = host(lab, customer).run("traceroute", "-n", "-f", "2", "-m", "2", "-q", "10", "-w", "1",
                                   address, timeout=30)
    return set(re.findall(r"[0-9a-f.:]*[.:][0-9a-f.:]+", done.stdout.split("\n", 1)[1]))


# ---- one of them loses something ----

def set_wires(lab, edge, port, state):
    """Carrier at both ends of every wire of a port."""
    edge.namespace.ip("link", "set", port, state)
    for splice in lab.splices:
        if splice.edge is edge.namespace and splice.port == port:
            edge.namespace.ip("link", "set", splice.veth, state)


def customer_port_down(lab):
    """edge-a's customer port loses carrier. The static virtual network's router does not learn of
    it: fabrikam's way back may still be edge-a, so only contoso's traffic is asked for."""
    edge = lab.edges[0]
    set_wires(lab, edge, "cust", "down")
    try:
        port_is(edge, "cust", "down")
        only_edge_b(lab)
        uses_links(lab.spaces["fabrikam"], VNET_PREFIXES, ["secondary"])
        pings(lab, [CONTOSO])
    finally:
        set_wires(lab, edge, "cust", "up")
    all_back(lab)
    return "contoso by edge-b alone, then by both again"


def core_port_down(lab):
    """edge-a's core port loses carrier: it must stop to announce what it cannot reach, and the
    customers' traffic goes by edge-b though their sessions with edge-a stay up."""
    edge = lab.edges[0]
    before = established_counts(alone(edge))
    set_wires(lab, edge, "core", "down")
    try:
        port_is(edge, "core", "down")
        only_edge_b(lab)
        uses_links(lab.spaces["fabrikam"], VNET_PREFIXES, ["secondary"])
        pings(lab, CUSTOMERS)
    finally:
        set_wires(lab, edge, "core", "up")
    all_back(lab)
    after = established_counts(alone(edge))
    lost = [key for key in before if key[0].startswith("private.") and before[key] != after[key]]
    if lost:
        raise LabError(f"sessions with customers were reset: {lost}")
    return "customers by edge-b alone, their sessions with edge-a up all the time"


def only_edge_b(lab):
    uses_links(lab.spaces["vnet-a-router"], CUSTOMER_PREFIXES, ["core-b"])
    uses_links(lab.spaces["contoso"], VNET_PREFIXES, ["secondary"])


def port_is(edge, port, state):
    def look():
        found = {row["name"]: row["link"] for row in edge.show("ports")}
        return found.get(port) == state or (False, str(found))
    wait_until(f"{edge.name}'s port {port} {state}", look, 10)


def all_back(lab):
    sessions(lab)
    for customer in CUSTOMERS:
        next_hops(lab, customer)
    core_routes(lab)
    pings(lab, CUSTOMERS)


def edge_killed(lab):
    """kill -9 of every process of edge-a: no link goes down. The neighbours wait for their hold
    timers, then as helpers of a graceful restart for the restart time that the edge promised."""
    edge = lab.edges[0]
    for process in edge.processes():
        process.kill()
    only_edge_b(lab)
    uses_links(lab.spaces["fabrikam"], VNET_PREFIXES, ["secondary"])
    pings(lab, [CONTOSO])
    return "contoso by edge-b alone"


def edge_returns(lab):
    """Started again with nothing but what it keeps on disk. It must not draw traffic before it
    forwards: no ping is lost while the flows come back to it."""
    edge = lab.edges[0]
    running = [probes.RunningPing(lab, space, address)
               for space, addresses in ((host(lab, CONTOSO), (VNET_HOST4, VNET_HOST6)),
                                        (vnet_host(lab, CONTOSO), (CUSTOMER_HOST4, CUSTOMER_HOST6)))
               for address in addresses]
    try:
        for ping in running:
            ping.__enter__()
        edge.start()
        lab.connect_ports(edges=[edge])
        edge.wait_synced(60)
        sessions(lab)
        next_hops(lab, CONTOSO)
        core_routes(lab)
        for ping in running:
            ping.wait_more(100)
    finally:
        results = [ping.end() for ping in running if ping.process.popen]
    lost = sum(sent - received for sent, received in results)
    if lost:
        raise LabError(f"{lost} pings lost while edge-a came back (sent, received: {results})")
    missed = {key: count for key, count in drops(alone(edge)).items()
              if key[2] == "no-route" and key[0].startswith(("contoso/", "vnet-a/"))}
    if missed:
        raise LabError(f"edge-a drew traffic before it had the routes: {missed}")
    all_back(lab)
    return f"0 of {sum(sent for sent, _ in results)} pings lost while it came back"


def alone(edge):
    """One edge, as the checks of a lab with one edge want it."""
    return SimpleNamespace(edge=edge)


def same_routes(lab):
    return "; ".join(f"{edge.name}: {routes_equal(alone(edge))}" for edge in lab.edges)


def checks():
    yield "sessions", sessions
    for customer in CUSTOMERS:
        yield (f"{customer.name}: two next hops, one by each edge",
               lambda lab, customer=customer: next_hops(lab, customer))
    yield "core router: two next hops, one by each edge", core_routes
    yield "pings", lambda lab: pings(lab, CUSTOMERS)
    yield "each edge shows its own links as its own", own_links
    yield "both edges carry", both_carry
    yield "edge-a's customer port down", customer_port_down
    yield "edge-a's core port down", core_port_down
    yield "edge-a killed", edge_killed
    yield "edge-a back", edge_returns
    yield "routes of each edge are its kernel's", same_routes
    yield "ledgers", ledger
    yield "buffers", buffers


if __name__ == "__main__":
    sys.exit(run_in_lab("p", checks(), ends=PAIR_OF_EDGES, hold_s=HOLD_S, memory_mb=MEMORY_MB))
