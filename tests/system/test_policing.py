# SPDX-License-Identifier: BSD-3-Clause
"""What one link may pretend, and what it may ask of the edge: sources that are not the customer's,
by name, in each mode of uRPF; ten times each budget of the control plane on one link, whose flood
costs nobody else a BFD or BGP session or a packet; and BGP's TTL security with a customer that
turns it on after us. What packets do, `onramp explain` has said before."""

import ipaddress
import json
import os
import struct
import sys
from contextlib import ExitStack

from support import LabError, run_in_lab

# pylint: disable=wrong-import-position
from onramp_lab.checks_bfd import all_up, sessions
from onramp_lab.checks_reach import established, route_checks, session_checks
from onramp_lab.probes import send_frame
from onramp_lab.shell import run, wait_until
from onramp_lab.streams import flows, open_ways
from onramp_lab.topology import (CONTOSO, CORE_MTU, CUSTOMER_HOST4, CUSTOMER_HOST6, FABRIKAM,
                                 VNET_HOST4, VNET_HOST6)

BUDGETS = {"neighbour": 50, "bgp": 100, "bfd": 50, "other": 50, "icmp_errors": 50}
EXTRA = "control_budgets: {" + ", ".join(f"{k}: {v}" for k, v in BUDGETS.items()) + "}\n"
LINK = "contoso/private/primary"
FLOOD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "flood.py")
FLOOD_S = 2
SPOOFED = 20
TIMEOUT_S = 30
CUSTOMER_MAC = bytes.fromhex("020000000099")


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    total = (total & 0xffff) + (total >> 16)
    return ~(total + (total >> 16)) & 0xffff


def packet(lab, source, target, protocol, payload, ttl=64):
    """A frame from contoso's router to the edge by its primary link."""
    source, target = ipaddress.ip_address(source), ipaddress.ip_address(target)
    head = lab.edge_mac + CUSTOMER_MAC
    if source.version == 6:
        return (head + b"\x86\xdd" + struct.pack(">IHBB", 0x60000000, len(payload), protocol, ttl)
                + source.packed + target.packed + payload)
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0, ttl, protocol, 0)
    ip += source.packed + target.packed
    ip = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:]
    return head + b"\x08\x00" + ip + payload


def ports(source, target):
    return struct.pack(">HHHH", source, target, 28, 0) + bytes(20)


def drops(lab, reason, link=LINK):
    return sum(row["packets"] for row in lab.edge.show("drops")
               if row["interface"] == link and row["reason"] == reason)


def find_edge(lab):
    port = next(row for row in lab.edge.show("ports") if row["name"] == "cust-a")
    lab.edge_mac = bytes.fromhex(port["mac"].replace(":", ""))
    return port["mac"]


