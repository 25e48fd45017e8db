# SPDX-License-Identifier: BSD-3-Clause
"""A full Internet table: the real one where the data is beside the project, else one of the same
mix of prefix lengths."""

import gzip
import ipaddress
import os
import random

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
DATA = os.path.join(os.path.dirname(ROOT), "shared/data")
# How a full table spreads over prefix lengths, in thousandths; for machines without the data.
LENGTHS = {4: {24: 590, 23: 105, 22: 120, 21: 55, 20: 47, 19: 28, 18: 15, 17: 9, 16: 15, 15: 8, 14: 8},
           6: {48: 480, 44: 90, 40: 90, 36: 60, 32: 230, 33: 25, 29: 25}}
COUNTS = {4: 900_000, 6: 160_000}


def load_lines():
    """({4: [prefix as text, ...], 6: ...}, where from)."""
    paths = {family: os.path.join(DATA, f"internet-v{family}.txt.gz") for family in (4, 6)}
    if all(os.path.exists(path) for path in paths.values()):
        lines = {}
        for family, path in paths.items():
            with gzip.open(path, "rt", encoding="ascii") as file:
                lines[family] = [line.strip() for line in file if line.strip()]
        return lines, "a real table"
    return {family: [text_of(row, family) for row in sorted(generate(family))]
            for family in (4, 6)}, "a generated table"


def load_tables():
    """({4: set of (network, length), 6: ...}, where from)."""
    lines, source = load_lines()
    return {family: {parse(line) for line in rows} for family, rows in lines.items()}, source


def parse(text):
    network = ipaddress.ip_network(text)
    return int(network.network_address), network.prefixlen


def generate(family):
    source = random.Random(20240101 + family)
    bits = 32 if family == 4 else 128
    lengths, weights = zip(*LENGTHS[family].items())
    table = set()
    while len(table) < COUNTS[family]:
        length = source.choices(lengths, weights)[0]
        address = source.randrange(1 << 24, 224 << 24) if family == 4 \
            else (1 << 125) | source.getrandbits(125)
        table.add((address >> (bits - length) << (bits - length), length))
    return {row for row in table if family == 6 or routable(row[0])}


def routable(number):
    """Not what a router drops before it looks anything up, nor the lab's own networks."""
    first = number >> 24
    return 1 <= first < 224 and first not in (10, 127) and number >> 16 != 0xa9fe


def text_of(row, family):
    address = ipaddress.IPv4Address(row[0]) if family == 4 else ipaddress.IPv6Address(row[0])
    return f"{address}/{row[1]}"
