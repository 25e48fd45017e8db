# SPDX-License-Identifier: BSD-3-Clause
"""The other side of tests/bench/links.c: cuts links, and reads what came of it."""

import mmap
import os
import re
import struct
import time

from onramp_lab.shell import LabError, wait_until

LINKS = 2
SEQUENCES = 1 << 24
PERCENT_MAX = 512
FRACTION_BITS = 16
FIELDS = ("sessions", "interval_us", "multiplier", "pace", "limit", "cut", "dark", "mute",
          "admin_down", "wanted", "started", "tsc_hz", "clock_tsc", "clock_ns", "arrived", "missed",
          "delivered", "repeated", "reordered", "event", "event_tsc", "event_ns",
          *(f"last_sent_{link}" for link in range(LINKS)), "peers_started", "peers_up",
          "peers_flaps", "peers_cpu_ns", "peers_lost", "peers_pause_us")
INTERVALS = 8 * len(FIELDS)
EXTREMES = INTERVALS + 8 * PERCENT_MAX
CAME = EXTREMES + 16
SIZE = CAME + SEQUENCES // 8
# What happens to a link, by field: to all but "cut" and "dark" packets are nothing special.
EVENTS = ("cut", "dark", "mute", "admin_down")


def missing(bits, count):
    """The numbers below count whose bit is not set."""
    found = []
    for match in re.finditer(rb"[^\xff]", bits[:(count + 7) // 8]):
        at, byte = match.start(), bits[match.start()]
        found += [8 * at + bit for bit in range(8) if not byte >> bit & 1]
    while found and found[-1] >= count:
        found.pop()
    return found


class Links:
    def __init__(self, path, case):
        self.path = path
        with open(path, "wb") as file:
            file.truncate(SIZE)
        descriptor = os.open(path, os.O_RDWR)
        self.memory = mmap.mmap(descriptor, SIZE)
        os.close(descriptor)
        self["sessions"], self["multiplier"] = case.sessions, case.multiplier
        self["interval_us"] = case.interval_us
        self["pace"] = 1 << 62  # nothing comes before a measurement begins
        self.first_clock = None

    def __getitem__(self, name):
        return struct.unpack_from("Q", self.memory, 8 * FIELDS.index(name))[0]

    def __setitem__(self, name, value):
        struct.pack_into("Q", self.memory, 8 * FIELDS.index(name), value)

    def begin(self, pps):
        """A new measurement; pps 0: as many packets as the dataplane takes."""
        self["limit"] = SEQUENCES
        self["pace"] = int(self["tsc_hz"] * (1 << FRACTION_BITS) / pps) if pps else 0
        self["wanted"] += 1
        wait_until("the worker and the peers measure", self._begun, 10, 0.001)
        self.first_clock = self.first_clock or (self["clock_tsc"], self["clock_ns"])

    def _begun(self):
        return self["started"] == self["wanted"] == self["peers_started"]

    def stop(self):
        """No more arrivals. Those that came are through when the count stands still."""
        self["limit"] = self["arrived"]
        self["pace"] = self["pace"] or 1 << 62
        before = -1
        while before != self["delivered"]:
            before = self["delivered"]
            time.sleep(0.01)

    def happen(self, event, link):
        """Begins; what has begun ends by calm(). Returns when the worker saw it: ns of
        CLOCK_MONOTONIC."""
        before = self["event"]
        self[event] = 1 << link
        wait_until(f"the worker sees the link {event}", lambda: self["event"] != before, 10, 0.0005)
        return self["event_ns"]

    def calm(self):
        for event in EVENTS:
            self[event] = 0

    def ns(self, tsc):
        """CLOCK_MONOTONIC: DPDK's idea of the TSC's rate is rounded, two moments are not."""
        tsc0, ns0 = self.first_clock
        return ns0 + (tsc - tsc0) * (self["event_ns"] - ns0) / (self["event_tsc"] - tsc0)

    def last_sent_ns(self, link):
        return self.ns(self[f"last_sent_{link}"])

    def losses_ns(self):
        """When each packet arrived that did not leave by a link that was whole."""
        if self["arrived"] > SEQUENCES:
            raise LabError(f"{self['arrived']} packets came, more than {SEQUENCES} have no number")
        lost = missing(self.memory[CAME:CAME + (self["arrived"] + 7) // 8], self["arrived"])
        step = self["pace"] / (1 << FRACTION_BITS)
        return [self.ns(self["clock_tsc"] + number * step) for number in lost]

    def intervals(self):
        """{percent of nominal: how many}; the least and the most, in percent, exactly."""
        counts = struct.unpack_from(f"{PERCENT_MAX}Q", self.memory, INTERVALS)
        ends = struct.unpack_from("2Q", self.memory, EXTREMES)
        return ({percent: count for percent, count in enumerate(counts) if count},
                [100 * end / self["interval_us"] for end in ends])