def apply_changed(lab, after, line):
    """The lab's file with one more line after another; all other changes are gone."""
    with open(lab.yaml, encoding="utf-8") as file:
        text = file.read()
    if text.count(after) != 1:
        raise LabError(f"{after!r} is not once in {lab.yaml}")
    path = os.path.join(lab.run_dir, "changed.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(after, after + line))
    lab.edge.apply(path)
    lab.edge.wait_synced()


# ---- sources ----

def look_at_sources(lab):
    stats = {row["interface"]: row["forwarded_in"] for row in lab.edge.show("stats")}
    return {**{reason: drops(lab, reason) for reason in REASONS}, None: stats[LINK]}


def spoof(lab, source, reason):
    """Of these packets all are dropped for the reason, or with None, none."""
    target = VNET_HOST6 if ":" in source else VNET_HOST4
    before = look_at_sources(lab)
    send_frame(lab.spaces["contoso"], "primary",
               packet(lab, source, target, 17, ports(50000, 9)), SPOOFED)
    def look():
        now = look_at_sources(lab)
        return now[reason] - before[reason] >= SPOOFED or (False, f"{before}, now {now}")
    wait_until(f"{SPOOFED} packets from {source}: {reason or 'forwarded'}", look, TIMEOUT_S)
    now = look_at_sources(lab)
    for other in REASONS:
        if other != reason and now[other] != before[other]:
            raise LabError(f"packets from {source} were dropped as {other} too")


REASONS = ("urpf-strict", "urpf-loose", "martian-source")
# Addresses that no packet comes from (RFC 1812 5.3.7, RFC 3927 2.7, RFC 4291 2.5 and 2.7); 192.0.2.3
# is the broadcast address of the link's subnet.
MARTIANS = ("0.0.0.0", "0.1.2.3", "127.0.0.1", "169.254.7.7", "192.0.2.3", "224.0.0.1",
            "239.1.2.3", "255.255.255.255", "::", "::1", "fe80::77", "ff02::1", "ff0e::7")
# (source, dropped by strict as, by loose as): the customer's, the network's, nobody's
SOURCES = ((CUSTOMER_HOST4, None, None), (CUSTOMER_HOST6, None, None),
           ("10.1.0.77", "urpf-strict", None), ("fd00:b::77", "urpf-strict", None),
           ("203.0.113.7", "urpf-strict", "urpf-loose"),
           ("fd00:dead::7", "urpf-strict", "urpf-loose"))


def sources(lab, mode):
    if mode != "strict":
        apply_changed(lab, f"        peer_asn: {CONTOSO.asn}\n", f"        urpf: {mode}\n")
    for source, strict, loose in SOURCES:
        reason = {"strict": strict, "loose": loose, "off": None}[mode]
        expect_said(lab, (LINK, source, VNET_HOST6 if ":" in source else VNET_HOST4),
                    reason or "sent")
        spoof(lab, source, reason)
    return f"{len(SOURCES)} sources as expected, and as explained"


# ---- onramp explain ----

def expect_said(lab, words, *expected, place="--circuit", more=()):
    """Of each link of the place, in their order: a drop's reason, or what else becomes of it."""
    name, source, target = words
    rows = json.loads(lab.edge.command("-j", "explain", place, name, "--from", source, "--to",
                                       target, "--proto", "udp", "--port", "9", *more).stdout)
    said = tuple(row["reason"] or row["outcome"] for row in sorted(rows, key=lambda r: r["link"]))
    if said != expected:
        raise LabError(f"of {words} it is said: {said}, expected {expected}; {rows}")
    return rows


def explained(lab):
    """To another tenant, and to the edge itself: said, then sent; and from the core."""
    # What is punted is known by its budget, which so many spend.
    for target, said, reason, count in (
            (FABRIKAM.only4, "no-route", "no-route", SPOOFED),
            (CONTOSO.addresses(0, 2)[0], "punted", "punt-budget-other", 10 * SPOOFED)):
        before = drops(lab, reason)
        expect_said(lab, (LINK, CUSTOMER_HOST4, target), said)
        send_frame(lab.spaces["contoso"], "primary",
                   packet(lab, CUSTOMER_HOST4, target, 17, ports(50000, 9)), count)
        wait_until(f"packets to {target} dropped as {reason}",
                   lambda r=reason, b=before: drops(lab, r) >= b + SPOOFED, TIMEOUT_S)
    expect_said(lab, ("contoso", CUSTOMER_HOST6, VNET_HOST6), "sent", "sent")
    expect_said(lab, (LINK, CUSTOMER_HOST4, VNET_HOST4), "mtu-exceeded",
                more=("--bytes", str(CORE_MTU + 1)))
    back = expect_said(lab, ("vnet-a", VNET_HOST4, CUSTOMER_HOST4), "sent", place="--vnet")
    announcers = [hop["announced_by"]["asn"] for hop in back[0]["next_hops"]]
    if announcers != [CONTOSO.asn] * 2 or "contoso/" not in back[0]["out_link"]:
        raise LabError(f"who announced {CUSTOMER_HOST4}? {back}")
    wrong = lab.edge.command("explain", "--circuit", "contosso", "--from", "::1", "--to", "::2",
                             check=False)
    if wrong.returncode != 1 or '"contoso"?' not in wrong.stderr:
        raise LabError(f"of a circuit that is not there it is said: {wrong.stderr}")
    return "no-route, punted, sent by both links, sent back, and a name corrected"


def martians(lab):
    for source in MARTIANS:
        spoof(lab, source, "martian-source")
    return f"{len(MARTIANS)} sources, {SPOOFED} packets each"


# ---- budgets ----

def arp_request(edge4):
    return (b"\xff" * 6 + CUSTOMER_MAC + b"\x08\x06" + struct.pack(">HHBBH", 1, 0x0800, 6, 4, 1)
            + CUSTOMER_MAC + ipaddress.ip_address("192.0.2.77").packed + bytes(6)
            + ipaddress.ip_address(edge4).packed)


def solicitation(edge6):
    return struct.pack(">BBHI", 135, 0, 0, 0) + ipaddress.ip_address(edge6).packed


def flood_frames(lab, family):
    """{drop reason: (packets per second that are allowed, frame)}; family: 0 IPv4, 1 IPv6"""
    own, edge = CONTOSO.addresses(0, 1)[family], CONTOSO.addresses(0, 2)[family]
    host, target = ((CUSTOMER_HOST4, VNET_HOST4), (CUSTOMER_HOST6, VNET_HOST6))[family]
    neighbour = (packet(lab, own, edge, 58, solicitation(edge), 255) if family
                 else arp_request(edge))
    return {"punt-budget-neighbour": (BUDGETS["neighbour"], neighbour),
            "punt-budget-bgp": (BUDGETS["bgp"], packet(lab, own, edge, 6, ports(179, 179))),
            "punt-budget-bfd": (BUDGETS["bfd"],
                                packet(lab, own, edge, 17, ports(50000, 3784), 255)),
            "punt-budget-other": (BUDGETS["other"], packet(lab, own, edge, 17, ports(50000, 9))),
            "icmp-budget": (BUDGETS["icmp_errors"],
                            packet(lab, host, target, 17, ports(50000, 9), 1))}


def peers_of_others(lab):
    """{session: how it is and how often it changed}, of BFD and BGP."""
    bfd = {("bfd", *key): (row["state"], row["ups"], row["flaps"])
           for key, row in sessions(lab).items() if key[0] != LINK}
    bgp = {("bgp", row["link"], row["family"]): row["state"] for row in lab.edge.show("bgp")
           if row["link"] != LINK}
    return {**bfd, **bgp}


def flood(lab, frames):
    words = [f"{10 * pps * FLOOD_S}:{frame.hex()}" for pps, frame in frames.values()]
    run(["/usr/bin/python3", FLOOD, "primary", str(FLOOD_S), *words],
        netns=lab.spaces["contoso"].path, timeout=60)


def check_refused(before, after, frames):
    """Each by its name, and all but what the budget, and what it had saved, let pass."""
    refused = {reason: after[reason] - before[reason] for reason in frames}
    for reason, (pps, _) in frames.items():
        if refused[reason] < 10 * pps * FLOOD_S / 2:
            raise LabError(f"of {10 * pps * FLOOD_S} packets only {refused[reason]} were refused "
                           f"as {reason}")
    return refused


def flooded(lab, family):
    frames = flood_frames(lab, family)
    peers, before = peers_of_others(lab), {reason: drops(lab, reason) for reason in frames}
    with ExitStack() as stack:
        others = [stack.enter_context(flow) for flow in flows(lab)
                  if flow.name.startswith(("fabrikam", "vnet-b"))]
        flood(lab, frames)
        lost = {flow.name: flow.end()["lost"] for flow in others}
    refused = check_refused(before, {reason: drops(lab, reason) for reason in frames}, frames)
    after = peers_of_others(lab)
    changed = {key: (peers[key], after.get(key)) for key in peers if after.get(key) != peers[key]}
    if changed or any(lost.values()):
        raise LabError(f"sessions of other links changed: {changed}; packets were lost: {lost}")
    return f"refused {refused}; {len(peers)} other sessions untouched, 0 packets lost of {lost}"


def recovered(lab):
    all_up(lab)
    return established("contoso", lab.contoso.sessions, 4)


# ---- TTL security ----

def ttl_security(lab):
    """Refused while the customer sends a TTL of 1; up again when both sides ask for 255."""
    link = "fabrikam/private/primary"
    apply_changed(lab, f"        peer_asn: {FABRIKAM.asn}\n", "        ttl_security: true\n")
    before = drops(lab, "bgp-ttl", link)
    for name in lab.fabrikam.sessions():
        lab.fabrikam.command("restart", name)
    wait_until("BGP with a low TTL dropped by name",
               lambda: drops(lab, "bgp-ttl", link) >= before + 3, TIMEOUT_S)
    up = [name for name, state in lab.fabrikam.sessions().items() if state == "Established"]
    if up:
        raise LabError(f"{up} came up with a TTL of 1")
    with open(lab.fabrikam.config, encoding="utf-8") as file:
        text = file.read()
    with open(lab.fabrikam.config, "w", encoding="utf-8") as file:
        file.write(text.replace("bfd on;", "bfd on; ttl security on;"))
    lab.fabrikam.command("configure")
    return established("fabrikam", lab.fabrikam.sessions, 4)


CHECKS = [*session_checks(), *route_checks(), ("every way answers", open_ways),
          ("the edge's MAC address", find_edge),
          ("uRPF strict, by default", lambda lab: sources(lab, "strict")),
          ("onramp explain, of other ways too", explained),
          ("martian sources", martians),
          ("ten times each budget on one link, IPv4", lambda lab: flooded(lab, 0)),
          ("the flooded link is back", recovered),
          ("ten times each budget on one link, IPv6", lambda lab: flooded(lab, 1)),
          ("the flooded link is back again", recovered),
          ("uRPF loose", lambda lab: sources(lab, "loose")),
          ("uRPF off", lambda lab: sources(lab, "off")),
          ("BGP's TTL security", ttl_security)]

if __name__ == "__main__":
    sys.exit(run_in_lab("po", CHECKS, extra_vnets=EXTRA))
