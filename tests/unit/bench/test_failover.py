# SPDX-License-Identifier: BSD-3-Clause
"""What `scripts/bench failover` makes of what it saw: lost numbers, percentiles, plot, messages."""

import json
import os
import re
import struct
import tempfile
import unittest
from xml.etree import ElementTree

from onramp_bench import bfdd, failover_plot, links
from onramp_bench.failover import Failure, add_ratio, rows_of
from onramp_bench.failover_edge import Case
from onramp_bench.prefixes import ROOT
from onramp_bench.results import Row, percentile, table

SILENT = Case("silent-50ms-1k")


def failure(losses, moved=150.0, detect=149.5):
    return Failure(moved, detect, (moved - detect) * 1000, list(losses), 0, 0, 0, 1.0)


class Missing(unittest.TestCase):
    def test_all_came(self):
        self.assertEqual(links.missing(b"\xff\xff\x0f", 20), [])

    def test_the_numbers_whose_bits_are_clear(self):
        self.assertEqual(links.missing(bytes([0b11111101, 0xff, 0b01111111, 0]), 25), [1, 23, 24])

    def test_bits_behind_the_last_arrival_do_not_count(self):
        self.assertEqual(links.missing(b"\x07\x00", 3), [])


class Shared(unittest.TestCase):
    """Python's idea of struct links is C's."""

    def test_fields_are_those_of_the_header_in_their_order(self):
        with open(os.path.join(ROOT, "tests/bench/links.h"), encoding="utf-8") as file:
            body = re.search(r"struct links \{(.*?)\n\};", file.read(), re.DOTALL)[1]
        body = re.sub(r"/\*.*?\*/", "", body, flags=re.DOTALL)
        names = []
        for declaration in re.findall(r"uint(?:64|8)_t ([^;]*);", body):
            names += [name.strip() for name in declaration.split(",")]
        at = names.index("last_sent[LINKS]")
        names[at:at + 1] = [f"last_sent_{link}" for link in range(links.LINKS)]
        self.assertEqual(names, [*links.FIELDS, "intervals[LINKS_PERCENT_MAX]", "interval_min_us",
                                 "interval_max_us", "came[LINKS_SEQUENCES / 8]"])

    def test_losses_are_told_in_time(self):
        with tempfile.TemporaryDirectory() as directory:
            shared = links.Links(os.path.join(directory, "links"), SILENT)
            shared.first_clock = (0, 1000)  # a cycle is 2 ns
            shared["event_tsc"], shared["event_ns"] = 500, 2000
            shared["clock_tsc"], shared["pace"] = 500, 10 << links.FRACTION_BITS
            shared["arrived"] = 4
            shared.memory[links.CAME] = 0b1011
            self.assertEqual(shared.losses_ns(), [2000 + 2 * 10 * 2])


class Rows(unittest.TestCase):
    def test_percentile_is_the_nearest_rank(self):
        self.assertEqual(percentile(range(1, 101), 99), 99)
        self.assertEqual(percentile([5, 1], 99), 5)
        self.assertEqual(percentile([3], 50), 3)

    def test_losses_at_the_links_return_are_told_apart(self):
        rows = {row.metric: row.value for row in rows_of(SILENT, [failure([1, 2, 150.2, 400])])}
        self.assertEqual((rows["lost_packets"], rows["return_lost_packets"]), (3, 1))

    def test_a_peer_that_takes_bfd_away_is_detected_by_nobody(self):
        metrics = {row.metric for row in rows_of(Case("x", event="admin_down"), [failure([])])}
        self.assertEqual(metrics, {"lost_packets", "return_lost_packets", "reordered_packets",
                                   "false_downs"})

    def test_a_goal_may_be_of_the_rare_cases(self):
        values = [150.0] * 98 + [170.0] * 2
        row = Row.spread("failover", SILENT.name, "detect_ms", "ms", values)
        self.assertEqual(json.loads(row.json())["p99"], 170.0)
        self.assertRegex(table([row])[1], r"p99 <= 160 ms\s+NOT reached$")

    def test_ratio_of_the_table_sizes(self):
        class Bench:
            def add(self, rows):
                self.rows = rows
        for small, ratio in ((149.5, 1.2), (150.0, 600)):
            bench = Bench()
            add_ratio(bench, {SILENT: [failure([], 150.0, small)],
                              Case("silent-50ms-900k"): [failure([], 150.0, 149.4)]})
            self.assertAlmostEqual(bench.rows[0].value, ratio)


class Plot(unittest.TestCase):
    def test_half_of_all_packets_lost_is_half_of_the_height(self):
        shares = failover_plot.shares([failure([0.1, 0.3, 1.2])], 4000, 5)
        self.assertEqual(shares[failover_plot.BEFORE_MS:], [0.5, 0.25, 0, 0, 0])

    def test_it_is_an_svg_with_a_panel_for_each_case(self):
        svg = failover_plot.losses({SILENT: [failure([1])], Case("a<b"): [failure([])]}, 1000)
        words = "".join(ElementTree.fromstring(svg).itertext())
        self.assertIn("silent-50ms-1k", words)
        self.assertIn("a<b", words)


class Messages(unittest.TestCase):
    def test_a_session_is_laid_out_as_the_dataplane_reads_it(self):
        message = bfdd.session(7, b"\x0a\0\0\2", b"\x0a\0\0\1", 50_000, 3)
        self.assertEqual(struct.unpack(">BBHHH", message[:8]), (1, 0, bfdd.ADD_SESSION, 0, 140))
        self.assertEqual(len(message), 140)
        self.assertEqual(struct.unpack(">III", message[44:56]), (7, 50_000, 50_000))
        self.assertEqual(message[68:70], b"\xff\x03")
        self.assertEqual(struct.unpack(">I", message[72:76])[0], 65536 + 7)


if __name__ == "__main__":
    unittest.main()
