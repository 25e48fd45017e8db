# SPDX-License-Identifier: BSD-3-Clause
"""Planned drains in the lab, with a customer that runs FRR and one that runs BIRD: packets lost."""

import os

from onramp_lab.checks_drain import out_and_back
from onramp_lab.checks_reach import route_checks, session_checks
from onramp_lab.streams import open_ways
from onramp_lab.topology import CONTOSO, FABRIKAM, Lab

from . import build
from .results import Row

CUSTOMERS = {"drain-frr": CONTOSO, "drain-bird": FABRIKAM}


def run(bench, names, count):
    # A lab's processes are no helpers of this one: they may use all CPUs.
    mine = os.sched_getaffinity(0)
    os.sched_setaffinity(0, bench.cpus)
    try:
        with Lab(f"bd{os.getpid():x}", build.DIRECTORY, say=bench.say) as lab:
            lab.start()
            for _, check in [*session_checks(), *route_checks(), ("", open_ways)]:
                check(lab)
            for name in names:
                bench.add([drains(bench, lab, name, count)])
    finally:
        os.sched_setaffinity(0, mine)


def drains(bench, lab, name, count):
    """Of all streams of a drain and its end: packets lost."""
    lost = []
    for turn in range(count):
        results = [result for _, result in out_and_back(lab, CUSTOMERS[name], turn % 2)]
        lost.append(sum(result["lost"] for result in results))
        bench.say(f"{name}: {lost[-1]} of {sum(result['sent'] for result in results)} packets lost")
    return Row.spread("failover", name, "lost_packets", "", lost)
