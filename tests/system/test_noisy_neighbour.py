# SPDX-License-Identifier: BSD-3-Clause
"""A circuit that offers ten times its bandwidth costs the others on its port nothing, as long as
the port's worker has time for all that comes; what it is sold it gets."""

import os
import sys

from support import BUILD, LabError

# pylint: disable=wrong-import-position
from onramp_bench import build, neighbours
from onramp_bench.bench import Bench
from onramp_lab.checks_ledger import imbalance

ATTEMPTS = 10  # until the machine leaves the worker its CPU for as long as a run takes
SEARCH_S, RUN_S = 0.2, 1.0
ERROR_MAX = 0.01


def undisturbed(neighbours_):
    """A run in which nothing was missed before the dataplane saw it: only then what the others lack
    would be the noisy one's doing."""
    offer = neighbours_.offer
    for _ in range(ATTEMPTS):
        accounts, missed = neighbours_.run(offer, int(offer.passing_pps * RUN_S))
        if missed == 0:
            return accounts, neighbours.came(accounts, missed) / offer.pps
    raise LabError(f"the worker was kept from its port in each of {ATTEMPTS} runs; in the last "
                   f"{missed} packets were missed")


def check_others(accounts):
    for account in accounts:
        if account.received == 0 or account.sent != account.received or account.dropped:
            raise LabError(f"a quiet circuit lost packets: {account}")


def check_noisy(account, offer, seconds):
    """Its rate, and the burst it may have saved before: not all of it after the run before."""
    right = offer.noisy_mbps * 1e6 * seconds / neighbours.PACKET_BITS
    burst = offer.noisy_mbps * 1e6 * neighbours.BURST_S / neighbours.PACKET_BITS
    if not (1 - ERROR_MAX) * right < account.sent < (1 + ERROR_MAX) * (right + burst):
        raise LabError(f"{account.sent} packets of the noisy circuit passed, {right:.0f} to "
                       f"{right + burst:.0f} are right")
    if account.dropped != {"policer-in": account.received - account.sent}:
        raise LabError(f"the noisy circuit's drops have other names: {account}")


def check_ledger(neighbours_):
    rows = neighbours_.still()
    drops = {}
    for row in neighbours_.rows("drops"):
        key = row["interface"], row["port"], row["direction"]
        drops[key] = drops.get(key, 0) + row["packets"]
    for row in rows:
        for direction in ("in", "out"):
            row[f"{direction}_drops"] = drops.get((row["interface"], row["port"], direction), 0)
        if any(imbalance(row)):
            raise LabError(f"an account does not balance: {row}")


def run():
    """What came of it."""
    bench = Bench()
    try:
        neighbours_, capacity = neighbours.measured(bench, SEARCH_S)
        try:
            offer = neighbours_.offer
            accounts, seconds = undisturbed(neighbours_)
            check_others(accounts[1:])
            check_noisy(accounts[0], offer, seconds)
            check_ledger(neighbours_)
        finally:
            neighbours_.stop()
    finally:
        bench.close()
    quiet = sum(account.sent for account in accounts[1:])
    return (f"{offer.noisy_mbps} Mbit/s sold, ten times that offered; the others lost 0 of "
            f"{quiet} packets, missed 0, at {100 * offer.pps / capacity:.0f} % of "
            f"{capacity / 1e6:.2f} Mpps")


def main():
    build.DIRECTORY = BUILD
    if not os.path.exists(build.path("tests/bench/bench-pace.so")):
        print(f"FAIL noisy neighbour: {BUILD} has no tests/bench/bench-pace.so: build it whole")
        return 1
    try:
        print(f"ok   noisy neighbour: {run()}")
    except LabError as error:
        print(f"FAIL noisy neighbour: {error}\n0 passed, 1 failed")
        return 1
    print("1 passed, 0 failed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
