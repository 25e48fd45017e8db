# SPDX-License-Identifier: BSD-3-Clause
"""Percentiles of the histogram that tests/bench/pace.c fills, and the memory both share."""

import os
import re
import tempfile
import unittest

from onramp_lab.shell import LabError

from onramp_bench import pace
from onramp_bench.latency import Stay, rows_at
from onramp_bench.prefixes import ROOT


class Buckets(unittest.TestCase):
    def test_values_grow_by_less_than_two_sixty_fourths(self):
        values = [pace.bucket_value(number) for number in range(pace.BUCKETS)]
        for small, large in zip(values[64:], values[65:]):
            self.assertLess(small, large)
            self.assertLess(large / small, 1 + 2 / 64)

    def test_each_value_is_in_the_bucket_that_the_c_side_takes(self):
        for value in (0, 1, 63, 64, 65, 127, 128, 1000, 123_456, 1 << 30, (1 << 40) + 12345):
            exponent = max(value.bit_length() - 1, 6)
            number = value if value < 64 else ((exponent - 5) << 6) + ((value >> exponent - 6) & 63)
            self.assertLessEqual(abs(pace.bucket_value(number) - value), max(value / 64, 0.5))

    def test_percentiles(self):
        buckets = [0] * pace.BUCKETS
        buckets[10], buckets[20], buckets[30] = 500, 490, 10
        self.assertEqual([pace.percentile(buckets, percent) for percent in (50, 99, 99.9)],
                         [10, 20, 30])

    def test_nothing_measured_is_an_error(self):
        with self.assertRaisesRegex(LabError, "no packet"):
            pace.percentile([0] * pace.BUCKETS, 50)


class Shared(unittest.TestCase):
    def test_fields_are_those_of_the_c_side(self):
        with open(os.path.join(ROOT, "tests/bench/pace.c"), encoding="ascii") as file:
            text = file.read()
        body = re.search(r"struct pace \{(.*?)\};", text, re.DOTALL).group(1)
        fields = re.findall(r"uint64_t (\w+)(?:\[\w+\])?;", body)
        self.assertEqual(fields, [*pace.FIELDS, "buckets"])

    def test_a_rate_needs_the_clock_of_the_program(self):
        with tempfile.TemporaryDirectory() as directory:
            with self.assertRaisesRegex(LabError, "has started"):
                pace.Pace(os.path.join(directory, "x")).start(1000)


class Rows(unittest.TestCase):
    def test_ratios_are_of_one_round(self):
        times = {50: 1.0, 99: 2.0, 99.9: 3.0}
        slow = {percent: 2 * value for percent, value in times.items()}
        turns = {"onramp": [Stay(1e6, times, 0.0), Stay(1e6, slow, 0.01)],
                 "l3fwd_fib": [Stay(2e6, slow, 0.0), Stay(2e6, slow, 0.0)]}
        rows = {row.metric: row for row in rows_at(50, turns)}
        self.assertEqual(rows["ratio_p99.9_at_50_l3fwd_fib"].values, [0.5, 1.0])
        self.assertEqual(rows["missed_at_50_onramp"].values, [0.0, 1.0])
        self.assertEqual(rows["p99_at_50_onramp"].value, 3.0)


if __name__ == "__main__":
    unittest.main()
