# SPDX-License-Identifier: BSD-3-Clause
"""What a failure of a link costs: how long until the dataplane knows, until its traffic has moved,
and how many packets are lost meanwhile; whether BFD stays up when nothing is wrong; and what a
planned drain costs."""

import glob
import random
import statistics
import time
from dataclasses import dataclass

from onramp_lab.shell import LabError, wait_until

from . import failover_drain, failover_plot
from .failover_edge import Case, Edge
from .results import Row

PPS = 1_000_000
BFD_CAUSE, CARRIER_CAUSE = 1, 2  # enum api_path_down
CAUSES = {"cut": BFD_CAUSE, "mute": BFD_CAUSE, "dark": CARRIER_CAUSE}
STILL_S = 0.02   # with traffic moved, and again with traffic back on the link
CALM_S = 3       # until poll sequences are over and timers are as agreed on
RESOLUTION_US = 1  # of the dataplane's own time-stamp
RETURN_MS = 1    # a loss that much after the move is one of the link's return

FAILURES = [
    Case("silent-50ms-1k"),
    Case("silent-50ms-900k", routes=900_000),
    Case("silent-10ms-1k", interval_ms=10),
    Case("silent-300ms-1k", interval_ms=300),
    Case("carrier-1k", event="dark"),
    Case("daemon-kill-1k", event="mute"),
    Case("admin-down-1k", event="admin_down"),
]
SATURATED = Case("saturated-256", sessions=256)
MANY = Case("sessions-4000", interval_ms=300, sessions=4000)
DRAINS = ("drain-frr", "drain-bird")
NAMES = [*(case.name for case in FAILURES), SATURATED.name, MANY.name, *DRAINS]


@dataclass
class Effort:
    """What is run: failures of each kind, seconds saturated and with many sessions, drains."""
    failures: int
    saturated_s: int
    many_s: int
    drains: int


QUICK, FULL = Effort(10, 30, 10, 1), Effort(100, 600, 60, 5)


@dataclass
class Failure:
    moved_ms: float    # from the event to the last packet that was given to the link
    detect_ms: float   # from the event until the path was known to be down
    switch_us: float   # from then on to that last packet; 0: there was none after
    losses_ms: list    # when packets arrived that were lost, counted from the event
    reordered: int     # packets that a later one of their flow overtook
    missed: int        # arrivals that the worker did not fetch in time
    false_downs: int   # times that the other link, which was whole, was taken for dead
    pause_ms: float    # the longest that the peers were silent, because nobody ran them

    @property
    def lost(self):
        return len(self.losses_ms) - self.return_lost

    @property
    def return_lost(self):
        return sum(loss > self.moved_ms + RETURN_MS for loss in self.losses_ms)


def fail(edge, chance):
    """The first link fails, traffic moves, the link returns, traffic returns."""
    case, links = edge.case, edge.links
    edge.settle()
    links.begin(PPS)
    before, other = edge.path(0), edge.path(1)["changes"]
    time.sleep(STILL_S + chance.random() * case.interval_ms / 1000)
    event_ns = links.happen(case.event, 0)
    if case.event in CAUSES:
        cause = CAUSES[case.event]
        wait_until(f"{case.name}: the path is down", lambda: edge.path(0)["down"] & cause,
                   3 * case.detection_s + 2, 0.002)
        time.sleep(STILL_S)
        known_ns, moved_ns = edge.path(0)["changed_us"] * 1000, links.last_sent_ns(0)
    else:
        time.sleep(2 * case.detection_s)
        if edge.path(0) != before:
            raise LabError(f"{case.name}: traffic moved off a link that is whole: {edge.path(0)}")
        known_ns = moved_ns = event_ns
    links.calm()
    edge.settle()
    time.sleep(STILL_S)
    links.stop()
    if links["repeated"]:
        raise LabError(f"{case.name}: {links['repeated']} packets left twice")
    return Failure(max(0, moved_ns - event_ns) / 1e6, (known_ns - event_ns) / 1e6,
                   max(0, moved_ns - known_ns) / 1e3,
                   [(loss - event_ns) / 1e6 for loss in links.losses_ns()], links["reordered"],
                   links["missed"], (edge.path(1)["changes"] - other + 1) // 2,
                   links["peers_pause_us"] / 1000)


def rows_of(case, failures):
    def row(metric, unit, values):
        return Row.spread("failover", case.name, metric, unit, values)
    if case.event in CAUSES:
        yield row("detect_ms", "ms", [failure.detect_ms for failure in failures])
        yield row("switch_us", "us", [failure.switch_us for failure in failures])
        yield row("moved_ms", "ms", [failure.moved_ms for failure in failures])
    yield row("lost_packets", "", [failure.lost for failure in failures])
    yield row("return_lost_packets", "", [failure.return_lost for failure in failures])
    yield row("reordered_packets", "", [failure.reordered for failure in failures])
    yield row("false_downs", "", [failure.false_downs for failure in failures])


