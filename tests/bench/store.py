#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""How long the commands that change what is sold take with 1,000 circuits of two peerings each, of
both families, in the store: the first apply of them all, and then, as an operator waits for them
each day, one circuit's bandwidth, its rollback, an export, and an export applied again.

The real control and command, on a disk; no circuit is provisioned, so that nothing but the store,
the checks and the plan is measured. Goal: 1 s for each but the first apply."""

import os
import re
import sys
import time

from control_kit import LabError, main, report, say

from onramp_lab.edge import Edge
from onramp_lab.rig import Rig
from onramp_lab.shell import wait_until

CIRCUITS = 1000
TIMEOUT_S = 120


def site():
    text = """site: bench
asn: 4200100001
edges:
  - name: edge
    cores: {workers: [1], control: [0], idle: 1ms}
    memory: {size: 512M, hugepages: false}
    ports:
      - {name: cust-a, device: net_null0, role: customer, speed: 100G}
      - {name: cust-b, device: net_null1, role: customer, speed: 100G}
      - {name: core, device: net_null2, role: core, speed: 100G}
port_pairs:
  - {name: shared, model: provider, encapsulation: qinq, primary: edge/cust-a,
     secondary: edge/cust-b}
circuits:
"""
    for n in range(CIRCUITS):
        text += f"""  - name: c{n}
    customer: tenant{n}
    port_pair: shared
    bandwidth: 50M
    s_tag: {n + 1}
    peerings:
      - {{type: private, c_tag: 100, peer_asn: {4200200000 + n},
         link_subnets: [192.0.2.0/29, "2001:db8:1::/125"]}}
      - {{type: public, c_tag: 200, peer_asn: {4200200000 + n},
         link_subnets: [203.0.113.0/29, "2001:db8:2::/125"]}}
"""
    text += """vnets:
  - name: cloud
    core: {port: core, vlan: 10, static: {prefixes: [10.1.0.0/16], link_subnets: [10.255.0.0/30]}}
    connections:
"""
    return text + "".join(f"      - {{circuit: c{n}}}\n" for n in range(CIRCUITS))


class Bench:
    def __init__(self, rig):
        self.rig, self.times = rig, {}
        self.edge = Edge(rig, rig.space("edge", {}), rig.build)

    def path(self, name, text):
        path = os.path.join(self.rig.run_dir, name)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        return path

    def measure(self, metric, *words):
        started, used = time.monotonic(), self.cpu_seconds()
        done = self.edge.command(*words, timeout=TIMEOUT_S)
        self.times[f"{metric}_seconds"] = time.monotonic() - started
        self.times[f"{metric}_cpu_seconds"] = self.cpu_seconds() - used
        say(f"onramp {' '.join(words[:2])}: {self.times[metric + '_seconds']:.2f} s")
        return done.stdout

    def cpu_seconds(self):
        """Of control: what a busy machine does not change."""
        with open(f"/proc/{self.edge.control.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def run(self):
        self.edge.control.start()
        wait_until("control answers", lambda: self.edge.show("status"), 20)
        self.measure("first_apply", "apply", self.path("site.yaml", site()))
        self.measure("set_bandwidth", "circuit", "set-bandwidth", "c500", "1G")
        self.measure("rollback", "rollback", "1")
        exported = self.measure("export", "export")
        self.measure("apply", "apply", self.path("exported.yaml", exported))
        before, own, after = re.split(r"(?s)(name: c500\n.*?name: c501\n)", exported)
        changed = before + own.replace("bandwidth: 50M", "bandwidth: 2G") + after
        self.measure("apply_change", "apply", self.path("changed.yaml", changed))
        self.measure("show", "show", "circuits")
        self.measure("verify", "audit", "verify")
        if self.edge.show("status")["revision"] != 4:
            raise LabError(f"the store is at {self.edge.show('status')['revision']}, not 4")
        return self.times


def bench_all(options):
    results = []
    for number in range(options.runs):
        with Rig(f"st{number}x{os.getpid():x}", options.build, say) as rig:
            results.append(Bench(rig).run())
    for metric in results[0]:
        report(f"store-{CIRCUITS}", metric, [times[metric] for times in results], "s")


if __name__ == "__main__":
    sys.exit(main(bench_all, __doc__, 5))
