# SPDX-License-Identifier: BSD-3-Clause
"""What goes wrong on purpose: strange frames, withdrawn routes, killed processes."""

import json

from . import probes
from .checks_reach import BGP_TIMEOUT_S, established, first_answer, host
from .shell import LabError, wait_until
from .topology import (CUSTOMERS, EXTRA_HOST4, EXTRA_HOST6, EXTRA_PREFIX4, EXTRA_PREFIX6, VNET_HOST4,
                       VNET_HOST6)

UNKNOWN_VLAN = 999
FRAMES = 7


def checks():
    yield "unknown tag: dropped under its name", unknown_tag
    yield "withdrawn: gone from the dataplane, counted as no-route", withdrawn
    yield "control killed: no packet lost", control_killed
    yield "control back: routes equal the kernel's", routes_equal


def restart_checks():
    yield "dataplane killed: everything comes back", dataplane_killed
    yield "dataplane back: routes equal the kernel's", routes_equal


# ---- drops ----

def drops(lab):
    """{(interface, direction, reason): packets}, without the zeros."""
    return {(owner(row), row["direction"], row["reason"]): row["packets"]
            for row in lab.edge.show("drops") if row["packets"]}


def owner(row):
    """Whose account: a link's, or the port's for what belongs to no link."""
    return row["interface"] or f"port {row['port']}"


def changed(before, after):
    return {key: after.get(key, 0) - before.get(key, 0) for key in before | after
            if after.get(key, 0) != before.get(key, 0)}


def reason_count(lab, reason):
    return sum(packets for key, packets in drops(lab).items() if key[2] == reason)


def unknown_tag(lab):
    """Straight onto the port's wire, to the port's own MAC: only the tag is wrong."""
    mac = bytes.fromhex(lab.edge_space.mac("cust-a").replace(":", ""))
    frame = (mac + bytes.fromhex("020000000099") + bytes.fromhex("8100")
             + UNKNOWN_VLAN.to_bytes(2, "big") + bytes.fromhex("0800") + bytes(60))
    before = drops(lab)
    probes.send_frame(lab.edge_space, "cust-a", frame, FRAMES)
    wait_until(f"{FRAMES} more drops", lambda: sum(changed(before, drops(lab)).values()) >= FRAMES, 10)
    difference = changed(before, drops(lab))
    (interface, _, reason), packets = next(iter(difference.items()))
    if len(difference) != 1 or reason != "unknown-tag" or packets != FRAMES:
        raise LabError(f"{FRAMES} frames with VLAN {UNKNOWN_VLAN} changed {difference}")
    named = json.loads(lab.edge.command("-j", "show", "drops").stdout)["unknown_tags"]
    if not any((row["port"], row["outer"], row["inner"], row["frames"])
               == ("cust-a", UNKNOWN_VLAN, None, FRAMES) for row in named):
        raise LabError(f"VLAN {UNKNOWN_VLAN} is not named: {named}")
    for customer in CUSTOMERS:
        probes.must_answer(host(lab, customer), VNET_HOST4, count=2)
    return f"{FRAMES} frames on {interface} counted as unknown-tag, nothing else changed"


# ---- withdrawal ----

def withdrawn(lab):
    space = lab.spaces["vnet-a-host"]
    for address in (EXTRA_HOST4, EXTRA_HOST6):
        first_answer(space, address)
    announce(lab, "no ")
    try:
        wait_until(f"{EXTRA_PREFIX4} and {EXTRA_PREFIX6} gone from the dataplane",
                   lambda: not rows_of(lab, (EXTRA_PREFIX4, EXTRA_PREFIX6)), BGP_TIMEOUT_S)
        counted = [counted_no_route(lab, space, address) for address in (EXTRA_HOST4, EXTRA_HOST6)]
    finally:
        announce(lab, "")
    wait_until("announced again, in the dataplane again",
               lambda: {row["domain"] for row in rows_of(lab, (EXTRA_PREFIX4,))}
               == {"private.contoso", "vnet.vnet-a"}, BGP_TIMEOUT_S)
    for address in (EXTRA_HOST4, EXTRA_HOST6):
        first_answer(space, address)
    return f"gone from both domains; {counted[0]} IPv4 and {counted[1]} IPv6 packets as no-route"


def announce(lab, word):
    lab.contoso.command("configure terminal", "router bgp 65001",
                        "address-family ipv4 unicast", f"{word}network {EXTRA_PREFIX4}",
                        "exit-address-family",
                        "address-family ipv6 unicast", f"{word}network {EXTRA_PREFIX6}", "bgpd")


def rows_of(lab, prefixes):
    return [row for row in lab.edge.show("routes") if row["prefix"] in prefixes]


def counted_no_route(lab, space, address, count=5):
    before = drops(lab)
    _, received, _ = probes.ping(space, address, count=count, extra=["-W", "0.2"])
    if received:
        raise LabError(f"{received} pings to the withdrawn {address} were answered")
    def look():
        difference = changed(before, drops(lab))
        wrong = {key for key in difference if key[0] != "vnet-a/core" or key[2] != "no-route"}
        if wrong or sum(difference.values()) != count:
            return False, f"the drops changed by {difference}"
        return True
    wait_until(f"{count} packets to {address} counted as no-route on vnet-a/core", look, 5)
    return count


# ---- processes ----

def routes_without_control(edge):
    """`show routes` has them, and says what is missing and why."""
    said = edge.command("show", "routes", "contoso")
    if "192.0.2.0/30" not in said.stdout or "LOCPRF" in said.stdout.splitlines()[0]:
        raise LabError(f"without control the routes are {said.stdout}")
    if "control does not run" not in said.stderr or "without LOCPRF" not in said.stderr:
        raise LabError(f"without control it says {said.stderr!r}")


