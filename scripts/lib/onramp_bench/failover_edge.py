# SPDX-License-Identifier: BSD-3-Clause
"""A dataplane between a core and a customer's two links, with BFD peers behind them that the
benchmark may cut off (tests/bench/links.c)."""

import os
import random
import shutil
from dataclasses import dataclass

from onramp_lab.shell import wait_until

from . import bfdd, build, packets, prefixes
from .dataplane import Dataplane
from .links import LINKS, Links
from .site import GROUP_FIRST

PEER_MAC = "02:00:00:00:00:02"
CORE, CORE_TAG = 5000, 1
DESTINATIONS = 1024
MEMORY_MB = 1024
UP_S = 90


@dataclass(frozen=True)
class Case:
    name: str
    event: str = "cut"       # of links.EVENTS
    interval_ms: int = 50
    multiplier: int = 3
    routes: int = 1000
    sessions: int = LINKS    # each on a link of its own; the first ones carry the traffic

    @property
    def interval_us(self):
        return self.interval_ms * 1000

    @property
    def detection_s(self):
        return self.interval_ms * self.multiplier / 1000


def addresses(number):
    """(edge's, peer's) on the link of session `number`, as bytes."""
    return [bytes([10, number >> 8, number & 255, last]) for last in (2, 1)]


def text(address):
    return ".".join(map(str, address))


class Edge:
    def __init__(self, bench, case):
        self.bench, self.case, self.dataplane = bench, case, None
        full = prefixes.internet(4)[0]
        self.table = random.Random(1).sample(full, min(case.routes, len(full)))
        self.links = Links(bench.path(f"{case.name}-links"), case)
        self.bfdd = bfdd.Bfdd(bench.path(f"{case.name}-bfdd"), [
            bfdd.session(number, *addresses(number), case.interval_us, case.multiplier)
            for number in range(1, case.sessions + 1)])
        try:
            self.dataplane = Dataplane(bench, case.name, [bench.worker_cpu], MEMORY_MB,
                                       self._preload(), bfdd_socket=self.bfdd.path)
            self.dataplane.say(self._commands())
            self.settle()
        except BaseException:
            self.stop()
            raise

    def _preload(self):
        pcap = self.bench.path(f"{self.case.name}.pcap")
        flows = [([CORE_TAG], destination)
                 for destination in prefixes.destinations(4, self.table, DESTINATIONS)]
        packets.write_pcap(pcap, packets.frames(4, bytes(6), flows, packets.SIZES["64"]))
        return ["env", f"LD_PRELOAD={build.path('tests/bench/bench-links.so')}",
                f"LINKS_PCAP={pcap}", f"LINKS_CONTROL={self.links.path}"]

    def _commands(self):
        yield "begin"
        for port in range(1 + LINKS):
            yield f"port {port} net_null{port},no-rx=1"
        yield "vrf 1"
        yield f"interface {CORE} 0 1 0 {CORE_TAG} 198.18.0.1/30 2001:2:0:{CORE:x}::1/64 0 0"
        for number in range(1, self.case.sessions + 1):
            edge, peer = map(text, addresses(number))
            port = 1 + (number - 1) % LINKS
            yield f"interface {number} {port} 1 0 {number} {edge}/30 2001:2:0:{number:x}::1/64 0 0"
            yield f"path {number} {number} {peer}"
            yield f"adjacency {number} {number} {peer} {PEER_MAC} {number}"
        yield f"group {GROUP_FIRST} {' '.join(str(1 + link) for link in range(LINKS))}"
        for address, length in self.table:
            yield f"route 1 {prefixes.text(4, address)}/{length} {GROUP_FIRST}"
        yield "end"

    def settle(self):
        """All sessions up at both ends, all paths live."""
        wait_until(f"{self.case.sessions} BFD sessions up", self._up, UP_S, 0.02)

    def _up(self):
        sessions, paths = self.dataplane.ask("sessions"), self.dataplane.ask("paths")
        peers = self.links["peers_up"]
        if sessions["up"] == peers == paths["live"] == self.case.sessions:
            return True
        return False, f"{sessions}, {paths['live']} paths live, {peers} up at the peers"

    def path(self, link):
        return self.dataplane.ask("paths")["first"][link]

    def flaps(self):
        """Times that a session left Up, at either end."""
        return self.dataplane.ask("sessions")["flaps"] + self.links["peers_flaps"]

    def lost(self):
        """BFD packets that found a ring full or no neighbour, of either end."""
        return self.dataplane.ask("sessions")["lost"] + self.links["peers_lost"]

    def stop(self):
        if self.dataplane:
            self.dataplane.stop()
        self.bfdd.close()
        shutil.rmtree(os.path.dirname(self.bfdd.path))
