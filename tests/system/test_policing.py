# SPDX-License-Identifier: BSD-3-Clause
"""What one link may pretend, and what it may ask of the edge: sources that are not the customer's,
by name, in each mode of uRPF; ten times each budget of the control plane on one link, whose flood
costs nobody else a BFD or BGP session or a packet; and BGP's TTL security with a customer that
turns it on after us."""

import ipaddress
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
from onramp_lab.topology import (CONTOSO, CUSTOMER_HOST4, CUSTOMER_HOST6, FABRIKAM, VNET_HOST4,
                                 VNET_HOST6)

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
    return {"urpf-strict": drops(lab, "urpf-strict"), "urpf-loose": drops(lab, "urpf-loose"),
            None: stats[LINK]}


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
    for other in ("urpf-strict", "urpf-loose"):
        if other != reason and now[other] != before[other]:
            raise LabError(f"packets from {source} were dropped as {other} too")


# (source, dropped by strict as, by loose as): the customer's, the network's, nobody's
SOURCES = ((CUSTOMER_HOST4, None, None), (CUSTOMER_HOST6, None, None),
           ("10.1.0.77", "urpf-strict", None), ("fd00:b::77", "urpf-strict", None),
           ("203.0.113.7", "urpf-strict", "urpf-loose"),
           ("fd00:dead::7", "urpf-strict", "urpf-loose"))


def sources(lab, mode):
    if mode != "strict":
        apply_changed(lab, f"        peer_asn: {CONTOSO.asn}\n", f"        urpf: {mode}\n")
    for source, strict, loose in SOURCES:
        spoof(lab, source, {"strict": strict, "loose": loose, "off": None}[mode])
    return f"{len(SOURCES)} sources as expected"


# ---- budgets ----

def flood_frames(lab):
    """{drop reason: (packets per second that are allowed, frame)}"""
    (own4, _), (edge4, _) = CONTOSO.addresses(0, 1), CONTOSO.addresses(0, 2)
    arp = (b"\xff" * 6 + CUSTOMER_MAC + b"\x08\x06" + struct.pack(">HHBBH", 1, 0x0800, 6, 4, 1)
           + CUSTOMER_MAC + ipaddress.ip_address("192.0.2.77").packed + bytes(6)
           + ipaddress.ip_address(edge4).packed)
    return {"punt-budget-neighbour": (BUDGETS["neighbour"], arp),
            "punt-budget-bgp": (BUDGETS["bgp"], packet(lab, own4, edge4, 6, ports(179, 179))),
            "punt-budget-bfd": (BUDGETS["bfd"],
                                packet(lab, own4, edge4, 17, ports(50000, 3784), 255)),
            "punt-budget-other": (BUDGETS["other"], packet(lab, own4, edge4, 17, ports(50000, 9))),
            "icmp-budget": (BUDGETS["icmp_errors"],
                            packet(lab, CUSTOMER_HOST4, VNET_HOST4, 17, ports(50000, 9), 1))}


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


def flooded(lab):
    frames = flood_frames(lab)
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
          ("ten times each budget on one link", flooded),
          ("the flooded link is back", recovered),
          ("uRPF loose", lambda lab: sources(lab, "loose")),
          ("uRPF off", lambda lab: sources(lab, "off")),
          ("BGP's TTL security", ttl_security)]

if __name__ == "__main__":
    sys.exit(run_in_lab("po", CHECKS, extra_vnets=EXTRA))
