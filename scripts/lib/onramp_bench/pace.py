# SPDX-License-Identifier: BSD-3-Clause
"""The other side of tests/bench/pace.c: sets the rate of arrivals, reads how long packets stayed."""

import mmap
import os
import struct
import time

from onramp_lab.shell import LabError, wait_until

SUB_BITS = 6
BUCKETS = 40 << SUB_BITS
FRACTION_BITS = 16
FIELDS = ("tsc_hz", "interval", "wanted", "started", "missed", "sent")
SIZE = 8 * (len(FIELDS) + BUCKETS)


def bucket_value(number):
    """The middle of a bucket, in cycles."""
    if number < 1 << SUB_BITS:
        return number
    exponent = (number >> SUB_BITS) + SUB_BITS - 1
    width = 1 << (exponent - SUB_BITS)
    return ((1 << SUB_BITS) + (number & (1 << SUB_BITS) - 1)) * width + width / 2


def percentile(buckets, percent):
    """Cycles that so many percent of the packets did not exceed."""
    needed = sum(buckets) * percent / 100
    if not needed:
        raise LabError("no packet was measured")
    seen = 0
    for number, count in enumerate(buckets):
        seen += count
        if seen >= needed:
            return bucket_value(number)
    raise AssertionError("more packets than there are")


class Pace:
    def __init__(self, path):
        self.path = path
        with open(path, "wb") as file:
            file.write(bytes(SIZE))
        descriptor = os.open(path, os.O_RDWR)
        self.memory = mmap.mmap(descriptor, SIZE)
        os.close(descriptor)

    def __getitem__(self, name):
        return struct.unpack_from("Q", self.memory, 8 * FIELDS.index(name))[0]

    def __setitem__(self, name, value):
        struct.pack_into("Q", self.memory, 8 * FIELDS.index(name), value)

    def buckets(self):
        return struct.unpack_from(f"{BUCKETS}Q", self.memory, 8 * len(FIELDS))

    def start(self, pps):
        """A new measurement; pps 0: as many packets as the program takes."""
        if pps and not self["tsc_hz"]:
            raise LabError("the rate of arrivals needs a program that has started")
        self["interval"] = int(self["tsc_hz"] * (1 << FRACTION_BITS) / pps) if pps else 0
        self["wanted"] += 1
        wait_until("the program polls its port", lambda: self["started"] == self["wanted"], 10,
                   0.001)

    def rate(self, seconds):
        """Packets a second that leave, of the measurement that runs."""
        before, start = self["sent"], time.monotonic()
        time.sleep(seconds)
        return (self["sent"] - before) / (time.monotonic() - start)

    def microseconds(self, percents):
        buckets, hertz = self.buckets(), self["tsc_hz"]
        return {percent: percentile(buckets, percent) / hertz * 1e6 for percent in percents}
