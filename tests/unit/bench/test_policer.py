# SPDX-License-Identifier: BSD-3-Clause
"""The clocked wire's order of packets, the choice of circuits, the plot of errors."""

import unittest
from collections import Counter
from xml.etree import ElementTree

from onramp_bench import goals, neighbours, policer, policer_plot
from onramp_bench.results import Row
from onramp_lab.shell import LabError

SVG = "{http://www.w3.org/2000/svg}"


def row(case, value):
    return Row("policer", case, "error_pct", "%", [value])


class Wire(unittest.TestCase):
    def test_each_comes_as_often_as_it_weighs(self):
        counts = Counter(neighbours.in_turn([1000, 160, 160, 160], 1480))
        self.assertEqual([counts[index] for index in range(4)], [1000, 160, 160, 160])

    def test_nobody_comes_in_heaps(self):
        order = list(neighbours.in_turn([10, 1, 1], 120))
        for quiet in (1, 2):
            places = [place for place, number in enumerate(order) if number == quiet]
            gaps = {after - before for before, after in zip(places, places[1:])}
            self.assertLessEqual(max(gaps) - min(gaps), 2)

    def test_flows_are_those_of_their_circuit(self):
        flows = [([1 + number % 4], number) for number in range(8)]
        order = list(neighbours.mixed(flows, [2, 1, 1, 1]))
        self.assertEqual(len(order), 16 * len(flows))
        self.assertEqual(set(map(str, order)), set(map(str, flows)))


class Circuits(unittest.TestCase):
    def test_the_noisy_one_offers_ten_times_its_rate(self):
        offer = neighbours.Offer(100, 200)
        self.assertEqual(offer.mbps, [1000, 160, 160, 160])
        self.assertAlmostEqual(offer.pps, 1480e6 / 512)

    def test_no_more_is_offered_than_80_percent(self):
        for mpps in (2, 3, 4, 10, 20, 60):
            self.assertLessEqual(neighbours.carried(mpps * 1e6).pps, 0.8 * mpps * 1e6)
        self.assertEqual(neighbours.carried(60e6).noisy_mbps, 1000)

    def test_a_machine_that_carries_nothing_is_told(self):
        with self.assertRaises(LabError):
            neighbours.carried(1e6)


class Errors(unittest.TestCase):
    def test_names_of_rates(self):
        self.assertEqual([policer.name_of(mbps) for mbps in (50, 1000, 400_000)],
                         ["50M", "1G", "400G"])

    def test_every_case_has_the_goal(self):
        for case, value, reached in (("5G-64-in", 1.0, True),
                                     ("400G-9000-simulated", 1.01, False)):
            what = row(case, value)
            self.assertEqual(goals.goal_of(what).reached(what), reached)

    def test_the_plot_has_a_dot_for_each(self):
        rows = [row("1G-64-in", 0.1), row("50M-1500-out", 0.2), row("400G-1518-simulated", 0.001),
                Row("policer", "cost", "cycles", "cycles", [3])]
        self.assertEqual([dot[:3] for dot in policer_plot.dots_of(rows)],
                         [("1G", "64", False), ("50M", "1500", False), ("400G", "1500", True)])
        root = ElementTree.fromstring(policer_plot.errors(rows))
        self.assertEqual(len(root.findall(f"{SVG}circle/{SVG}title")), 3)
        texts = [text.text for text in root.findall(f"{SVG}text")]
        self.assertLess(texts.index("50M"), texts.index("1G"))
        self.assertLess(texts.index("1G"), texts.index("400G"))


if __name__ == "__main__":
    unittest.main()
