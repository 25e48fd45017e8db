# SPDX-License-Identifier: BSD-3-Clause
"""How exact policers are, and what they cost.

In real time: one worker on a pcap device that never runs dry, with each rate that is sold as long
as the worker forwards a good part more without it; the policer where packets come in (`in`), and
where they leave (`out`). What no device here carries is measured on a simulated clock
(tests/bench/policer.c): its cases end in `-simulated`.

The cost is what a packet takes more cycles with policers than without, in one interleaved run:
`cost` with one policer, as a packet between a customer and a virtual network meets; `cost-two`
with two.

`noisy-neighbour`: see neighbours.py."""

import subprocess
import time
from dataclasses import replace

from onramp_lab.shell import LabError

from . import build, external, forwarding, neighbours, policer_plot
from .cases import BASE, BY_NAME
from .results import Row
from .scaling import prefer

SKUS_MBPS = (50, 100, 200, 500, 1000, 2000, 5000, 10_000, 40_000, 100_000, 200_000, 400_000)
SIZES = ("64", "594", "1500")
NO_LIMIT_MBPS = 1_000_000
# What a worker forwards without a limit is this much more than the rate, or the rate is not
# measured: the credit of a moment in which the machine has no time for it must be used later.
MARGIN = 1.5
SETTLE_S = 0.2  # a burst is used up
IN_ID, OUT_ID = 1, 2  # as site.py numbers them
DROPS = {"in": "policer-in", "out": "policer-out"}
COSTS = {"cost": BASE.name, "cost-two": "v4-vlan-64r-1k-two-policers"}
FREE = "v4-vlan-64r-1k-no-policer"


def effort(options):
    """Runs of each figure, and seconds of each."""
    return (3, 0.4) if options.quick else (5, 1.0)


def name_of(mbps):
    return f"{mbps // 1000}G" if mbps >= 1000 else f"{mbps}M"


def bits(before, after):
    """Bits of layer 2 per second that left between two readings."""
    return (after[2]["tx_bytes"] - before[2]["tx_bytes"]) * 8 / (after[0] - before[0])


def watch(dataplane, seconds):
    before = dataplane.reading()
    time.sleep(seconds)
    after = dataplane.reading()
    dataplane.check(before, after)
    return before, after


def limit(dataplane, in_mbps, out_mbps):
    dataplane.say([f"policer {IN_ID} {in_mbps}", f"policer {OUT_ID} {out_mbps}"])
    dataplane.ask("settle")
    time.sleep(SETTLE_S)


def error_pct(dataplane, direction, mbps, seconds):
    before, after = watch(dataplane, seconds)
    drops = [reading[2]["drops"].get(DROPS[direction], 0) for reading in (before, after)]
    if drops[0] == drops[1]:
        raise LabError(f"{name_of(mbps)} {direction}: nothing was offered beyond the rate")
    return abs(bits(before, after) / (mbps * 1e6) - 1) * 100


def exact_rows(dataplane, size, options):
    """Of one packet size. The rates that the worker does not carry are missing."""
    runs, seconds = effort(options)
    limit(dataplane, NO_LIMIT_MBPS, NO_LIMIT_MBPS)
    free = bits(*watch(dataplane, seconds))
    for mbps in SKUS_MBPS:
        if mbps * 1e6 * MARGIN > free:
            break
        for direction in DROPS:
            limits = (mbps, NO_LIMIT_MBPS) if direction == "in" else (NO_LIMIT_MBPS, mbps)
            limit(dataplane, *limits)
            errors = [error_pct(dataplane, direction, mbps, seconds) for _ in range(runs)]
            yield mbps, Row("policer", f"{name_of(mbps)}-{size}-{direction}", "error_pct", "%",
                            errors, note=f"real time; {free / 1e9:.1f} Gbit/s without a limit")


def real_time(bench, options):
    """The (rate, size) pairs that were measured."""
    carried = set()
    for size in SIZES:
        case = replace(BY_NAME["v4-vlan-64r-1k-two-policers"], name=f"policer-{size}", size=size)
        group = forwarding.Group(bench, case, peers=False)
        dataplane = group.members[0]
        dataplane.may_drop = tuple(DROPS.values())
        try:
            dataplane.resume()
            prefer(dataplane.process.pid)
            for mbps, row in exact_rows(dataplane, size, options):
                carried.add((name_of(mbps), size))
                bench.add([row])
        finally:
            group.stop()
    return carried


def simulated(bench, carried):
    """All sizes of all rates, but what was measured in real time."""
    done = subprocess.run([build.path("tests/bench/bench-policer")], text=True, check=False,
                          stdout=subprocess.PIPE)
    if done.returncode:
        raise LabError(f"bench-policer: exit status {done.returncode}")
    for line in done.stdout.splitlines():
        row = external.parse(line)
        rate, size, _ = row.case.split("-")
        if (rate, {"1518": "1500"}.get(size, size)) not in carried:
            row.note = "simulated clock; 1 to 16 workers"
            bench.add([row])


def cost(bench, options):
    groups = []
    try:
        for name in (FREE, *COSTS.values()):
            groups.append(forwarding.Group(bench, BY_NAME[name], peers=False))
        turns = forwarding.measure(groups, *forwarding.effort(options))
    finally:
        for group in groups:
            group.stop()
    free = turns[FREE, "onramp"]
    for case, name in COSTS.items():
        extra = [with_one.facts["cycles"] - without.facts["cycles"]
                 for with_one, without in zip(turns[name, "onramp"], free)]
        bench.add([Row("policer", case, "cycles", "cycles", extra,
                       note=f"than {FREE}, which takes from a slot that never runs dry")])


def run(bench, options):
    simulated(bench, real_time(bench, options))
    cost(bench, options)
    neighbours.run_bench(bench, options)
    bench.plot("policer-error.svg", policer_plot.errors(bench.rows))
