# SPDX-License-Identifier: BSD-3-Clause
"""Four circuits on one port, one of which offers ten times what it is sold: what the others lose by
that while the port's worker has time for all, and how it is shared when it has not.

The clocked wire (pace.py) sends the packets of all four in a fixed order. It misses what the worker
does not fetch before a queue of QUEUE packets is full, as a card would, whosever it is."""

import json
from dataclasses import dataclass, replace

from onramp_lab.shell import LabError, run, wait_until

from . import build
from .cases import BASE
from .results import Row
from .scaling import prefer
from .search import highest
from .site import Site
from .throughput import WIRE_PPS, Wire

CIRCUITS = 4
NOISY = 1  # the number of its policer and of its interface; the others follow
CASE = replace(BASE, name="noisy-neighbour", vrfs=CIRCUITS, destinations=4096)
SKUS_MBPS = (2000, 1000, 500, 200, 100, 50)  # what all are sold: the most that the worker carries
NOISE, QUIET_SHARE = 10, 0.8  # parts of what is sold that the noisy one and the others offer
LOAD_MAX = 0.8                # of the rate without loss
PAST_CAPACITY = 1.5
PACKET_BITS = 64 * 8          # of layer 2 with its tag
BURST_S = 0.1                 # tests/bench/site_commands.c
QUEUE = 65536                 # some milliseconds: a worker on a machine without isolated CPUs rests
IDLE_PPS = 1


@dataclass
class Account:
    """A circuit's packets of a run; dropped: {reason: packets}."""
    received: int
    sent: int
    dropped: dict


@dataclass
class Offer:
    noisy_mbps: int
    other_mbps: int

    @property
    def mbps(self):
        """Of each circuit, the noisy one first."""
        return [NOISE * self.noisy_mbps] + [QUIET_SHARE * self.other_mbps] * (CIRCUITS - 1)

    @property
    def sold(self):
        return [self.noisy_mbps] + [self.other_mbps] * (CIRCUITS - 1)

    @property
    def pps(self):
        return sum(self.mbps) * 1e6 / PACKET_BITS

    @property
    def passing_pps(self):
        return sum(map(min, self.mbps, self.sold)) * 1e6 / PACKET_BITS

    def times(self, factor):
        return Offer(int(self.noisy_mbps * factor), int(self.other_mbps * factor))


def in_turn(weights, count):
    """Numbers of `weights`, each as often as its weight says and evenly spread."""
    credit = [0.0] * len(weights)
    for _ in range(count):
        credit = [each + weight for each, weight in zip(credit, weights)]
        chosen = credit.index(max(credit))
        credit[chosen] -= sum(weights)
        yield chosen


def mixed(flows, weights):
    """The flows of all circuits, whose tags are their numbers, in the order of the wire."""
    pools = [[flow for flow in flows if flow[0] == [NOISY + index]]
             for index in range(len(weights))]
    taken = [0] * len(weights)
    for index in in_turn(weights, 16 * len(flows)):
        yield pools[index][taken[index] % len(pools[index])]
        taken[index] += 1