def control_killed(lab):
    edge = lab.edge
    with probes.RunningPing(lab, host(lab, CUSTOMERS[0]), VNET_HOST4) as ping4, \
            probes.RunningPing(lab, host(lab, CUSTOMERS[1]), VNET_HOST6) as ping6:
        edge.control.kill()
        routes_without_control(edge)
        for ping in (ping4, ping6):
            ping.wait_more(100)
        edge.control.start()
        edge.wait_synced()
        for ping in (ping4, ping6):
            ping.wait_more(100)
        results = [ping.end() for ping in (ping4, ping6)]
    lost = sum(sent - received for sent, received in results)
    if lost:
        raise LabError(f"{lost} of {sum(sent for sent, _ in results)} pings lost (IPv4, IPv6: "
                       f"{results})")
    return f"0 of {sum(sent for sent, _ in results)} pings lost, down and back"


def established_counts(lab):
    """How often each session has come up so far: {(domain, peer): count}, as FRR says."""
    found = {}
    for domain in lab.edge.domains():
        peers = lab.edge.frr.json(f"show bgp vrf {domain} neighbors json")
        found.update({(domain, peer): row.get("connectionsEstablished", 0)
                      for peer, row in peers.items() if isinstance(row, dict)})
    return found


def dataplane_killed(lab):
    edge = lab.edge
    before = established_counts(lab)
    if len(before) != 10:
        raise LabError(f"FRR knows {len(before)} sessions, not 10")
    with probes.RunningPing(lab, host(lab, CUSTOMERS[0]), VNET_HOST4) as ping:
        edge.dataplane.kill()
        edge.dataplane.start()
        lab.connect_ports()
        edge.wait_synced(60)
        ping.wait_more(50, 60)
        sent, received = ping.end()
    if sent == received:
        raise LabError("no ping was lost: the dataplane was not away, the check proves nothing")
    established("contoso", lab.contoso.sessions, 4)
    established("fabrikam", lab.fabrikam.sessions, 4)
    established("vnet-a", lab.vnet_a.sessions, 2)
    after = established_counts(lab)
    resets = sum(after[key] - before[key] for key in before)
    for customer in CUSTOMERS:
        for address in (VNET_HOST4, VNET_HOST6):
            first_answer(host(lab, customer), address)
    # BFD ended with the dataplane, and BGP with BFD: a customer may use what it was told before
    # we know what it tells. Once both have said all, nothing is missed any more.
    missed = reason_count(lab, "no-route")
    if missed and not resets:
        raise LabError(f"{missed} packets met a domain without their route after the restart")
    for customer in CUSTOMERS:
        for address in (VNET_HOST4, VNET_HOST6):
            probes.must_answer(host(lab, customer), address)
    if reason_count(lab, "no-route") != missed:
        raise LabError("packets meet a domain without their route though BGP is back")
    return (f"{sent - received} of {sent} pings lost while it was away, {resets} of {len(before)} "
            f"sessions reset, {missed} no-route drops until BGP was back")


# ---- the dataplane's routes against the kernel's ----

def kernel_table(lab, domain):
    """{(prefix, origin): next hops}, a next hop being (link's interface, gateway or '')."""
    found = {}
    for family in (4, 6):
        for row in lab.edge.kernel_routes(domain, family):
            origin = {"bgp": "bgp", "static": "static", "196": "static", "186": "bgp",
                      "kernel": "connected"}.get(row["protocol"])
            if origin is None or not forwarded(row["dst"]):
                continue
            hops = {(hop["dev"], hop.get("gateway") or hop.get("via", {}).get("host", ""))
                    for hop in row.get("nexthops", [row]) if "dev" in hop}
            found.setdefault((full_prefix(row["dst"], family), origin), set()).update(hops)
    return found


def forwarded(prefix):
    """Not link-local, multicast or the loopback's: those are the kernel's own business."""
    return not prefix.startswith(("fe80:", "ff00:", "::1"))


def full_prefix(text, family):
    if text == "default":
        return "0.0.0.0/0" if family == 4 else "::/0"
    return text if "/" in text else f"{text}/{32 if family == 4 else 128}"


def dataplane_table(lab, domain):
    found = {}
    for row in lab.edge.show("routes", domain):
        if row.get("leaked_from") or row["origin"] in ("local", "neighbour"):
            continue
        hops = {(hop["link"].rsplit("/", 1)[-1], hop.get("via") or "") for hop in row["next_hops"]}
        if not forwarded(row["prefix"]):
            continue
        found[row["prefix"], row["origin"]] = hops
    return found


def routes_equal(lab):
    """Native routes, prefix by prefix and next hop by next hop; of connected ones the prefix."""
    def look():
        count = 0
        for domain in lab.edge.domains():
            kernel, dataplane = kernel_table(lab, domain), dataplane_table(lab, domain)
            for table in (kernel, dataplane):
                for key in table:
                    if key[1] == "connected":
                        table[key] = set()
            if kernel != dataplane:
                differ = {key for key in kernel.keys() | dataplane.keys()
                          if kernel.get(key) != dataplane.get(key)}
                key = min(differ)
                return False, (f"{domain}: {len(differ)} differ, first {key}: kernel "
                               f"{kernel.get(key)}, dataplane {dataplane.get(key)}")
            count += len(kernel)
        return count
    count = wait_until("the dataplane's routes equal to the kernel's", look, 30, 0.2)
    return f"{count} native routes in {len(lab.edge.domains())} domains, each with its next hops"
