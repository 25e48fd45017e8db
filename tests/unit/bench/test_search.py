# SPDX-License-Identifier: BSD-3-Clause
"""The search for NDR and PDR, on devices that are simulated."""

import unittest

from onramp_lab.shell import LabError

from onramp_bench.search import PRECISION, Trial, search
from onramp_bench.throughput import PCI_ADDRESS, counted, line_rate


class Device:
    """Forwards `capacity` packets/s; above it the rest is lost, and under overload some more."""

    def __init__(self, capacity, overload_cost=0.0, always_lost=0, weak_when_long=1.0):
        self.capacity, self.overload_cost = capacity, overload_cost
        self.always_lost, self.weak_when_long = always_lost, weak_when_long
        self.trials = 0

    def trial(self, pps, seconds):
        self.trials += 1
        capacity = self.capacity * (self.weak_when_long if seconds > 10 else 1)
        if pps > capacity:
            capacity *= 1 - self.overload_cost
        offered = int(pps * seconds)
        lost = min(max(offered - int(capacity * seconds), 0) + self.always_lost, offered)
        return Trial(offered, lost, seconds)


def run(device, line=14.88e6):
    return search(device.trial, line, 2, 60)


class Search(unittest.TestCase):
    def near(self, value, expected):
        self.assertLessEqual(value, expected * 1.001)
        self.assertGreaterEqual(value, expected * (1 - 1.5 * PRECISION))

    def test_finds_the_capacity(self):
        device = Device(5e6)
        found = run(device)
        self.near(found["mrr"], 5e6)
        self.near(found["ndr"], 5e6)
        self.near(found["pdr"], 5e6 / 0.995)
        self.assertLess(device.trials, 50)

    def test_a_device_faster_than_its_line_has_the_line_rate(self):
        self.assertEqual(run(Device(20e6)), {"mrr": 14.88e6, "ndr": 14.88e6, "pdr": 14.88e6})

    def test_overload_that_costs_forwarding_does_not_hide_the_capacity(self):
        found = run(Device(5e6, overload_cost=0.2))
        self.near(found["mrr"], 4e6)
        self.near(found["ndr"], 5e6)

    def test_packets_that_are_always_lost_leave_a_pdr_only(self):
        with self.assertRaisesRegex(LabError, "lost already"):
            run(Device(5e6, always_lost=3))

    def test_what_a_long_trial_does_not_confirm_gives_way(self):
        self.near(run(Device(5e6, weak_when_long=0.9))["ndr"], 4.5e6)

    def test_a_generator_that_is_too_slow_is_not_taken_at_its_word(self):
        def trial(pps, seconds):
            return Trial(int(min(pps, 1e6) * seconds), 0, seconds)

        self.assertEqual(set(search(trial, 14.88e6, 2, 60).values()), {1e6})

    def test_a_silent_generator_is_named(self):
        with self.assertRaisesRegex(LabError, "no packet reached"):
            search(lambda pps, seconds: Trial(0, 0, seconds), 1e6, 1, 1)


class Devices(unittest.TestCase):
    def test_pci_addresses_are_told_from_devices_of_software(self):
        for device in ("0000:17:00.0", "17:00.1", "0000:AF:00.0,arg=1"):
            self.assertTrue(PCI_ADDRESS.match(device), device)
        for device in ("net_tap0,mac=02:00:00:00:00:01", "net_null0"):
            self.assertFalse(PCI_ADDRESS.match(device), device)


class Counters(unittest.TestCase):
    def test_missed_packets_were_offered_and_lost(self):
        trial = counted({"rx": 100, "tx": 90, "missed": 5, "drops": {}},
                        {"rx": 1090, "tx": 1070, "missed": 15, "drops": {"no-route": 10}}, 2)
        self.assertEqual((trial.offered, trial.lost), (1000, 20))
        self.assertEqual(trial.loss, 0.02)
        self.assertEqual(trial.forwarded_pps, 490)

    def test_strays_are_not_the_generators(self):
        trial = counted({"rx": 0, "tx": 0, "missed": 0, "drops": {"unknown-tag": 2}},
                        {"rx": 103, "tx": 100, "missed": 0, "drops": {"unknown-tag": 5}}, 1)
        self.assertEqual((trial.offered, trial.lost), (100, 0))

    def test_line_rate_of_64_byte_frames(self):
        self.assertAlmostEqual(line_rate(10_000, 24 + 10 * (16 + 60), 10), 14_880_952, delta=1)


if __name__ == "__main__":
    unittest.main()
