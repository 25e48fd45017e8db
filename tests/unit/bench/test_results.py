# SPDX-License-Identifier: BSD-3-Clause
"""Rows, tables, goals, ratios of interleaved turns."""

import json
import tempfile
import unittest
from xml.etree import ElementTree

from onramp_bench import plot, report
from onramp_bench.contestant import Turn
from onramp_bench.forwarding import ratios, rows_of
from onramp_bench.cases import BY_NAME
from onramp_bench.results import Row, skipped, table

SVG = "{http://www.w3.org/2000/svg}"


class Rows(unittest.TestCase):
    def test_json_has_the_median_and_the_spread(self):
        row = Row("forwarding", "c", "mpps_onramp", "Mpps", [3.0, 1.0, 2.0], build="b")
        self.assertEqual(json.loads(row.json()),
                         {"bench": "forwarding", "case": "c", "metric": "mpps_onramp", "value": 2.0,
                          "unit": "Mpps", "min": 1.0, "max": 3.0, "runs": 3, "build": "b"})

    def test_whole_numbers_stay_whole(self):
        self.assertEqual(json.loads(Row("fib", "c", "bytes", "B", [123456789]).json())["value"],
                         123456789)

    def test_table_says_whether_a_goal_is_reached(self):
        for value, verdict in ((0.61, "reached"), (0.59, "NOT reached")):
            lines = table([Row("forwarding", "v4-vlan-64r-1k", "ratio_macswap", "", [value])])
            self.assertRegex(lines[1], rf">= 0\.6\s+{verdict}$")

    def test_goal_of_bytes_is_in_mebibytes(self):
        lines = table([Row("fib", "v4-internet-uniform", "bytes", "B", [9 << 20])])
        self.assertRegex(lines[1], r"<= 8 MiB\s+NOT reached$")

    def test_columns_line_up(self):
        lines = table([Row("x", "short", "m", "", [1.0]), Row("x", "a longer one", "mm", "", [2e6])])
        self.assertEqual(lines[1].index(" m "), lines[2].index(" mm"))


class Ratios(unittest.TestCase):
    def test_each_round_by_itself(self):
        """A machine that slows down by half during the run changes no ratio."""
        mine = [Turn(100, 1.0), Turn(50, 1.0)]
        other = [Turn(200, 1.0), Turn(100, 1.0)]
        self.assertEqual(ratios(mine, other), [0.5, 0.5])

    def test_rows_of_a_case(self):
        turns = {("v4-vlan-64r-1k", "onramp"): [Turn(6_000_000, 1.0, {"cycles": 400.0})],
                 ("v4-vlan-64r-1k", "macswap"): [Turn(12_000_000, 1.0)]}
        rows = {row.metric: row.value for row in rows_of(BY_NAME["v4-vlan-64r-1k"], turns)}
        self.assertEqual(rows, {"mpps_onramp": 6.0, "cycles": 400.0, "mpps_macswap": 12.0,
                                "ratio_macswap": 0.5})


class Plot(unittest.TestCase):
    def test_bars_are_as_long_as_their_cycles(self):
        rows = [Row("forwarding", "a<b", f"cycles_{stage}", "cycles", [value])
                for stage, value in (("receive", 10.0), ("route", 30.0))]
        rows.append(Row("forwarding", "a<b", "cycles_more", "cycles", [99.0]))
        rows.append(Row("forwarding", "a<b", "cycles", "cycles", [99.0]))
        root = ElementTree.fromstring(plot.stages(rows))
        bars = {bar[0].text: float(bar.get("width")) for bar in root.iter(SVG + "rect") if len(bar)}
        self.assertEqual(list(bars), ["receive: 10.0", "route: 30.0"])
        self.assertAlmostEqual(bars["route: 30.0"] / bars["receive: 10.0"], 3, places=2)
        self.assertIn("a<b", [text.text for text in root.iter(SVG + "text")])

    def test_steps_are_round(self):
        self.assertEqual([plot.nice_step(top) for top in (7, 40, 90, 240, 1000)],
                         [1, 5, 10, 50, 100])


class Report(unittest.TestCase):
    def test_the_last_of_several_counts_and_skipped_rows_do_not(self):
        row = Row("forwarding", "v4-vlan-64r-1k", "ratio_macswap", "", [0.5], build="b1")
        newer = Row("forwarding", "v4-vlan-64r-1k", "ratio_macswap", "", [0.7], build="b2")
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            print(row.json(), skipped("forwarding", "c", "m", "why", "b1"), newer.json(), sep="\n",
                  file=file, flush=True)
            rows, builds = report.load([file.name])
        self.assertEqual(builds, ["b1", "b2"])
        lines = list(report.figures(rows))
        self.assertEqual(len(lines), 3)
        self.assertIn("| 0.7  | 0.7 to 0.7 | >= 0.6 | reached |", lines[2])

    def test_stages_are_summed(self):
        rows = [Row("forwarding", "c", f"cycles_{stage}", "cycles", [value])
                for stage, value in (("receive", 10.0), ("route", 30.4))]
        self.assertEqual(list(report.stages(rows))[2], "| `c` | 10 | 30 | 40 |")


if __name__ == "__main__":
    unittest.main()
