# SPDX-License-Identifier: BSD-3-Clause
"""The forwarding cases: what is in the tables, what is in the packets."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Case:
    name: str
    family: int = 4
    tags: str = "vlan"       # untagged, vlan, qinq
    table: str = "64r"       # 64r: 64 routes, internet: a full table, vrfs: 900 routes in each
    destinations: int = 1024
    vrfs: int = 1
    size: str = "64"         # key of packets.SIZES
    members: int = 1         # of each next-hop group
    policers: int = 1        # 0: none, 1: where packets come in, 2: where they leave, too
    base: str = ""           # the case it differs from in one feature


BASE = Case("v4-vlan-64r-1k")
INTERNET = Case("v4-vlan-internet-16k", table="internet", destinations=16384)


def variant(base, name, **changes):
    return replace(base, name=name, base=base.name, **changes)


CASES = [
    BASE,
    INTERNET,
    variant(INTERNET, "v4-vlan-internet-64k", destinations=65536),
    # What the packets themselves take of the caches, without the table's share.
    variant(BASE, "v4-vlan-64r-16k", destinations=16384),
    variant(BASE, "v4-qinq-64r-1k", tags="qinq"),
    Case("v6-vlan-internet-16k", family=6, table="internet", destinations=16384),
    Case("v4-vlan-1000vrf", table="vrfs", destinations=16384, vrfs=1000),
    variant(BASE, "v4-untagged-64r-1k", tags="untagged"),
    variant(BASE, "v4-vlan-64r-1k-imix", size="imix"),
    variant(BASE, "v4-vlan-64r-1k-1500", size="1500"),
    variant(BASE, "v4-vlan-64r-1k-no-policer", policers=0),
    variant(BASE, "v4-vlan-64r-1k-two-policers", policers=2),
    variant(BASE, "v4-vlan-64r-1k-ecmp4", members=4),
    variant(BASE, "v6-vlan-64r-1k", family=6),
    Case("v6-qinq-64r-1k", family=6, tags="qinq", base="v6-vlan-64r-1k"),
    Case("v6-untagged-64r-1k", family=6, tags="untagged", base="v6-vlan-64r-1k"),
]
BY_NAME = {case.name: case for case in CASES}
