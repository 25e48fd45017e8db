# SPDX-License-Identifier: BSD-3-Clause
"""What a case is made of: tables for the dataplane, flows for the pcap file, routes for peers."""

import random

from . import prefixes

PORT_MAC = bytes.fromhex("027063617000")  # net_pcap's first port
ROUTES_PER_VRF = 900
GROUP_FIRST = 16  # API_GROUP_FIRST
NEIGHBOURS = 16
RSS_AUTO, RSS_HARDWARE, RSS_SOFTWARE = range(3)  # enum api_rss
TABLE_SEED = 4
POLICER_MBPS = 400_000  # drops nothing: more than one worker can forward


def tag_pair(tags, number):
    """(s_tag, c_tag) of interface `number`, from 1."""
    if tags == "untagged":
        return 0, 0
    return (1 + number // 4000, 1 + number % 4000) if tags == "qinq" else (0, number)


class Site:
    """Interface 1..V is where the packets of vrf 1..V come in, V+1..2V where they leave."""

    def __init__(self, case):
        self.case = case
        full, self.source = prefixes.internet(case.family)
        self.tables = self._tables(full)
        self.flows = self._flows()

    def _tables(self, full):
        case, chance = self.case, random.Random(TABLE_SEED)
        if case.table == "internet":
            return [full]
        count = 64 if case.table == "64r" else ROUTES_PER_VRF
        return [chance.sample(full, count) for _ in range(case.vrfs)]

    def _flows(self):
        case, chance = self.case, random.Random(TABLE_SEED)
        drawn = [chance.randrange(case.vrfs) for _ in range(case.destinations)]
        pools = [iter(prefixes.destinations(case.family, table, drawn.count(vrf), seed=vrf))
                 for vrf, table in enumerate(self.tables)]
        pairs = [tag_pair(case.tags, 1 + vrf) for vrf in range(case.vrfs)]
        return [([vid for vid in pairs[vrf] if vid], next(pools[vrf])) for vrf in drawn]

    def untagged_flows(self):
        return [([], destination) for _, destination in self.flows]

    # ---- the dataplane's tables, as commands of tests/bench/site.c ----

    def interfaces(self):
        case = self.case
        for number in range(1, 2 * case.vrfs + 1):
            vrf = (number - 1) % case.vrfs + 1
            # The way out of an untagged interface needs a tag: two untagged ones are one.
            tags = "vlan" if case.tags == "untagged" and number > case.vrfs else case.tags
            s_tag, c_tag = tag_pair(tags, number)
            four = prefixes.text(4, (198 << 24 | 18 << 16) + 32 * number + 1)
            incoming = number <= case.vrfs
            policer = number if case.policers > (0 if incoming else 1) else 0
            if policer:
                yield f"policer {policer} {POLICER_MBPS}"
            yield (f"interface {number} 0 {vrf} {s_tag} {c_tag} {four}/27 "
                   f"2001:2:0:{number:x}::1/64 "
                   + (f"{policer} 0" if incoming else f"0 {policer}"))

    def next_hops(self):
        case, serial = self.case, 0
        for vrf in range(1, case.vrfs + 1):
            out = case.vrfs + vrf
            for neighbour in range(self.neighbours()):
                serial += 1
                if case.family == 4:
                    address = prefixes.text(4, (198 << 24 | 18 << 16) + 32 * out + 2 + neighbour)
                else:
                    address = f"2001:2:0:{out:x}::{2 + neighbour:x}"
                yield f"adjacency {serial} {out} {address} 02:00:00:00:{neighbour:02x}:02"
                first = serial - neighbour
                members = [first + (neighbour + i) % self.neighbours() for i in range(case.members)]
                yield f"group {GROUP_FIRST + serial} {' '.join(map(str, members))}"

    def neighbours(self):
        return NEIGHBOURS if self.case.vrfs == 1 else 1

    def routes(self):
        family, each = self.case.family, self.neighbours()
        for vrf, table in enumerate(self.tables):
            first = GROUP_FIRST + 1 + vrf * each
            for index, (address, length) in enumerate(table):
                yield (f"route {vrf + 1} {prefixes.text(family, address)}/{length} "
                       f"{first + index % each}")

    def commands(self, device, rss=RSS_AUTO):
        yield "begin"
        yield f"port 0 {device} {rss}"
        for vrf in range(1, self.case.vrfs + 1):
            yield f"vrf {vrf}"
        yield from self.interfaces()
        yield from self.next_hops()
        yield from self.routes()
        yield "end"

    # ---- peers ----

    def rules(self):
        """l3fwd's rule file: everything leaves by port 1."""
        return [f"R{prefixes.text(self.case.family, address)}/{length} 1"
                for address, length in self.tables[0]]
