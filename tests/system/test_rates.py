# SPDX-License-Identifier: BSD-3-Clause
"""Each bandwidth that is sold, as far as a worker of this machine carries it, is what passes, within
1 %, where packets come in and where they leave. What no machine here carries runs on a simulated
clock (tests/unit/dataplane/policer_skus)."""

import os
import sys
from dataclasses import replace
from statistics import median

from support import BUILD, LabError

# pylint: disable=wrong-import-position
from onramp_bench import build, policer
from onramp_bench.bench import Bench
from onramp_bench.cases import BY_NAME
from onramp_bench.forwarding import Group
from onramp_bench.scaling import prefer
from onramp_lab.checks import Check, Report

SECONDS = 0.4
# The machine may take the worker's CPU for longer than a burst lasts, in one run and the next; a
# policer that is wrong is wrong in all of them.
ATTEMPTS = 15
ERROR_MAX_PCT = 1.0


def error(dataplane, direction, mbps):
    """The median of as many runs as it takes to be right, or of all."""
    rates = (mbps, policer.NO_LIMIT_MBPS)
    policer.limit(dataplane, *(rates if direction == "in" else rates[::-1]))
    errors = []
    while len(errors) < ATTEMPTS:
        errors.append(policer.error_pct(dataplane, direction, mbps, SECONDS))
        if median(errors) <= ERROR_MAX_PCT:
            return median(errors)
    raise LabError(f"{policer.name_of(mbps)} {direction}: wrong by {median(errors):.2f} %, the "
                   f"median of {len(errors)} runs: {[round(each, 2) for each in errors]}")


def sold(dataplane):
    """What of it the worker carries with a margin."""
    policer.limit(dataplane, policer.NO_LIMIT_MBPS, policer.NO_LIMIT_MBPS)
    free = policer.bits(*policer.watch(dataplane, SECONDS))
    return [mbps for mbps in policer.SKUS_MBPS if mbps * 1e6 * policer.MARGIN <= free]


def all_of_size(bench, size):
    case = replace(BY_NAME["v4-vlan-64r-1k-two-policers"], name=f"rates-{size}", size=size)
    group = Group(bench, case, peers=False)
    dataplane = group.members[0]
    dataplane.may_drop = tuple(policer.DROPS.values())
    try:
        dataplane.resume()
        prefer(dataplane.process.pid)
        rates = sold(dataplane)
        if len(rates) < 3:
            raise LabError(f"the worker carries {rates} Mbit/s of {size} bytes only")
        errors = {f"{policer.name_of(mbps)} {direction}": error(dataplane, direction, mbps)
                  for mbps in rates for direction in policer.DROPS}
    finally:
        group.stop()
    worst = max(errors, key=errors.get)
    return (f"{len(errors)} cases to {policer.name_of(rates[-1])} within {errors[worst]:.3f} %, "
            f"{worst} most")


def main():
    build.DIRECTORY = BUILD
    report = Report(lambda line: print(line, flush=True))
    bench = Bench()
    try:
        for size in policer.SIZES:
            report.run(bench, Check(f"{size} bytes",
                                    lambda bench, size=size: all_of_size(bench, size)))
    finally:
        bench.close()
    print(report.verdict())
    return 1 if report.failed else 0


if __name__ == "__main__":
    if not os.path.exists(os.path.join(BUILD, "tests/bench/bench-site")):
        print(f"FAIL rates: {BUILD} has no tests/bench/bench-site: build it whole")
        sys.exit(1)
    sys.exit(main())
