# SPDX-License-Identifier: BSD-3-Clause
"""Throughput by loss: from a generator behind a real port, or from the clocked wire (pace.py)."""

import os
import re
import shlex
import subprocess
import time

from onramp_lab.shell import LabError, wait_until

from . import build, packets
from .cases import BASE, BY_NAME
from .contestant import WARM_S
from .dataplane import Dataplane
from .latency import DEVICE
from .pace import Pace
from .results import Row
from .search import Trial, search
from .site import PORT_MAC, Site

MEMORY_MB = 2048
PCI_ADDRESS = re.compile(r"([0-9a-f]{4}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]", re.IGNORECASE)
WIRE_PPS = 60e6  # more than a worker forwards
# Packets of a switch or a kernel on the other side, which are not the generator's.
STRAYS = ("unknown-tag", "not-our-mac", "unknown-ethertype", "multicast")
GENERATOR_EXTRA_S = 60
WIRE_BYTES = 20  # preamble and gap; the frame check sequence is in the frame's size


class Wire:
    """The clocked wire, preloaded."""
    line_pps = WIRE_PPS

    def __init__(self, bench, site, environment=()):
        self.pace = Pace(bench.path("pace"))
        pcap = bench.path("wire.pcap")
        packets.write_pcap(pcap, packets.frames(site.case.family, PORT_MAC, site.flows,
                                                packets.SIZES[site.case.size]))
        self.dataplane = Dataplane(bench, "onramp-wire", [bench.worker_cpu], MEMORY_MB,
                                   ["env", f"LD_PRELOAD={build.path('tests/bench/bench-pace.so')}",
                                    f"PACE_PCAP={pcap}", f"PACE_CONTROL={self.pace.path}",
                                    *environment])
        self.dataplane.say(site.commands(DEVICE.format(0)))
        self.dataplane.ask("sample")

    def trial(self, pps, seconds):
        self.pace.start(pps)
        time.sleep(WARM_S)
        self.pace.start(pps)
        begun = time.monotonic()
        time.sleep(seconds)
        sent, missed = self.pace["sent"], self.pace["missed"]
        return Trial(sent + missed, missed, time.monotonic() - begun)


class Generator:
    """A real port, one-armed: what comes by one tag leaves by another. The command sends the
    packets of {pcap} at {pps} packets/s for {seconds}; the port's own counters say what came."""

    def __init__(self, bench, site, device, command):
        self.command = command
        self.dataplane = Dataplane(bench, "onramp-port", [bench.worker_cpu], MEMORY_MB,
                                   pci=bool(PCI_ADDRESS.match(device)))
        self.dataplane.say(site.commands(device))
        port = wait_until(f"the link of {device}", self._port_up, 20)
        self.pcap = build.path(f"{site.case.name}.pcap")
        sizes = packets.SIZES[site.case.size]
        packets.write_pcap(self.pcap, packets.frames(
            site.case.family, bytes.fromhex(port["mac"].replace(":", "")), site.flows, sizes))
        bench.say(f"packets for the generator, to {port['mac']}: {self.pcap}")
        self.line_pps = line_rate(port["link_mbps"], os.path.getsize(self.pcap),
                                  len(site.flows))

    def _port_up(self):
        port = self.dataplane.ask("sample")["ports"][0]
        return port if port["link_up"] and port["link_mbps"] else (False, "it is down")

    def _settled(self):
        """The counters when no packet is under way any more."""
        before = self.dataplane.ask("sample")
        while True:
            time.sleep(0.1)
            after = self.dataplane.ask("sample")
            if (after["rx"], after["tx"]) == (before["rx"], before["tx"]):
                return after
            before = after

    def trial(self, pps, seconds):
        before = self._settled()
        words = [word.format(pps=int(pps), seconds=seconds, pcap=self.pcap)
                 for word in shlex.split(self.command)]
        try:
            done = subprocess.run(words, timeout=seconds + GENERATOR_EXTRA_S, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise LabError(f"generator: {error}") from None
        if done.returncode:
            raise LabError(f"generator: {' '.join(words)}: exit status {done.returncode}: "
                           + done.stdout.strip()[-200:])
        return counted(before, self._settled(), seconds)


def counted(before, after, seconds):
    """A trial by the port's counters: what the device missed never reached the dataplane."""
    strays = sum(after["drops"].get(name, 0) - before["drops"].get(name, 0) for name in STRAYS)
    offered = sum(after[name] - before[name] for name in ("rx", "missed")) - strays
    return Trial(offered, offered - (after["tx"] - before["tx"]), seconds)


def line_rate(link_mbps, pcap_bytes, count):
    """Packets a second that a link carries of a pcap file's packets."""
    frame = (pcap_bytes - 24 - 16 * count) / count + packets.FCS_BYTES
    return link_mbps * 1e6 / 8 / (frame + WIRE_BYTES)


def run_case(bench, case, options):
    site = Site(case)
    if options.port:
        source = Generator(bench, site, options.port, options.generator)
    else:
        source = Wire(bench, site)
    times = (0.5, 2) if options.quick else (2, 10)
    if options.port and not options.quick:
        times = (10, 60)  # RFC 2544 24: at least 60 s
    try:
        found = search(source.trial, source.line_pps, *times)
    finally:
        source.dataplane.stop()
    bench.add([Row("forwarding", case.name, f"mpps_{name}", "Mpps", [pps / 1e6],
                   note="port" if options.port else "clocked wire")
               for name, pps in found.items()])


def run(bench, options):
    if bool(options.port) != bool(options.generator):
        raise LabError("--port and --generator need each other")
    for name in options.case or [BASE.name]:
        if name not in BY_NAME:
            raise LabError(f"there is no forwarding case {name}; there are {', '.join(BY_NAME)}")
        if BY_NAME[name].size != "64" and not options.port:
            raise LabError(f"{name}: the clocked wire sends frames of 64 bytes only")
        run_case(bench, BY_NAME[name], options)
