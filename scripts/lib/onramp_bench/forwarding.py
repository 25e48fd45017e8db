# SPDX-License-Identifier: BSD-3-Clause
"""Forwarding: the dataplane, testpmd and l3fwd in turns on one worker CPU, from one pcap file."""

from onramp_lab.shell import LabError

from . import l3fwd, packets, plot, throughput
from .cases import BY_NAME, CASES
from .dataplane import Dataplane
from .goals import RATIO_TO
from .peers import L3fwd, Testpmd
from .results import Row
from .site import PORT_MAC, RSS_AUTO, Site

PEER_METRIC = {"macswap": "macswap", "io": "io", "l3fwd-lpm": "l3fwd_lpm", "l3fwd-fib": "l3fwd_fib"}
# rte_lpm takes minutes to load a full table; rte_fib is the faster one there.
LOOKUPS = {"64r": ("lpm", "fib"), "internet": ("fib",), "vrfs": ()}


def infinite(path, number=0, queues=1):
    files = ",".join([f"rx_pcap={path}"] * queues)
    return f"net_pcap{number},{files},infinite_rx=1"


def effort(options):
    """Rounds, and seconds of each turn."""
    return (5, 0.4) if options.quick else (9, 0.8)


class Group:
    """The contestants of one case, set up and stopped."""

    def __init__(self, bench, case, peers=True, workers=None, name=None, rss=RSS_AUTO):
        self.bench, self.case, self.name, self.rss = bench, case, name or case.name, rss
        self.workers = workers or [bench.worker_cpu]
        self.site = Site(case)
        self.members, self.missing = [], {}
        bench.say(f"{case.name}: {self.site.source}, "
                  f"{sum(map(len, self.site.tables))} routes, {case.destinations} destinations")
        tagged = self._pcap("tagged", self.site.flows)
        self._onramp(tagged)
        if peers:
            for mode in ("macswap", "io"):
                self._add(Testpmd(bench, mode, infinite(tagged)))
            self._l3fwd()

    def _pcap(self, name, flows):
        path = self.bench.path(f"{self.name}-{name}.pcap")
        packets.write_pcap(path, packets.frames(self.case.family, PORT_MAC, flows,
                                                packets.SIZES[self.case.size]))
        return path

    def _add(self, contestant):
        contestant.pause()
        self.members.append(contestant)

    def _onramp(self, pcap):
        dataplane = Dataplane(self.bench, f"onramp-{self.name}", self.workers,
                              memory_mb=1024 if self.case.table == "64r" else 2048)
        dataplane.say(self.site.commands(infinite(pcap, queues=len(self.workers)), self.rss))
        mac = dataplane.ask("sample")["ports"][0]["mac"]
        if bytes.fromhex(mac.replace(":", "")) != PORT_MAC:
            raise LabError(f"the port's MAC is {mac}; packets are made for {PORT_MAC.hex(':')}")
        self._add(dataplane)

    def _l3fwd(self):
        lookups = LOOKUPS[self.case.table]
        try:
            program = l3fwd.program() if lookups else None
        except l3fwd.Unavailable as why:
            self.missing = {f"l3fwd_{lookup}": str(why) for lookup in lookups}
            return
        rules = self.bench.path(f"{self.case.name}-rules")
        with open(rules, "w", encoding="ascii") as file:
            file.write("\n".join(self.site.rules()) + "\n")
        untagged = self._pcap("untagged", self.site.untagged_flows())
        for lookup in lookups:
            self._add(L3fwd(self.bench, program, lookup, self.case.family, infinite(untagged),
                            infinite(untagged, 1), rules))

    def stop(self):
        for member in self.members:
            member.stop()


def measure(groups, rounds, seconds):
    """{(case, contestant): [Turn]}, interleaved: each contestant has one turn in each round."""
    turns = {}
    for _ in range(rounds):
        for group in groups:
            for member in group.members:
                turns.setdefault((group.name, member.name), []).append(member.turn(seconds))
    return turns


def ratios(mine, other):
    """Of each round; drift of the machine is in both."""
    return [a.mpps / b.mpps for a, b in zip(mine, other)]


def rows_of(case, turns):
    mine = turns[case.name, "onramp"]
    rows = [("mpps_onramp", "Mpps", [turn.mpps for turn in mine])]
    rows += [(name, "cycles", [turn.facts[name] for turn in mine]) for name in mine[0].facts]
    for name, metric in PEER_METRIC.items():
        other = turns.get((case.name, name))
        if other:
            rows.append((f"mpps_{metric}", "Mpps", [turn.mpps for turn in other]))
            if name != "io":
                rows.append((f"ratio_{metric}", "", ratios(mine, other)))
    base = RATIO_TO.get(case.name)
    if (base, "onramp") in turns:
        rows.append(("ratio", "", ratios(mine, turns[base, "onramp"])))
    return [Row("forwarding", case.name, metric, unit, values) for metric, unit, values in rows]


def run_case(bench, case, options):
    """A case alone, or beside the one its ratio is taken to."""
    groups = []
    try:
        groups.append(Group(bench, case))
        base = RATIO_TO.get(case.name) or case.base
        if base:
            groups.append(Group(bench, BY_NAME[base], peers=False))
        turns = measure(groups, *effort(options))
    finally:
        for group in groups:
            group.stop()
    for metric, why in groups[0].missing.items():
        bench.skip("forwarding", case.name, f"ratio_{metric}", why)
    bench.add(rows_of(case, turns))
    if base:
        mine, other = turns[case.name, "onramp"], turns[base, "onramp"]
        extra = [a.facts["cycles"] - b.facts["cycles"] for a, b in zip(mine, other)]
        bench.add([Row("forwarding", case.name, "cycles_more", "cycles", extra,
                       note=f"than {base}")])


def run(bench, options):
    if options.search or options.port or options.generator:
        throughput.run(bench, options)
        return
    names = options.case or [case.name for case in CASES]
    for name in names:
        if name not in BY_NAME:
            raise LabError(f"there is no forwarding case {name}; there are {', '.join(BY_NAME)}")
    for name in names:
        run_case(bench, BY_NAME[name], options)
    bench.plot("cycles-by-stage.svg", plot.stages(bench.rows))