def run_failures(bench, cases, count):
    """{case: [Failure]}"""
    found, chance = {}, random.Random(7)
    for case in cases:
        bench.say(f"{case.name}: {count} times")
        edge = Edge(bench, case)
        try:
            found[case] = [fail(edge, chance) for _ in range(count)]
        finally:
            edge.stop()
        missed = sum(failure.missed for failure in found[case])
        if missed:
            bench.say(f"{case.name}: the worker missed {missed} arrivals: the machine is busy")
        pauses = [failure.pause_ms for failure in found[case] if failure.false_downs]
        if pauses:
            bench.say(f"{case.name}: the other link was taken for dead {len(pauses)} times: the "
                      f"machine had not run the peers for {min(pauses):.0f} ms and more")
        bench.add(rows_of(case, found[case]))
    return found


def add_ratio(bench, found):
    """Does the number of routes matter? What is below the resolution is as good as that."""
    medians = {case.name: max(RESOLUTION_US, statistics.median(failure.switch_us
                                                               for failure in failures))
               for case, failures in found.items()}
    small, large = medians.get("silent-50ms-1k"), medians.get("silent-50ms-900k")
    if small and large:
        bench.add([Row("failover", "silent-50ms-900k", "ratio", "", [large / small])])


# ---- nothing fails ----

def thread_seconds(pid, name):
    """CPU time of a process's thread."""
    for path in glob.glob(f"/proc/{pid}/task/*/comm"):
        with open(path, encoding="ascii") as file:
            if file.read().strip() == name:
                with open(path.replace("comm", "schedstat"), encoding="ascii") as times:
                    return int(times.read().split()[0]) / 1e9
    raise LabError(f"process {pid} has no thread {name}")


def watch(edge, seconds):
    """Each second: share of a CPU of the bfd thread, of the peers."""
    pid, links = edge.dataplane.process.pid, edge.links
    shares, when = [], time.monotonic()
    before = (when, thread_seconds(pid, "bfd"), links["peers_cpu_ns"])
    for second in range(1, seconds + 1):
        time.sleep(max(0, when + second - time.monotonic()))
        now = (time.monotonic(), thread_seconds(pid, "bfd"), links["peers_cpu_ns"])
        passed = now[0] - before[0]
        shares.append((100 * (now[1] - before[1]) / passed,
                       (now[2] - before[2]) / passed / 1e7))
        before = now
    return shares


def steady(bench, case, pps, seconds):
    """All sessions stay up while packets come as fast as they can, or none come."""
    bench.say(f"{case.name}: {seconds} s")
    edge = Edge(bench, case)
    try:
        time.sleep(CALM_S)
        flaps, lost, sent = edge.flaps(), edge.lost(), edge.dataplane.reading()
        edge.links.begin(pps)
        shares = watch(edge, seconds)
        after = edge.dataplane.reading()
        edge.links.stop()
        counts, (least, most) = edge.links.intervals()
        values = [percent for percent, count in counts.items() for _ in range(count)]
        def row(metric, unit, values):
            return Row.spread("failover", case.name, metric, unit, values)
        bench.add([
            row("false_downs", "", [edge.flaps() - flaps]),
            row("tx_interval_pct", "%", [least, *values, most]),
            row("core_pct", "%", [mine for mine, _ in shares]),
            row("peers_core_pct", "%", [theirs for _, theirs in shares]),
            row("lost_bfd_packets", "", [edge.lost() - lost]),
            Row("failover", case.name, "mpps_onramp", "Mpps",
                [(after[1] - sent[1]) / (after[0] - sent[0]) / 1e6])])
    finally:
        edge.stop()


def run(bench, options):
    effort = QUICK if options.quick else FULL
    wanted = options.case or NAMES
    unknown = [name for name in wanted if name not in NAMES]
    if unknown:
        raise LabError(f"no case {unknown[0]}; there are {', '.join(NAMES)}")
    found = run_failures(bench, [case for case in FAILURES if case.name in wanted],
                         effort.failures)
    add_ratio(bench, found)
    if found:
        bench.plot("loss-over-time.svg", failover_plot.losses(found, PPS))
    if SATURATED.name in wanted:
        steady(bench, SATURATED, 0, effort.saturated_s)
    if MANY.name in wanted:
        steady(bench, MANY, PPS, effort.many_s)
    drains = [name for name in DRAINS if name in wanted]
    if drains:
        failover_drain.run(bench, drains, effort.drains)
