# SPDX-License-Identifier: BSD-3-Clause
"""Scans as fast as they go, of a transit subnet of the core that machines share (a /24 and a /64)
and of the links' own subnets: by packets, and by ARP and Neighbor Solicitations on the subnet
itself. Whoever is known answers throughout, whoever is new does within a second, and no session
notices (RFC 6583)."""

import ipaddress
import os
import re
import signal
import struct
import sys
import time

from support import LabError, run_in_lab

# pylint: disable=wrong-import-position
from onramp_lab.checks_bfd import all_up, sessions
from onramp_lab.checks_reach import established, first_answer, host, route_checks, session_checks
from onramp_lab.namespace import HOST_SETTINGS, join
from onramp_lab.probes import RunningPing
from onramp_lab.process import Process
from onramp_lab.shell import wait_until
from onramp_lab.streams import open_ways
from onramp_lab.topology import CONTOSO, CORE_MTU, CUSTOMER_HOST4, CUSTOMER_HOST6, VNET_HOST4, slash
from test_policing import CUSTOMER_MAC, drops, find_edge, packet, ports

SUBNET4, SUBNET6 = "10.255.64.", "fd00:ff:64::"
VLAN = 30
EXTRA = f"""  - name: transit
    core:
      port: core
      vlan: {VLAN}
      static:
        prefixes: [10.64.0.0/16, "fd00:64::/48"]
        transit_subnets: [{SUBNET4}0/24, "{SUBNET6}/64"]
    connections: [{{circuit: contoso}}]
"""
ROUTER, KNOWN, FIRST_NEW = 1, 10, 100
KINDS, TRIES = 5, 3
NEW = range(FIRST_NEW, FIRST_NEW + KINDS * TRIES)
SCAN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "scan.py")
SCAN_S = 30  # at most
SCANNED = 10000
QUEUE = 10000
PORTS_OF_EDGE = ("cust-a", "cust-b", "core")
NEW_INTERVAL_S = 0.1
TIMEOUT_S = 30
IPV6_TARGET = 14 + 32  # the lower half of the destination
ND_TARGET = 14 + 40 + 16


def machine(number):
    return f"{SUBNET4}{number}", f"{SUBNET6}{number:x}"


# ---- the subnet and its machines ----

def build_machines(lab):
    space = lab.space("machines", HOST_SETTINGS)
    join(space, "core", lab.edge_space, "machines", mtu=CORE_MTU)
    for number in (ROUTER, KNOWN, *NEW):
        address4, address6 = machine(number)
        space.addresses("core", slash(address4, 24), slash(address6, 64))
    for address in machine(2):
        space.route("default", address)
    lab.splice("core", "machines", 0, VLAN)
    lab.splices[-1].connect()
    # A worker that waits for a CPU must not lose pings to a queue that the scan has filled.
    for port in PORTS_OF_EDGE:
        lab.edge_space.ip("link", "set", "dev", port, "txqueuelen", str(QUEUE))


def announced(lab):
    """The customer learns the subnet, and no single machine."""
    build_machines(lab)
    router = lab.spaces["contoso"]
    for address in machine(KNOWN):
        first_answer(host(lab, CONTOSO), address)
    seen = [row["dst"] for family in ("-4", "-6")
            for row in router.ip_json(family, "route", "show", "proto", "bgp")]
    wanted = {f"{SUBNET4}0/24", f"{SUBNET6}/64"}
    inside = {prefix for prefix in seen if prefix.startswith((SUBNET4, SUBNET6))}
    if inside != wanted:
        raise LabError(f"contoso learned {sorted(inside)}, not {sorted(wanted)}")
    return f"{', '.join(sorted(wanted))}; {' and '.join(machine(KNOWN))} answer"


def machine_is_no_source(lab):
    """What a customer sends in a machine's name is spoofed."""
    before = drops(lab, "urpf-strict")
    for address, target in ((machine(KNOWN)[0], VNET_HOST4), (machine(77)[0], VNET_HOST4)):
        frame = packet(lab, address, target, 17, ports(50000, 9))
        Scan(lab, lab.spaces["contoso"], "primary", 0, [frame], 0.1).run()
    wait_until("spoofed packets dropped", lambda: drops(lab, "urpf-strict") >= before + 2,
               TIMEOUT_S)
    return "dropped as urpf-strict, of a known machine and of none"


# ---- scans ----

class Scan:
    def __init__(self, lab, space, ifname, place, frames, seconds=SCAN_S):
        self.process = Process(lab, f"scan-{lab.next_number()}",
                               ["/usr/bin/python3", SCAN, ifname, str(seconds), str(place),
                                *(frame.hex() for frame in frames)], netns=space.path)

    def start(self):
        self.process.start()
        self.process.wait_output("scanning")

    def end(self):
        """How many frames it sent."""
        self.process.stop(signal.SIGTERM)
        return self.sent()

    def sent(self):
        return int(re.search(r"sent (\d+)", self.process.output())[1])

    def run(self):
        self.start()
        self.process.wait_end(TIMEOUT_S)
        return self.sent()


def by_packets4(lab):
    return lab.spaces["contoso"], "primary", 0, [
        packet(lab, CUSTOMER_HOST4, f"{SUBNET4}{number}", 17, ports(50000, 9))
        for number in range(256) if number not in (ROUTER, KNOWN, *NEW)]


