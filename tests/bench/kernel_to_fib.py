#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""How long a full Internet table, IPv4 and IPv6, takes from the kernel of one routing domain to the
dataplane's FIB, with the real dataplane and the real control process.

  kernel-to-fib       both start, the kernel has the table: from the beginning of the kernel's dump
                      to the acknowledged end of the snapshot, when every route is in the FIB
  control-restart     control was killed (kill -9): from its start to that moment
  dataplane-restart   the dataplane was killed: from its start (EAL's included) to that moment

Goals: 3 s, 5 s. No FRR: the routes are put into the kernel marked as BGP's."""

import os
import sys
import time

from control_kit import LabError, main, report, resident_bytes, run, say, timed

from onramp_lab.edge import Edge
from onramp_lab.internet import load_lines
from onramp_lab.rig import Rig
from onramp_lab.shell import wait_until

DOMAIN, LINK = "vnet.internet", "core"
GATEWAYS = {4: "10.255.2.1", 6: "fd00:ff:c::1"}
SITE = """\
site: bench
asn: 4200100001
edges:
  - name: edge
    cores: {workers: [1], control: [0], idle: 1ms}
    memory: {size: 512M, hugepages: false}
    ports:
      - {name: core, device: "net_null0,no-rx=1", role: core, speed: 10G}
vnets:
  - name: internet
    core: {port: core, vlan: 30, bgp: {peer_asn: 4200100003,
           link_subnets: [10.255.2.0/30, "fd00:ff:c::/126"]}}
"""
PUT_ROUTES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "put_routes.py")
TIMEOUT_S = 120
READING = r"^info kernel: reading "
SYNCHRONISED = r"^info dataplane: synchronised: "


class Bench:
    def __init__(self, rig):
        self.rig = rig
        self.edge = Edge(rig, rig.space("edge", {}), rig.build)
        self.dataplane = self.edge.dataplane = timed(self.edge.dataplane)
        self.control = self.edge.control = timed(self.edge.control)

    def prepare(self):
        """The site is applied, the kernel has the table."""
        path = os.path.join(self.rig.run_dir, "site.yaml")
        with open(path, "w", encoding="ascii") as file:
            file.write(SITE)
        self.dataplane.start()
        self.control.start()
        wait_until("control answers", lambda: self.edge.show("status"), 20)
        self.edge.apply(path)
        self.control.when(SYNCHRONISED, TIMEOUT_S)
        tables, source = load_lines()
        self.expected = self.routes() + sum(len(rows) for rows in tables.values())
        say(f"{source}: {len(tables[4])} IPv4 and {len(tables[6])} IPv6 prefixes")
        self.fill(tables)

    def fill(self, tables):
        started = time.monotonic()
        for family, rows in tables.items():
            run([sys.executable, PUT_ROUTES, LINK, GATEWAYS[family]], stdin="\n".join(rows),
                netns=self.edge.domain_path(DOMAIN), timeout=TIMEOUT_S)
        say(f"in the kernel after {time.monotonic() - started:.1f} s")
        wait_until("the table in the dataplane", self.complete, TIMEOUT_S, 0.5)
        say(f"in the dataplane after {time.monotonic() - started:.1f} s")

    def routes(self):
        row = next(row for row in self.edge.show("memory") if row["name"] == f"vrf {DOMAIN}")
        return row["used"]

    def complete(self):
        present = self.routes()
        return present == self.expected or (False, f"{present} of {self.expected} routes")

    def require_complete(self, case):
        if self.routes() != self.expected:
            raise LabError(f"{case}: {self.routes()} routes in the dataplane, {self.expected} are "
                           "right")

    def kernel_to_fib(self):
        self.control.kill()
        self.dataplane.kill()
        self.dataplane.start()
        self.control.start()
        end = self.control.when(SYNCHRONISED, TIMEOUT_S)
        return end - self.control.when(READING, 0)

    def control_restart(self):
        self.control.kill()
        self.control.start()
        return self.control.when(SYNCHRONISED, TIMEOUT_S) - self.control.started

    def dataplane_restart(self):
        self.dataplane.kill()
        self.dataplane.start()
        after = self.dataplane.started
        return self.control.when(SYNCHRONISED, TIMEOUT_S, after) - after


def bench(options):
    with Rig(f"ktf{os.getpid():x}", options.build, say) as rig:
        bench_ = Bench(rig)
        bench_.prepare()
        cases = {"kernel-to-fib": bench_.kernel_to_fib, "control-restart": bench_.control_restart,
                 "dataplane-restart": bench_.dataplane_restart}
        seconds = {case: [] for case in cases}
        for _ in range(options.runs):
            for case, function in cases.items():
                seconds[case].append(function())
                say(f"{case}: {seconds[case][-1]:.3f} s")
                bench_.require_complete(case)
        for case, values in seconds.items():
            report(case, "seconds", values, "s")
        for process in (bench_.dataplane, bench_.control):
            report("kernel-to-fib", f"bytes_{process.name}", [resident_bytes(process.pid)], "B")


if __name__ == "__main__":
    sys.exit(main(bench, __doc__, 5))
