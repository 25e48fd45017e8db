# SPDX-License-Identifier: BSD-3-Clause
"""Frames as scapy reads them, and the pcap file."""

import os
import tempfile
import unittest

from scapy.all import IP, UDP, Dot1Q, Ether, IPv6, rdpcap, raw

from onramp_bench import packets

MAC = bytes.fromhex("027063617000")


class Frames(unittest.TestCase):
    def frame(self, family, vids, size):
        if family == 4:
            source, destination = 0xc6130001, 0x08080808
        else:
            source, destination = 0x20010002 << 96 | 1, 0x20014860 << 96 | 0x8888
        return packets.frame(family, MAC, vids, size, source, destination, (1024, 53))

    def test_ipv4_checksum_is_what_scapy_computes(self):
        packet = Ether(self.frame(4, [], 64))
        said = packet[IP].chksum
        del packet[IP].chksum
        self.assertEqual(Ether(raw(packet))[IP].chksum, said)
        self.assertEqual((packet[IP].dst, packet[IP].ttl), ("8.8.8.8", 64))
        self.assertEqual(packet[UDP].dport, 53)

    def test_tags_come_on_top_of_the_size(self):
        for vids in ([], [7], [7, 4094]):
            frame = self.frame(4, vids, 64)
            self.assertEqual(len(frame), 60 + 4 * len(vids))
            packet = Ether(frame)
            self.assertEqual([packet[Dot1Q:i + 1].vlan for i in range(len(vids))], vids)
            self.assertEqual(packet[IP].len, 46)

    def test_large_frames(self):
        self.assertEqual(Ether(self.frame(4, [], 1518))[IP].len, 1500)
        self.assertEqual(Ether(self.frame(6, [], 1518))[IPv6].plen, 1460)

    def test_ipv6_is_at_least_its_headers(self):
        packet = Ether(self.frame(6, [5], 64))
        self.assertEqual(packet[IPv6].plen, 8)
        self.assertEqual(packet[IPv6].dst, "2001:4860::8888")

    def test_flows_keep_their_order_and_the_seed_repeats(self):
        flows = [([number], 0x08080800 + number) for number in range(1, 20)]
        first = list(packets.frames(4, MAC, flows, packets.IMIX))
        self.assertEqual(first, list(packets.frames(4, MAC, flows, packets.IMIX)))
        self.assertEqual([Ether(frame)[Dot1Q].vlan for frame in first], list(range(1, 20)))
        self.assertLess(1, len(set(map(len, first))))


class Pcap(unittest.TestCase):
    def test_scapy_reads_it(self):
        rows = [bytes([n]) * (60 + n) for n in range(5)]
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "x.pcap")
            self.assertEqual(packets.write_pcap(path, rows), 5)
            self.assertEqual([raw(packet) for packet in rdpcap(path)], rows)


if __name__ == "__main__":
    unittest.main()
