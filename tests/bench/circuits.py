#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""How long an edge takes from no circuits to all of them: 100 and 500 circuits with two links each
(200 and 1,000 BGP sessions), each connected to a virtual network of its own, applied in one
document, until every session is Established, every route is in the dataplane's FIB, and every
customer has heard of its virtual network on both links. And what each daemon's memory is then.

The real control, dataplane and FRR; all customers in one BIRD, with one address a session, on a veth
a port, where an eBPF program tags each frame by the circuit that its address belongs to. All
announce the same prefixes, all virtual networks have the same. Goal: 100 circuits in 60 s."""

import ipaddress
import os
import platform
import re
import sys
import time

from control_kit import LabError, main, report, resident_bytes, run, say

from onramp_lab.bird import Bird
from onramp_lab.edge import Edge
from onramp_lab.namespace import HOST_SETTINGS, join
from onramp_lab.rig import Rig
from onramp_lab.shell import wait_until

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "circuits.bpf.c")
SITE_ASN, FIRST_ASN = 4200100001, 4200200000
CUSTOMERS, CORE = ipaddress.IPv4Address("172.16.0.0"), ipaddress.IPv4Address("172.24.0.0")
PREFIXES = [f"10.{n}.0.0/16" for n in range(10)]  # of every customer
VNET_PREFIX = "10.200.0.0/16"
# A link brings its subnet, the edge's own address and the resolved neighbour. Across the connection
# go prefixes and neighbours.
ROUTES_A_CIRCUIT = (2 * 3 + len(PREFIXES) + 1 + 1) + (3 + 1 + len(PREFIXES) + 2)
PORTS = {"cust-a": CUSTOMERS, "cust-b": CUSTOMERS, "core": CORE}  # and the first subnet there
TIMEOUT_S = 600
NEIGHBOURS = 65536  # the limit of all namespaces together
NEIGHBOUR_LIMITS = [f"/proc/sys/net/ipv{family}/neigh/default/gc_thresh{level}"
                    for family in (4, 6) for level in (3, 2, 1)]


def address(circuit, half, side):
    """side 1: the customer's, 2: the edge's."""
    return CUSTOMERS + 8 * circuit + 4 * half + side


def core_router(circuit):
    return CORE + 8 * circuit + 1


def site(circuits):
    ports = "".join(f'      - {{name: {name}, device: "net_tap{n},iface={name},persist=1,'
                    f'mac=02:00:00:00:0{n + 1}:00", speed: 10G, '
                    f'role: {"core" if name == "core" else "customer"}}}\n'
                    for n, name in enumerate(PORTS))
    text = f"""site: bench
asn: {SITE_ASN}
edges:
  - name: edge
    cores: {{workers: [1], control: [0], idle: 50us}}
    memory: {{size: 512M, hugepages: false}}
    ports:
{ports}port_pairs:
  - {{name: shared, model: provider, encapsulation: dot1q, primary: edge/cust-a,
     secondary: edge/cust-b}}
"""
    if circuits:
        text += "circuits:\n"
    for n in range(circuits):
        text += f"""  - name: c{n}
    port_pair: shared
    bandwidth: 50M
    provider_state: provisioned
    peerings:
      - {{type: private, vlan: {n + 1}, peer_asn: {FIRST_ASN + n},
         link_subnets: [{CUSTOMERS + 8 * n}/29]}}
"""
    if circuits:
        text += "vnets:\n"
    for n in range(circuits):
        text += f"""  - name: v{n}
    core: {{port: core, vlan: {n + 1}, static: {{prefixes: [{VNET_PREFIX}],
           gateway: [{core_router(n)}], link_subnets: [{CORE + 8 * n}/30]}}}}
    connections: [{{circuit: c{n}}}]
"""
    return text


def bird_config(circuits):
    lines = ["router id 192.0.2.1;", "protocol device { }", "protocol static { ipv4;"]
    lines += [f"route {prefix} blackhole;" for prefix in PREFIXES] + ["}"]
    for n in range(circuits):
        for half in (0, 1):
            lines.append(
                f"protocol bgp c{n}_{half} {{ local {address(n, half, 1)} as {FIRST_ASN + n}; "
                f"neighbor {address(n, half, 2)} as {SITE_ASN}; strict bind; "
                "connect retry time 2; connect delay time 1; error wait time 1, 2; "
                "ipv4 { import all; export where source = RTS_STATIC; }; }")
    return "\n".join(lines) + "\n"


class NeighbourLimits:
    """They count all namespaces together, and only the machine's own has them."""

    def __enter__(self):
        self.before = {}
        for path in NEIGHBOUR_LIMITS:
            with open(path, "r+", encoding="ascii") as file:
                self.before[path] = int(file.read())
                if self.before[path] < NEIGHBOURS:
                    file.seek(0)
                    file.write(str(NEIGHBOURS))
        return self

    def __exit__(self, *_):
        for path, value in reversed(self.before.items()):
            with open(path, "w", encoding="ascii") as file:
                file.write(str(value))


