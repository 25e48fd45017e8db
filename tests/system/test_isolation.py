# SPDX-License-Identifier: BSD-3-Clause
"""64 domains with the same addresses, 32 circuits and a network for each: probes from every domain
to every address there is, in both families, come out where they should and nowhere else, also
while half of the domains end and come again, under other ids."""

import os
import re
import sys

from support import LabError, run_in_lab

# pylint: disable=wrong-import-position
from onramp_lab import crossing
from onramp_lab.checks_failure import owner
from onramp_lab.checks_ledger import account, imbalance
from onramp_lab.process import Process
from onramp_lab.shell import wait_until

PAIRS = 32
PROGRAM = os.path.abspath(crossing.__file__)
ROUND = re.compile(r"^round (\d+): (\d+) probes, (\d+) of (\d+) came, (\d+) leaks$", re.MULTILINE)
EVEN, ODD = range(0, PAIRS, 2), range(1, PAIRS, 2)
TIMEOUT_S = 120


def apply_without(lab, gone):
    """The lab's site and all pairs but these: circuits disabled, networks deleted."""
    with open(lab.yaml, encoding="utf-8") as file:
        head, tail = file.read().split("vnets:\n")
    path = os.path.join(lab.run_dir, "crossing.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(head + crossing.circuits_yaml(PAIRS, gone) + "vnets:\n" + tail
                   + crossing.vnets_yaml(PAIRS, gone))
    lab.edge.apply(path, "--prune")


def await_domains(lab, count):
    def look():
        there = sum(".cross-" in name for name in lab.edge.domains())
        return there == count or (False, f"{there} domains")
    wait_until(f"{count} domains", look, TIMEOUT_S)
    lab.edge.wait_synced(TIMEOUT_S)


def rounds(lab):
    return [tuple(map(int, found)) for found in ROUND.findall(lab.crossing.output())]


def no_leak(lab):
    found = re.findall(r"^LEAK.*$", lab.crossing.output(), re.MULTILINE)
    if found:
        raise LabError(f"{len(found)} leaks: {found[:5]}")


def whole_round(lab, gone=()):
    """One that begins from now on, in which all came that should, of the pairs that are there."""
    before = len(rounds(lab))
    def look():
        lab.crossing.require_alive()
        no_leak(lab)
        done = rounds(lab)[before + 1:]
        whole = [row for row in done if row[2] * PAIRS == row[3] * (PAIRS - len(gone))]
        return whole or (False, f"rounds since: {done[-3:]}")
    _, probes, came, _, _ = wait_until("a round in which all came", look, TIMEOUT_S)[0]
    return f"{probes} probes, the right {came} came, 0 leaks"


def create(lab):
    apply_without(lab, ())
    lab.edge.provision()
    await_domains(lab, 2 * PAIRS)
    macs = {row["name"]: row["mac"] for row in lab.edge.show("ports")}
    lab.crossing = Process(lab, "crossing", ["/usr/bin/python3", PROGRAM, str(PAIRS), "cust-a",
                                             macs["cust-a"], "core", macs["core"]],
                           netns=lab.edge_space.path)
    lab.crossing.start()
    return whole_round(lab)


def change(lab):
    """The even ones end; they come again while the odd ones end; then all are there."""
    first = len(rounds(lab))
    for gone in (EVEN, ODD, ()):
        apply_without(lab, gone)
        await_domains(lab, 2 * (PAIRS - len(gone)))
        text = whole_round(lab, gone)
    return f"{len(rounds(lab)) - first} rounds, at last {text}"


def end(lab):
    lab.crossing.stop()
    no_leak(lab)
    # Of domains that ended the accounts are gone, and with them one end of what was forwarded.
    def look():
        wrong = {owner(row): imbalance(row) for row in account(lab.edge) if any(imbalance(row))}
        return not wrong or (False, f"(in, out) differ by {wrong}")
    wait_until("balanced accounts", look, TIMEOUT_S)
    return f"{len(account(lab.edge))} interfaces and ports, difference 0"


CHECKS = [("64 domains with the same addresses: the full matrix", create),
          ("half of them end and come again, then the others", change),
          ("every packet is accounted for", end)]

if __name__ == "__main__":
    sys.exit(run_in_lab("iso", CHECKS))
