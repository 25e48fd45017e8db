# SPDX-License-Identifier: BSD-3-Clause
"""Frames and pcap files, written directly: a packet library is too slow for 64k of them."""

import random
import struct

# Bytes of the frame without tags, frame check sequence included (RFC 2544 9.1). IMIX is the simple
# one: 7 of 64, 4 of 594, 1 of 1518 in a random order.
IMIX = [64] * 7 + [594] * 4 + [1518]
SIZES = {"64": [64], "594": [594], "imix": IMIX, "1500": [1518]}
FCS_BYTES = 4
ETHERNET_BYTES = 14
ETHERTYPE = {4: 0x0800, 6: 0x86dd}
UDP = 17
SOURCE_MAC = bytes.fromhex("02000000aa01")


def checksum(data):
    """RFC 1071, of an even number of bytes."""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def tags_of(ethertype, vids):
    """The bytes between MAC addresses and payload: tags outermost first, then the EtherType."""
    return b"".join(struct.pack("!HH", 0x8100, vid) for vid in vids) + struct.pack("!H", ethertype)


def ip_packet(family, length, source, destination, ports):
    """UDP over IP, `length` bytes in all or the least that is possible."""
    header = 20 if family == 4 else 40
    length = max(length, header + 8)
    udp = struct.pack("!HHHH", *ports, length - header, 0) + bytes(length - header - 8)
    if family == 6:
        return struct.pack("!IHBB", 6 << 28, len(udp), UDP, 64) + source.to_bytes(16, "big") \
            + destination.to_bytes(16, "big") + udp
    fields = struct.pack("!BBHHHBB", 0x45, 0, length, 0, 0, 64, UDP)
    addresses = source.to_bytes(4, "big") + destination.to_bytes(4, "big")
    return fields + struct.pack("!H", checksum(fields + bytes(2) + addresses)) + addresses + udp


def frame(family, mac, vids, size, source, destination, ports):
    packet = ip_packet(family, size - FCS_BYTES - ETHERNET_BYTES, source, destination, ports)
    return mac + SOURCE_MAC + tags_of(ETHERTYPE[family], vids) + packet


def frames(family, mac, flows, sizes, seed=3):
    """One frame for each (vids, destination) of flows, from random sources."""
    chance = random.Random(seed)
    for vids, destination in flows:
        if family == 4:
            source = 198 << 24 | 19 << 16 | chance.getrandbits(16)
        else:
            source = 0x20010002_0000ffff << 64 | chance.getrandbits(64)
        ports = (chance.randrange(1024, 65536), chance.randrange(1024, 65536))
        yield frame(family, mac, vids, chance.choice(sizes), source, destination, ports)


def write_pcap(path, rows):
    """Returns how many frames it wrote."""
    count = 0
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for row in rows:
            file.write(struct.pack("<IIII", 0, 0, len(row), len(row)) + row)
            count += 1
    return count
