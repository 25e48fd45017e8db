# SPDX-License-Identifier: BSD-3-Clause
"""A full Internet table through real FRR into one routing domain, while the lab's pings run.

BIRD behind the core holds the table and announces it by BGP. Counts are exact, the dataplane's
prefixes are the table's, and 100,000 packets with random destinations go where a longest-prefix
match by brute force says: forwarded, or dropped as no-route."""

import ipaddress
import os
import random
import struct
import sys
import time

from support import LabError, run_in_lab

from onramp_lab import probes
from onramp_lab.bird import Bird
from onramp_lab.checks_failure import changed, drops
from onramp_lab.checks_reach import first_answer, host
from onramp_lab.internet import load_tables, parse, routable, text_of
from onramp_lab.namespace import HOST_SETTINGS, join
from onramp_lab.shell import wait_until
from onramp_lab.topology import CORE_MTU, CUSTOMERS, SITE_ASN, VNET_HOST4, VNET_HOST6

ASN = 4200100003
VLAN = 30
ROUTER4, EDGE4 = "10.255.2.1", "10.255.2.2"
ROUTER6, EDGE6 = "fd00:ff:c::1", "fd00:ff:c::2"
DOMAIN = "vnet.internet"
LINK = "internet/core"
LOOKUPS = 100_000
CHUNK = 250  # less than the queue of a TAP (500 or 1,000 frames)
LOAD_TIMEOUT_S = 600
VNET = f"""  - name: internet
    core: {{port: core, vlan: {VLAN}, bgp: {{peer_asn: {ASN}, link_subnets: [10.255.2.0/30, "fd00:ff:c::/126"]}}}}
"""


# ---- the table ----

class Oracle:
    """Is there any match? By brute force over the lengths that occur."""

    def __init__(self, table, bits):
        self.by_length = {}
        for network, length in table:
            self.by_length.setdefault(bits - length, set()).add(network >> (bits - length))

    def matches(self, address):
        return any(address >> shift in networks for shift, networks in self.by_length.items())


# ---- the lab ----

def build_router(lab):
    """Does not forward: what the edge sends back to it ends there."""
    lab.tables, lab.source = load_tables()
    router = lab.space("internet-router", HOST_SETTINGS)
    join(router, "core", lab.edge_space, "internet", mtu=CORE_MTU)
    router.addresses("core", f"{ROUTER4}/30", f"{ROUTER6}/126")
    lab.splice("core", "internet", 0, VLAN)
    lab.splices[-1].connect()
    return f"{lab.source}: {len(lab.tables[4])} IPv4 and {len(lab.tables[6])} IPv6 prefixes"


def bird_config(tables):
    lines = [f"router id {ROUTER4};", "protocol device { }"]
    for family, table in tables.items():
        lines.append(f"protocol static table{family} {{ ipv{family};")
        lines += [f"route {text_of(row, family)} blackhole;" for row in table]
        lines.append("}")
    for name, own, edge, family in (("edge4", ROUTER4, EDGE4, 4), ("edge6", ROUTER6, EDGE6, 6)):
        lines.append(f"protocol bgp {name} {{ local {own} as {ASN}; neighbor {edge} as {SITE_ASN}; "
                     f"ipv{family} {{ import all; export where source = RTS_STATIC; }}; }}")
    return "\n".join(lines) + "\n"


def dataplane_counts(lab):
    """BGP routes by family in the domain, from the cheap place: memory's row counts all routes."""
    rows = [row for row in lab.edge.show("memory") if row["name"] == f"vrf {DOMAIN}"]
    if not rows:
        raise LabError(f"`onramp show memory` has no row for {DOMAIN}")
    return rows[0]


def table_arrives(lab):
    """Time from BIRD's start to the last route in the dataplane."""
    space = lab.spaces["contoso-host"]
    first_answer(space, VNET_HOST4)
    own = dataplane_counts(lab)["used"]
    expected = sum(len(table) for table in lab.tables.values())
    with probes.RunningPing(lab, space, VNET_HOST4, "0.05") as ping4, \
            probes.RunningPing(lab, host(lab, CUSTOMERS[1]), VNET_HOST6, "0.05") as ping6:
        started = time.monotonic()
        Bird(lab, "internet", lab.spaces["internet-router"], bird_config(lab.tables)).start(120)
        def look():
            present = dataplane_counts(lab)["used"] - own
            return present >= expected or (False, f"{present} of {expected}")
        wait_until("the table in the dataplane", look, LOAD_TIMEOUT_S, 0.5)
        seconds = time.monotonic() - started
        results = ping4.end(), ping6.end()
    lost = [sent - received for sent, received in results]
    if any(lost):
        raise LabError(f"{lost} pings lost while the table came (sent {[r[0] for r in results]})")
    memory = dataplane_counts(lab)
    print(f"note: {lab.source}, {expected} routes: BIRD to dataplane in {seconds:.0f} s, "
          f"{memory['used_bytes'] / 2**20:.1f} MiB in the dataplane, resident: "
          + ", ".join(f"{process.name} {resident_mb(process.pid)} MiB"
                      for process in lab.edge.processes()))
    return f"{expected} routes in {seconds:.0f} s, 0 of {sum(r[0] for r in results)} pings lost"


