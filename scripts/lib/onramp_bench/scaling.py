# SPDX-License-Identifier: BSD-3-Clause
"""Two workers beside one: each with a queue of its own, and with half of each queue's packets handed
to the other by software. On a machine of two CPUs the second worker shares its CPU with the
dataplane's main thread and with this process; both sleep while it is measured, workers have the
best priority, and what share of its CPU each worker had is part of the result."""

import glob
import os

from . import forwarding
from .cases import BY_NAME
from .results import Row
from .site import RSS_HARDWARE, RSS_SOFTWARE

CASE = "v4-vlan-64r-1k"
EXCHANGE_FULL = "exchange-full"
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
        return {**self.facts(before, after), "cpu_share_min": min(shares),
                "lost": lost(before[2], after[2])}


def lost(before, after):
    """Share of what was received that the other worker did not take. Receiving never ends here, so
    that workers that are not equally fast must lose some."""
    dropped = after["drops"].get(EXCHANGE_FULL, 0) - before["drops"].get(EXCHANGE_FULL, 0)
    return dropped / (after["rx"] - before["rx"])


def groups_of(bench):
    workers, case = [bench.worker_cpu, bench.control_cpu], BY_NAME[CASE]
    yield forwarding.Group(bench, case, peers=False, name="one-worker")
    yield forwarding.Group(bench, case, peers=False, workers=workers, name="two-workers",
                           rss=RSS_HARDWARE)
    software = forwarding.Group(bench, case, peers=False, workers=workers,
                                name="two-workers-software-hash", rss=RSS_SOFTWARE)
    software.members[0].may_drop = (EXCHANGE_FULL,)
    yield software


def rows_of(name, mine, base):
    def fact(key):
        return [turn.facts[key] for turn in mine]

    rows = [Row("scaling", name, "mpps_onramp", "Mpps", [turn.mpps for turn in mine])]
    if mine is base:
        return rows
    rows.append(Row("scaling", name, "ratio", "", forwarding.ratios(mine, base)))
    rows.append(Row("scaling", name, "cpu_share", "", fact("cpu_share_min"),
                    note="of the worker that had less of its CPU"))
    return [*rows, Row("scaling", name, "lost", "", fact("lost"))]


def run(bench, options):
    groups = []
    try:
        for group in groups_of(bench):
            Watched(group.members[0])
            groups.append(group)
        turns = forwarding.measure(groups, *EFFORT[options.quick])
    finally:
        for group in groups:
            group.stop()
    base = turns["one-worker", "onramp"]
    for group in groups:
        bench.add(rows_of(group.name, turns[group.name, "onramp"], base))