class Bench:
    def __init__(self, rig, circuits):
        self.rig, self.circuits = rig, circuits
        self.edge_space = rig.space("edge", {"net/ipv6/conf/default/disable_ipv6": 1,
                                             "net/ipv6/conf/all/disable_ipv6": 1})
        self.customers = rig.space("customers", {
            **HOST_SETTINGS, "net/ipv4/conf/all/arp_ignore": 1, "net/ipv4/conf/all/arp_announce": 2,
            "net/ipv4/conf/all/rp_filter": 0, "net/ipv4/conf/default/rp_filter": 0})
        for port in PORTS:
            join(self.customers, port, self.edge_space, f"{port}-wire")
            own = [core_router(n) if port == "core" else address(n, port == "cust-b", 1)
                   for n in range(circuits)]
            self.customers.ip("-batch", "-", stdin="".join(
                f"address add {each}/30 dev {port}\n" for each in own))
        self.edge = Edge(rig, self.edge_space, rig.build)

    def apply(self, circuits):
        path = os.path.join(self.rig.run_dir, f"site-{circuits}.yaml")
        with open(path, "w", encoding="ascii") as file:
            file.write(site(circuits))
        # The document says for the providers that their part is done, as a backup does.
        self.edge.command("apply", "--take-ownership", path, timeout=TIMEOUT_S)

    def start(self):
        self.edge.start()
        self.apply(0)
        for port in PORTS:
            wait_until(f"the dataplane's {port}",
                       lambda port=port: self.edge_space.has_link(port), 20)
            self.tag(port)
        self.edge.wait_synced()
        self.bird = Bird(self.rig, "customers", self.customers, bird_config(self.circuits)).start()

    def tag(self, port):
        program = os.path.join(self.rig.run_dir, f"{port}.o")
        wire = f"{port}-wire"
        values = {"FIRST_SUBNET": f"{int(PORTS[port])}u",
                  "PORT_IFINDEX": self.edge_space.ifindex(port),
                  "CUSTOMER_IFINDEX": self.edge_space.ifindex(wire)}
        run(["clang", "-O2", "-g", "-Wall", "-Werror", "-target", "bpf",
             f"-I/usr/include/{platform.machine()}-linux-gnu",
             *(f"-D{name}={value}" for name, value in values.items()),
             "-c", SOURCE, "-o", program])
        for device, section in ((wire, "customer"), (port, "port")):
            self.edge_space.run("tc", "qdisc", "replace", "dev", device, "clsact")
            self.edge_space.run("tc", "filter", "replace", "dev", device, "ingress", "prio", "1",
                                "handle", "1", "protocol", "all", "bpf", "direct-action",
                                "object-file", program, "section", section)

    def established(self):
        return len(re.findall(r"\bEstablished\b", self.bird.command("show", "protocols")))

    def look(self):
        """Sessions first: it costs a fraction of asking control."""
        sessions = self.established()
        if sessions != 2 * self.circuits:
            return False, f"{sessions} of {2 * self.circuits} sessions are Established"
        rows = {row["name"]: row["used"] for row in self.edge.show("memory")}
        if rows["routes"] != ROUTES_A_CIRCUIT * self.circuits:
            return False, (f"{rows['routes']} routes in the dataplane, "
                           f"{ROUTES_A_CIRCUIT * self.circuits} are right")
        heard = self.heard()
        return heard == 2 * self.circuits or (False, f"customers heard {heard} announcements")

    def heard(self):
        """Of the virtual networks, by all sessions together."""
        return len(re.findall(r"\[AS\d+[ie?]\]", self.bird.command("show", "route", VNET_PREFIX)))

    def measure(self):
        started = time.monotonic()
        self.apply(self.circuits)
        say(f"{self.circuits} circuits: applied after {time.monotonic() - started:.1f} s")
        wait_until("all sessions", lambda: self.established() == 2 * self.circuits or
                   (False, f"{self.established()} sessions"), TIMEOUT_S, 0.2)
        say(f"{self.circuits} circuits: all Established after {time.monotonic() - started:.1f} s")
        wait_until("all sessions and routes", self.look, TIMEOUT_S, 0.2)
        return time.monotonic() - started

    def require_sessions(self):
        """FRR's view is the same, by the operator's command."""
        rows = self.edge.show("bgp", timeout=TIMEOUT_S)
        up = sum(row["state"] == "Established" for row in rows)
        if up != 2 * self.circuits or len(rows) != 2 * self.circuits:
            raise LabError(f"`onramp show bgp`: {up} of {len(rows)} sessions are Established, "
                           f"{2 * self.circuits} are right")


def run_case(options, circuits):
    """(seconds, {daemon: bytes})"""
    with Rig(f"c{circuits}x{os.getpid():x}", options.build, say) as rig:
        bench = Bench(rig, circuits)
        bench.start()
        seconds = bench.measure()
        bench.require_sessions()
        say(f"{circuits} circuits: {seconds:.1f} s")
        return seconds, {process.name.removeprefix("edge-"): resident_bytes(process.pid)
                         for process in bench.edge.processes()}


def bench_all(options):
    with NeighbourLimits():
        for circuits in ((100,) if options.quick else (100, 500)):
            results = [run_case(options, circuits) for _ in range(options.runs)]
            case = f"circuits-{circuits}"
            report(case, "seconds", [seconds for seconds, _ in results], "s")
            for daemon in results[0][1]:
                report(case, f"bytes_{daemon}", [sizes[daemon] for _, sizes in results], "B")


if __name__ == "__main__":
    sys.exit(main(bench_all, __doc__, 3))