def resident_mb(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE") >> 20


def prefixes_equal(lab):
    rows = lab.edge.show("routes", DOMAIN, timeout=300)
    found = {4: set(), 6: set()}
    for row in rows:
        if row["origin"] == "bgp":
            found[6 if ":" in row["prefix"] else 4].add(parse(row["prefix"]))
    for family, table in lab.tables.items():
        if found[family] != table:
            raise LabError(f"IPv{family}: {len(table - found[family])} prefixes are missing, "
                           f"{len(found[family] - table)} too many")
    return f"{len(found[4])} IPv4 and {len(found[6])} IPv6 prefixes, exactly the table's"


# ---- look-ups by packets ----

def destinations(table, family, count, source):
    """Half anywhere, half inside a prefix of the table."""
    bits = 32 if family == 4 else 128
    rows = sorted(table)
    while count:
        if source.random() < 0.5:
            network, length = source.choice(rows)
            address = network | source.getrandbits(bits - length) if length < bits else network
        elif family == 4:
            address = source.randrange(1 << 24, 224 << 24)
        else:
            address = (1 << 125) | source.getrandbits(125)
        if family == 4 and not routable(address):
            continue
        count -= 1
        yield address


def frames_to(edge_mac, own_mac, family, addresses):
    """Tagged UDP packets, all alike but for the destination and the IPv4 header checksum. (The
    UDP checksum is the hosts' affair, a router does not look.)"""
    ethernet = bytes.fromhex((edge_mac + own_mac).replace(":", "") + f"8100{VLAN:04x}")
    udp = struct.pack("!HHHH", 33333, 33333, 8, 0)
    source = ipaddress.ip_address(ROUTER4 if family == 4 else ROUTER6).packed
    for address in addresses:
        if family == 4:
            head = bytearray(struct.pack("!BBHHHBBH", 0x45, 0, 28, 0, 0, 64, 17, 0) + source
                             + address.to_bytes(4, "big"))
            head[10:12] = internet_checksum(head).to_bytes(2, "big")
            yield ethernet + b"\x08\x00" + head + udp
        else:
            yield (ethernet + b"\x86\xdd" + struct.pack("!IHBB", 6 << 28, 8, 17, 64) + source
                   + address.to_bytes(16, "big") + udp)


def internet_checksum(data):
    """RFC 1071."""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def link_row(lab):
    return next(row for row in lab.edge.show("stats") if row["interface"] == LINK)


def lookups(lab, family):
    """Sends on the core's wire; the dataplane sends what it has a route for back to the router."""
    source = random.Random(family)
    oracle = Oracle(lab.tables[family], 32 if family == 4 else 128)
    macs = lab.edge_space.mac("core"), lab.spaces["internet-router"].mac("core")
    chosen = list(destinations(lab.tables[family], family, LOOKUPS // 2, source))
    hits = 0
    for start in range(0, len(chosen), CHUNK):
        chunk = chosen[start:start + CHUNK]
        expected = sum(oracle.matches(address) for address in chunk)
        one_chunk(lab, list(frames_to(*macs, family, chunk)), expected)
        hits += expected
    if not 0 < hits < len(chosen):
        raise LabError(f"{hits} of {len(chosen)} have a route: one outcome was never seen")
    return f"{len(chosen)} packets: {hits} forwarded, {len(chosen) - hits} without a route"


def one_chunk(lab, frames, expected):
    before, dropped = link_row(lab), drops(lab)
    send_frames(lab, frames)
    def look():
        row = link_row(lab)
        difference = changed(dropped, drops(lab))
        missed = difference.get((LINK, "in", "no-route"), 0)
        # A no-route makes an ICMP error of the edge's own: forwarded as well, or over the budget.
        errors = row["generated"] - before["generated"]
        errors -= difference.get((LINK, "in", "icmp-budget"), 0)
        sent = row["forwarded_in"] - before["forwarded_in"] - errors
        if missed + sent != len(frames):
            return False, f"{missed} without a route and {sent} forwarded of {len(frames)}"
        return missed, sent
    missed, sent = wait_until("a chunk of packets accounted for", look, 20)
    if sent != expected or missed != len(frames) - expected:
        raise LabError(f"of {len(frames)} packets {sent} were forwarded and {missed} had no route; "
                       f"by the table {expected} have one")


def send_frames(lab, frames):
    if not hasattr(lab, "injector"):
        lab.injector = Injector(lab)
    lab.injector.send(frames)


class Injector:
    """One raw socket, made in the edge's namespace."""

    def __init__(self, lab):
        import ctypes
        import socket
        libc = ctypes.CDLL(None, use_errno=True)
        with open("/proc/self/ns/net", "rb") as home, open(lab.edge_space.path, "rb") as there:
            if libc.setns(there.fileno(), 0):
                raise LabError(f"setns: {os.strerror(ctypes.get_errno())}")
            self.wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
            self.wire.bind(("core", 0))
            libc.setns(home.fileno(), 0)

    def send(self, frames):
        for data in frames:
            self.wire.send(data)


def checks():
    yield "the table and its router", build_router
    yield "the table reaches the dataplane, pings go on", table_arrives
    yield "the dataplane's prefixes", prefixes_equal
    for family in (4, 6):
        yield f"IPv{family} look-ups", lambda lab, family=family: lookups(lab, family)


if __name__ == "__main__":
    sys.exit(run_in_lab("i", checks(), extra_vnets=VNET, memory_mb=1024))
