# SPDX-License-Identifier: BSD-3-Clause
"""How long packets are inside of the dataplane at a part of its highest rate, while routes change;
beside l3fwd (whose routes cannot change), each at the same part of its own highest rate."""

import time
from dataclasses import dataclass

from onramp_lab.shell import LabError

from . import build, l3fwd, packets
from .cases import BY_NAME
from .contestant import WARM_S
from .dataplane import Dataplane
from .pace import Pace
from .peers import L3fwd
from .results import Row
from .site import PORT_MAC, Site

CASE = "v4-vlan-internet"
TABLES = "v4-vlan-internet-16k"
LOADS = (50, 90)
PERCENTS = (50, 99, 99.9)
UPDATES_PER_S = 1000
DEVICE = "net_null{},no-rx=1"
HIGHEST_S = 0.2


@dataclass
class Stay:
    highest: float  # packets a second
    times: dict     # us that so many percent of the packets did not exceed
    missed: float   # share of the packets


class Runner:
    """One program with its clocked wire."""

    def __init__(self, bench, name, flows, start):
        self.name = name
        self.pace = Pace(bench.path(f"{name}-pace"))
        pcap = bench.path(f"{name}.pcap")
        packets.write_pcap(pcap, packets.frames(4, PORT_MAC, flows, packets.SIZES["64"]))
        self.contestant = start(["env", f"LD_PRELOAD={build.path('tests/bench/bench-pace.so')}",
                                 f"PACE_PCAP={pcap}", f"PACE_CONTROL={self.pace.path}"])
        self.contestant.pause()

    def highest(self):
        """Packets a second when there are always more. Measured before each turn: the machine's
        speed changes, and 90 % of a highest rate of before may be more than all."""
        self.pace.start(0)
        time.sleep(WARM_S)
        rate = self.pace.rate(HIGHEST_S)
        if not rate:
            raise LabError(f"{self.name} forwards nothing; its log: {self.contestant.process.log}")
        return rate

    def turn(self, load, seconds):
        self.contestant.resume()
        highest = self.highest()
        pps = highest * load / 100
        self.pace.start(pps)
        time.sleep(WARM_S)
        self.pace.start(pps)
        if isinstance(self.contestant, Dataplane):
            self.contestant.ask(f"churn {UPDATES_PER_S} {int(seconds * 1000)}")
        else:
            time.sleep(seconds)
        turn = Stay(highest, self.pace.microseconds(PERCENTS), self.pace["missed"] / (pps * seconds))
        self.contestant.pause()
        return turn


def start_onramp(bench, site):
    def start(prefix):
        dataplane = Dataplane(bench, "onramp-latency", [bench.worker_cpu], 2048, prefix)
        dataplane.say(site.commands(DEVICE.format(0)))
        dataplane.ask("sample")
        return dataplane
    return start


def start_l3fwd(bench, site, program):
    rules = bench.path("latency-rules")
    with open(rules, "w", encoding="ascii") as file:
        file.write("\n".join(site.rules()) + "\n")

    def start(prefix):
        return L3fwd(bench, program, "fib", 4, DEVICE.format(0), DEVICE.format(1), rules, prefix)
    return start


def runners_of(bench, site):
    found = [Runner(bench, "onramp", site.flows, start_onramp(bench, site))]
    try:
        program = l3fwd.program()
    except l3fwd.Unavailable as why:
        bench.skip("latency", CASE, "ratio_l3fwd_fib", str(why))
        return found
    return [*found, Runner(bench, "l3fwd_fib", site.untagged_flows(),
                           start_l3fwd(bench, site, program))]


def rows_at(load, turns):
    """turns: {name: [Stay]}."""
    rows = []
    for percent in PERCENTS:
        for name, taken in turns.items():
            rows.append(Row("latency", CASE, f"p{percent:g}_at_{load}_{name}", "us",
                            [stay.times[percent] for stay in taken]))
        if "l3fwd_fib" in turns:
            rows.append(Row("latency", CASE, f"ratio_p{percent:g}_at_{load}_l3fwd_fib", "",
                            [mine.times[percent] / other.times[percent]
                             for mine, other in zip(turns["onramp"], turns["l3fwd_fib"])]))
    for name, taken in turns.items():
        rows.append(Row("latency", CASE, f"missed_at_{load}_{name}", "%",
                        [100 * stay.missed for stay in taken]))
        rows.append(Row("latency", CASE, f"mpps_max_before_{load}_{name}", "Mpps",
                        [stay.highest / 1e6 for stay in taken]))
    return rows


def run(bench, options):
    site = Site(BY_NAME[TABLES])
    rounds, seconds = (5, 0.5) if options.quick else (9, 1.0)
    runners = runners_of(bench, site)
    try:
        for load in LOADS:
            turns = {runner.name: [] for runner in runners}
            for _ in range(rounds):
                for runner in runners:
                    turns[runner.name].append(runner.turn(load, seconds))
            bench.add(rows_at(load, turns))
    finally:
        for runner in runners:
            runner.contestant.stop()