def by_packets6(lab):
    return lab.spaces["contoso"], "primary", IPV6_TARGET, [
        packet(lab, CUSTOMER_HOST6, SUBNET6, 17, ports(50000, 9))]


def of_links(lab):
    """Every address of contoso's link subnets but the edge's and its own."""
    pairs = [(CUSTOMER_HOST4, f"192.0.2.{number}") for number in (0, 3, 4, 7)]
    pairs += [(CUSTOMER_HOST6, f"2001:db8:1::{number}") for number in (0, 3, 4, 7)]
    return lab.spaces["contoso"], "primary", 0, [packet(lab, *pair, 17, ports(50000, 9))
                                                 for pair in pairs]


def by_arp(lab):
    head = (b"\xff" * 6 + CUSTOMER_MAC + b"\x08\x06" + struct.pack(">HHBBH", 1, 0x0800, 6, 4, 1)
            + CUSTOMER_MAC + ipaddress.ip_address(machine(99)[0]).packed + bytes(6))
    return lab.spaces["machines"], "core", 0, [
        head + ipaddress.ip_address(f"{SUBNET4}{number}").packed for number in range(256)]


def by_solicitations(lab):
    frame = packet(lab, machine(99)[1], "ff02::1:ff00:2", 58,
                   struct.pack(">BBHI", 135, 0, 0, 0) + ipaddress.ip_address(SUBNET6).packed, 255)
    return lab.spaces["machines"], "core", ND_TARGET, [
        b"\x33\x33\xff\x00\x00\x02" + frame[6:]]


def sessions_of(lab):
    bfd = {key: (row["state"], row["ups"], row["flaps"]) for key, row in sessions(lab).items()}
    return {**bfd, **{(row["link"], row["family"], "bgp"): row["state"]
                      for row in lab.edge.show("bgp")}}


def answers_after(lab, address):
    """Seconds until a machine answers that nobody knew."""
    with RunningPing(lab, host(lab, CONTOSO), address, str(NEW_INTERVAL_S)) as pinged:
        return (int(re.search(r"icmp_seq=(\d+)", pinged.process.output())[1]) - 1) * NEW_INTERVAL_S


def answer_soon(lab, numbers):
    """New machines answer within a second while the scan goes on; where the test itself did not run
    for as long it may try again, with others that nobody knows."""
    late = []
    for number in numbers:
        after = max(answers_after(lab, address) for address in machine(number))
        if after <= 1:
            return after
        late.append(after)
    raise LabError(f"new machines answered after {late} s")


def wire_drops(lab):
    """Frames that the netdevs before the ports had no room for: the test's wire lost them."""
    return sum(row["stats64"]["tx"]["dropped"] for port in PORTS_OF_EDGE
               for row in lab.edge_space.ip_json("-s", "link", "show", "dev", port))


def scan_once(lab, make, numbers):
    """(packets a second, pings sent and received of known machines, seconds until a new one)"""
    start = time.monotonic()
    scan = Scan(lab, *make(lab))
    with RunningPing(lab, host(lab, CONTOSO), machine(KNOWN)[0]) as known4, \
            RunningPing(lab, host(lab, CONTOSO), machine(KNOWN)[1]) as known6:
        scan.start()
        after = answer_soon(lab, numbers)
        known4.wait_more(200)
        scan.process.require_alive()
        sent, seconds = scan.end(), time.monotonic() - start
        for known in (known4, known6):  # what stands in a queue is no loss
            known.wait_more(50)
        counts = [ping.end() for ping in (known4, known6)]
    if sent < SCANNED:
        raise LabError(f"only {sent} packets were sent in {seconds:.1f} s")
    return sent / seconds, counts, after


def scanned(lab, make, kind):
    """One kind of scan; kind: its number. Once more when the wire itself lost packets."""
    before = sessions_of(lab)
    numbers = NEW[kind * TRIES:(kind + 1) * TRIES]
    for _ in range(TRIES):
        lost_before = wire_drops(lab)
        pps, counts, after = scan_once(lab, make, numbers)
        if wire_drops(lab) == lost_before:
            break
    if any(sent != received for sent, received in counts):
        raise LabError(f"known machines answered (sent, received) {counts}; "
                       f"{wire_drops(lab) - lost_before} frames were lost on the wire")
    if sessions_of(lab) != before:
        raise LabError(f"sessions changed: {before}, now {sessions_of(lab)}")
    return (f"{pps:.0f} packets a second; {sum(pair[0] for pair in counts)} pings of known "
            f"machines, 0 lost; new ones answered within {after:.1f} s")


CHECKS = [*session_checks(), *route_checks(), ("every way answers", open_ways),
          ("BFD", all_up), ("the edge's MAC address", find_edge),
          ("a transit subnet is announced", announced),
          ("a machine is no customer's source", machine_is_no_source),
          *((name, lambda lab, make=make, kind=kind: scanned(lab, make, kind))
            for kind, (name, make) in enumerate((
                ("a scan of the /24", by_packets4), ("a scan of the /64", by_packets6),
                ("a scan of links", of_links), ("ARP for all of the /24", by_arp),
                ("solicitations for the /64", by_solicitations)))),
          ("BGP after all", lambda lab: established("contoso", lab.contoso.sessions, 4))]

if __name__ == "__main__":
    sys.exit(run_in_lab("scan", CHECKS, extra_vnets=EXTRA))
