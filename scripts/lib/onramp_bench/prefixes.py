# SPDX-License-Identifier: BSD-3-Clause
"""Prefixes and destinations: real ones where ../shared/data is, else of the same mix of lengths."""

import gzip
import ipaddress
import os
import random
import socket

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
DATA = os.path.join(ROOT, "..", "shared", "data")
BITS = {4: 32, 6: 128}
FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
COUNT = {4: 901_899, 6: 160_147}
# Share of each length in a full table of 2024, in percent; what is missing falls to the first.
LENGTHS = {4: {24: 62.5, 23: 9.6, 22: 11.0, 21: 5.1, 20: 4.6, 19: 2.6, 18: 1.4, 17: 0.8, 16: 1.4,
               15: 0.2, 14: 0.1, 13: 0.06, 12: 0.03, 25: 0.1, 26: 0.1, 30: 0.1, 32: 0.2},
           6: {48: 47.0, 32: 12.0, 44: 9.0, 40: 11.0, 36: 5.0, 46: 4.0, 47: 3.0, 42: 2.5, 29: 2.5,
               33: 1.5, 34: 1.0, 38: 1.0, 64: 0.3, 128: 0.1}}
# Never forwarded, and the ranges for benchmarks, which the site's own addresses are from
# (RFC 2544 C.2.2, RFC 5180 8).
FORBIDDEN = {4: [ipaddress.ip_network(text) for text in
                 ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "198.18.0.0/15", "224.0.0.0/3")],
             6: [ipaddress.ip_network(text) for text in ("2001:2::/48",)]}


def mask(family, length):
    return ((1 << length) - 1) << (BITS[family] - length)


def forwardable(family, address):
    if family == 6 and address >> 125 != 1:  # 2000::/3: global unicast (RFC 4291 2.4)
        return False
    return not any(address & mask(family, net.prefixlen) == int(net.network_address)
                   for net in FORBIDDEN[family])


def generated(family, count, seed=1):
    """Distinct prefixes, the lengths mixed as in the Internet's table."""
    chance = random.Random(seed)
    lengths, weights = zip(*LENGTHS[family].items())
    found = set()
    while len(found) < count:
        length = chance.choices(lengths, weights)[0]
        address = chance.getrandbits(BITS[family])
        if family == 6:
            address = address & mask(6, 128) >> 3 | 1 << 125
        address &= mask(family, length)
        if forwardable(family, address):
            found.add((address, length))
    return sorted(found)


def from_file(family):
    rows = []
    with gzip.open(os.path.join(DATA, f"internet-v{family}.txt.gz"), "rt") as file:
        for line in file:
            text, length = line.split("/")
            rows.append((int.from_bytes(socket.inet_pton(FAMILIES[family], text), "big"),
                         int(length)))
    return rows


def internet(family):
    """(prefixes, where they are from) of a full table."""
    if os.path.exists(os.path.join(DATA, f"internet-v{family}.txt.gz")):
        return from_file(family), "real prefixes"
    return generated(family, COUNT[family]), "generated prefixes"


def destinations(family, prefixes, count, seed=2):
    """Addresses that prefixes have, each from a random prefix, all of them forwarded."""
    chance = random.Random(seed)
    found = []
    while len(found) < count:
        address, length = chance.choice(prefixes)
        address |= chance.getrandbits(BITS[family]) & ~mask(family, length) & mask(family,
                                                                                   BITS[family])
        if forwardable(family, address):
            found.append(address)
    return found


def text(family, address):
    return socket.inet_ntop(FAMILIES[family], address.to_bytes(BITS[family] // 8, "big"))