class Neighbours:
    def __init__(self, bench, offer):
        self.offer = offer
        site = Site(CASE)
        site.flows = list(mixed(site.flows, offer.mbps))
        self.wire = Wire(bench, site, [f"PACE_RING={QUEUE}"])
        self.dataplane = self.wire.dataplane
        prefer(self.dataplane.process.pid)
        self.onramp = build.path("control/cli/onramp")

    def limit(self, offer):
        self.dataplane.say([f"policer {NOISY + index} {mbps}"
                            for index, mbps in enumerate(offer.sold)])
        self.dataplane.ask("settle")

    def capacity(self, seconds):
        """Packets a second without loss and without limits."""
        return highest(self.wire.trial, WIRE_PPS / 1000, WIRE_PPS, 0, seconds, 2 * seconds)

    def rows(self, what):
        text = run([self.onramp, "--run-dir", self.dataplane.run_dir, "-j", "show", what]).stdout
        answer = json.loads(text)
        return answer["rows"] if isinstance(answer, dict) else answer

    def still(self):
        """The stats of all links, when nothing moves any more."""
        self.wire.pace.start(IDLE_PPS)
        def look():
            before = self.rows("stats")
            return before if before == self.rows("stats") else (False, "packets still move")
        return wait_until("counters that stand still", look, 10)

    def accounts(self):
        stats = {row["circuit"]: row for row in self.still() if row["circuit"]}
        drops = {}
        for row in self.rows("drops"):
            drops.setdefault(row["circuit"], {})[row["reason"]] = row["packets"]
        found = []
        for number in range(NOISY, NOISY + CIRCUITS):
            way_in, way_out = f"bench{number}", f"bench{CIRCUITS + number}"
            found.append(Account(stats[way_in]["rx"], stats[way_out]["tx"],
                                 {**drops.get(way_in, {}), **drops.get(way_out, {})}))
        return found

    def run(self, offer, packets):
        """Until so many packets have left: (accounts of this run, missed packets)."""
        self.limit(offer)
        before = self.accounts()
        self.wire.pace.start(offer.pps)
        wait_until(f"{packets} packets sent", lambda: self.wire.pace["sent"] >= packets, 120, 0.01)
        missed = self.wire.pace["missed"]
        after = self.accounts()
        return [difference(*pair) for pair in zip(before, after)], missed

    def stop(self):
        self.dataplane.stop()


def difference(before, after):
    dropped = {reason: packets - before.dropped.get(reason, 0)
               for reason, packets in after.dropped.items()
               if packets != before.dropped.get(reason, 0)}
    return Account(after.received - before.received, after.sent - before.sent, dropped)


def came(accounts, missed):
    """Packets that the wire brought."""
    return sum(account.received for account in accounts) + missed


def carried(capacity):
    """The largest offer that is at most LOAD_MAX of what the worker forwards."""
    for mbps in SKUS_MBPS:
        offer = Offer(mbps, mbps)
        if offer.pps <= LOAD_MAX * capacity:
            return offer
    raise LabError(f"{capacity / 1e6:.2f} Mpps without loss: not even the smallest circuits fit")


def measured(bench, seconds):
    """Neighbours with the largest offer that this machine carries, and that machine's rate."""
    first = Neighbours(bench, Offer(SKUS_MBPS[-1], SKUS_MBPS[-1]))
    try:
        capacity = first.capacity(seconds)
    finally:
        first.stop()
    return Neighbours(bench, carried(capacity)), capacity


def past_capacity(neighbours, capacity):
    """Everything the same but faster: {who: % of the packets that were offered within what is sold
    that left}."""
    offer = neighbours.offer.times(PAST_CAPACITY * capacity / neighbours.offer.pps)
    accounts, missed = neighbours.run(offer, int(capacity / 2))
    packets = came(accounts, missed)
    within = [packets * min(pair) / sum(offer.mbps) for pair in zip(offer.mbps, offer.sold)]
    return {"noisy": 100 * accounts[0].sent / within[0],
            "others": 100 * sum(account.sent for account in accounts[1:]) / sum(within[1:])}


def run_bench(bench, options):
    neighbours, capacity = measured(bench, 0.2 if options.quick else 0.5)
    offer = neighbours.offer
    note = (f"{offer.noisy_mbps} Mbit/s offered 10 times, 3 x {offer.other_mbps} 0.8 times; "
            f"{100 * offer.pps / capacity:.0f} % of {capacity / 1e6:.2f} Mpps without loss")
    try:
        accounts, missed = neighbours.run(offer, int(2 * offer.passing_pps))
        lost = sum(account.received - account.sent for account in accounts[1:])
        rows = [("others_lost", "packets", lost, note), ("missed", "packets", missed, note)]
        rows += [(f"{who}_passed_past_capacity", "%", share,
                  f"of what is sold and offered, at {PAST_CAPACITY} times the rate without loss")
                 for who, share in past_capacity(neighbours, capacity).items()]
    finally:
        neighbours.stop()
    bench.add([Row("policer", CASE.name, metric, unit, [value], note=why)
               for metric, unit, value, why in rows])
