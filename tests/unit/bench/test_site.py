# SPDX-License-Identifier: BSD-3-Clause
"""Prefixes, destinations and the tables of a case."""

import ipaddress
import unittest
from unittest import mock

from onramp_bench import prefixes
from onramp_bench.cases import BY_NAME, CASES
from onramp_bench.goals import GOALS, RATIO_TO
from onramp_bench.site import Site, tag_pair

SMALL = {4: (prefixes.generated(4, 2000), "generated"), 6: (prefixes.generated(6, 2000), "generated")}


def site(name):
    with mock.patch.object(prefixes, "internet", lambda family: SMALL[family]):
        return Site(BY_NAME[name])


class Prefixes(unittest.TestCase):
    def test_generated_are_distinct_and_have_no_host_bits(self):
        for family, width in ((4, 32), (6, 128)):
            rows = SMALL[family][0]
            self.assertEqual(len(set(rows)), 2000)
            for address, length in rows:
                self.assertEqual(address & ((1 << (width - length)) - 1), 0)
                self.assertTrue(prefixes.forwardable(family, address))

    def test_forbidden_addresses(self):
        for text in ("127.0.0.1", "0.1.2.3", "224.0.0.5", "255.255.255.255", "198.19.1.1",
                     "169.254.1.1"):
            self.assertFalse(prefixes.forwardable(4, int(ipaddress.ip_address(text))), text)
        for text in ("::1", "fe80::1", "ff02::1", "2001:2::1", "fc00::1"):
            self.assertFalse(prefixes.forwardable(6, int(ipaddress.ip_address(text))), text)
        self.assertTrue(prefixes.forwardable(4, int(ipaddress.ip_address("8.8.8.8"))))
        self.assertTrue(prefixes.forwardable(6, int(ipaddress.ip_address("2001:4860::1"))))

    def test_destinations_are_in_the_table(self):
        rows = set(SMALL[4][0])
        for address in prefixes.destinations(4, SMALL[4][0], 500):
            self.assertTrue(any((address & prefixes.mask(4, length), length) in rows
                                for length in range(33)))


class Tables(unittest.TestCase):
    def test_each_packet_is_of_its_vrf(self):
        made = site("v4-vlan-1000vrf")
        for vids, destination in made.flows[:2000]:
            table = set(made.tables[vids[0] - 1])
            self.assertTrue(any((destination & prefixes.mask(4, length), length) in table
                                for length in range(33)))

    def test_no_two_interfaces_have_the_same_tags(self):
        for case in CASES:
            seen = [tuple(line.split()[4:6]) for line in site(case.name).interfaces()
                    if line.startswith("interface")]
            self.assertEqual(len(set(seen)), 2 * case.vrfs, case.name)

    def test_qinq_vids_are_possible(self):
        for number in (1, 3999, 4000, 8001):
            s_tag, c_tag = tag_pair("qinq", number)
            self.assertTrue(0 < s_tag < 4095 and 0 < c_tag < 4095)

    def test_commands_name_only_groups_that_were_stated(self):
        made = site("v4-vlan-64r-1k-ecmp4")
        commands = [line.split() for line in made.commands("net_null0")]
        groups = {words[1]: words[2:] for words in commands if words[0] == "group"}
        adjacencies = {words[1] for words in commands if words[0] == "adjacency"}
        routes = [words for words in commands if words[0] == "route"]
        self.assertEqual(len(routes), 64)
        self.assertLessEqual({words[3] for words in routes}, set(groups))
        for members in groups.values():
            self.assertEqual(len(set(members)), 4)
            self.assertLessEqual(set(members), adjacencies)

    def test_goals_are_of_cases_that_exist(self):
        for bench, case, _ in GOALS:
            if bench == "forwarding":
                self.assertIn(case, BY_NAME)
        self.assertLessEqual(set(RATIO_TO) | set(RATIO_TO.values()), set(BY_NAME))


if __name__ == "__main__":
    unittest.main()
