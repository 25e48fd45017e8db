# SPDX-License-Identifier: BSD-3-Clause
"""Two workers beside one. On a machine of two CPUs the second worker shares its CPU with the
dataplane's main thread and with this process; both sleep while it is measured, workers have the
best priority, and what share of its CPU each worker had is part of the result."""

import glob
import os

from . import forwarding
from .cases import BY_NAME
from .results import Row

CASE = "v4-vlan-64r-1k"
# Rounds, and seconds of a turn: reading the counters takes CPU time of the second worker.
EFFORT = {True: (5, 1.0), False: (9, 1.5)}
WORKER_THREADS = "rte-worker-"  # EAL names them


def worker_threads(pid):
    found = []
    for path in glob.glob(f"/proc/{pid}/task/*/comm"):
        with open(path, encoding="ascii") as file:
            if file.read().startswith(WORKER_THREADS):
                found.append(int(path.split("/")[4]))
    return sorted(found)


def prefer(pid):
    for thread in worker_threads(pid):
        os.setpriority(os.PRIO_PROCESS, thread, -20)


def cpu_seconds(pid):
    """Of each worker thread."""
    found = {}
    for thread in worker_threads(pid):
        with open(f"/proc/{pid}/task/{thread}/schedstat", encoding="ascii") as file:
            found[thread] = int(file.read().split()[0]) / 1e9
    return found


class Watched:
    """Adds to a dataplane's turns what share of its CPU each worker had."""

    def __init__(self, dataplane):
        self.pid = dataplane.process.pid
        self.reading, self.facts = dataplane.reading, dataplane.facts
        prefer(self.pid)
        dataplane.reading, dataplane.facts = self.read, self.shares

    def read(self):
        when, packets, sample = self.reading()
        return when, packets, {**sample, "cpu": cpu_seconds(self.pid)}

    def shares(self, before, after):
        seconds = after[0] - before[0]
        shares = [(used - before[2]["cpu"][thread]) / seconds
                  for thread, used in after[2]["cpu"].items()]
        return {**self.facts(before, after), "cpu_share_min": min(shares)}


def run(bench, options):
    one = two = None
    workers = [bench.worker_cpu, bench.control_cpu]
    try:
        one = forwarding.Group(bench, BY_NAME[CASE], peers=False)
        two = forwarding.Group(bench, BY_NAME[CASE], peers=False, workers=workers, name="two")
        for group in (one, two):
            Watched(group.members[0])
        turns = forwarding.measure([one, two], *EFFORT[options.quick])
    finally:
        for group in filter(None, (one, two)):
            group.stop()
    mine, base = turns["two", "onramp"], turns[CASE, "onramp"]
    shares = [turn.facts["cpu_share_min"] for turn in mine]
    bench.add([Row("scaling", "one-worker", "mpps_onramp", "Mpps", [turn.mpps for turn in base]),
               Row("scaling", "two-workers", "mpps_onramp", "Mpps", [turn.mpps for turn in mine]),
               Row("scaling", "two-workers", "cpu_share", "", shares,
                   note="of the CPU of the worker that had less"),
               Row("scaling", "two-workers", "ratio", "", forwarding.ratios(mine, base))])
