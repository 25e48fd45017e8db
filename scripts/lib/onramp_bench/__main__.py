# SPDX-License-Identifier: BSD-3-Clause
"""scripts/bench: measures the dataplane beside its peers, and says which goals are reached."""

import argparse
import sys

from onramp_lab.shell import LabError

from . import (build, external, failover, forwarding, instructions, latency, policer, report,
               scaling)
from .bench import Bench
from .cases import CASES
from .results import table

BENCHES = {"forwarding": forwarding.run, "fib": external.fib, "vrf-scale": external.fib,
           "control": external.control, "scaling": scaling.run, "latency": latency.run,
           "failover": failover.run, "policer": policer.run}
TARGETS = ["dataplane/onramp-dataplane", "tests/bench/bench-site", "tests/bench/fib",
           "tests/bench/bench-pace.so", "tests/bench/bench-links.so", "tests/bench/bench-api-routes",
           "control/onramp-control", "control/cli/onramp", "tests/bench/bench-policer"]


def arguments():
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description=__doc__,
        epilog="Forwarding cases: " + " ".join(case.name for case in CASES)
        + ". Failover cases: " + " ".join(failover.NAMES))
    parser.add_argument("name", choices=[*BENCHES, "instructions", "build", "report"],
                        help="what to measure; instructions: of the fast path a packet, against "
                        "the record; build: only make what the others need; report: tables "
                        "and plot of what earlier runs said with --json")
    parser.add_argument("files", nargs="*", help="report: their output")
    parser.add_argument("--quick", action="store_true",
                        help="fewer and shorter runs: 5 of 0.4 s instead of 9 of 0.8 s")
    parser.add_argument("--json", action="store_true", help="one object a line instead of a table")
    parser.add_argument("--case", action="append", help="forwarding, failover: only this one (repeatable)")
    parser.add_argument("--search", action="store_true",
                        help="forwarding: search the rates without and with little loss (NDR, PDR) "
                        "instead of measuring beside peers")
    parser.add_argument("--port", metavar="DEVICE", help="forwarding: search on this real port (a "
                        "PCI address) with an external generator")
    parser.add_argument("--generator", metavar="COMMAND", help="its command line; {pps}, {seconds} "
                        "and {pcap} are replaced, and it ends when everything is sent")
    parser.add_argument("--record", action="store_true",
                        help="instructions: what is counted is the record from now on")
    options = parser.parse_args()
    if bool(options.files) != (options.name == "report"):
        parser.error("report takes files, and nothing else does")
    return options


def main():
    options = arguments()
    if options.name == "instructions":
        return instructions.main(options.record)
    if options.name == "report":
        return report.main(options.files)
    build.build(TARGETS)
    if options.name == "build":
        return 0
    bench = Bench(options.json)
    try:
        BENCHES[options.name](bench, options)
    finally:
        bench.close()
    if not options.json:
        print("\n".join(table(bench.rows)))
        print(f"build: {bench.build}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LabError as error:
        print(f"bench: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
