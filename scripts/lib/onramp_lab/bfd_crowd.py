# SPDX-License-Identifier: BSD-3-Clause
"""Many BFD peers on one port, written for tests: the routers of virtual networks, each in a VLAN of
its own, which answer ARP and ND and speak BFD, all in one process on the port's netdev.

  bfd_crowd.py DEVICE COUNT"""

import heapq
import os
import random
import socket
import struct
import sys
import time

if __package__:
    from .bfd_peer import DOWN, INIT, PACKET, PORT, UP, checksum, ip_packet, packet
else:
    from bfd_peer import DOWN, INIT, PACKET, PORT, UP, checksum, ip_packet, packet

FIRST_VLAN = 1000
INTERVAL_US, MULTIPLIER = 300000, 3
MAC = bytes.fromhex("02000000c001")
# <linux/if_packet.h>, <linux/if_ether.h>, <asm-generic/socket.h>
SOL_PACKET, PACKET_AUXDATA, VLAN_VALID = 263, 8, 0x10
ETH_P_ALL, SO_RCVBUFFORCE = 3, 33
AUXDATA = struct.Struct("IIIHHHH")
ARP, IPV4, IPV6 = 0x0806, 0x0800, 0x86dd


def wires(count):
    """[(vlan, ((peer4, edge4), (peer6, edge6)))]"""
    return [(FIRST_VLAN + i, ((f"10.240.{i}.1", f"10.240.{i}.2"),
                              (f"fd00:240:{i:x}::1", f"fd00:240:{i:x}::2"))) for i in range(count)]


def vnet_name(vlan):
    return f"many-{vlan}"


def vnets_yaml(count):
    return "".join(f"""\
  - name: {vnet_name(vlan)}
    core:
      port: core
      vlan: {vlan}
      static:
        prefixes: [10.241.{vlan - FIRST_VLAN}.0/24]
        link_subnets: [{peer4}/30, "{peer6}/126"]
""".replace(f"{peer4}/30", peer4[:-1] + "0/30").replace(f"{peer6}/126", peer6[:-1] + "/126")
                   for vlan, ((peer4, _), (peer6, _)) in wires(count))


class Session:
    """RFC 5880 6.8.6 as far as a peer needs it that is never attacked."""

    def __init__(self, vlan, local, remote):
        self.vlan, self.local, self.remote = vlan, local, remote
        self.state, self.mine, self.yours = DOWN, random.randrange(1, 1 << 32), 0
        self.mac = None  # of the edge; not known before it spoke

    def payload(self, flags=0):
        return packet(self.state, self.mine, self.yours, flags=flags, multiplier=MULTIPLIER,
                      min_tx_us=INTERVAL_US, min_rx_us=INTERVAL_US)

    def hear(self, payload):
        """What is to be answered at once, or None."""
        _, bits, _, _, self.yours, _, _, _, _ = PACKET.unpack(payload[:PACKET.size])
        theirs = bits >> 6
        if theirs == 0 or (self.state == UP and theirs == DOWN):
            self.state = DOWN
        elif self.state == DOWN and theirs in (DOWN, INIT):
            self.state = INIT if theirs == DOWN else UP
        elif self.state == INIT and theirs in (INIT, UP):
            self.state = UP
        return self.payload(flags=0x10) if bits & 0x20 else None


class Crowd:
    def __init__(self, device, count):
        self.wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.wire.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.wire.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
        self.wire.bind((device, ETH_P_ALL))
        self.sessions = {}
        for vlan, families in wires(count):
            for peer, edge in families:
                family = socket.AF_INET6 if ":" in peer else socket.AF_INET
                key = (vlan, socket.inet_pton(family, peer))
                self.sessions[key] = Session(vlan, peer, edge)
        now = time.monotonic()
        self.due = [(now + random.random(), key) for key in self.sessions]
        heapq.heapify(self.due)

    # ---- out ----

    def send(self, vlan, mac, ethertype, data):
        self.wire.send(mac + MAC + struct.pack(">HHH", 0x8100, vlan, ethertype) + data)

    def say(self, session, payload):
        row = {"source": session.local, "target": session.remote, "ttl": 255, "port": PORT,
               "payload": payload.hex()}
        self.send(session.vlan, session.mac, IPV6 if ":" in session.local else IPV4, ip_packet(row))

    def say_what_is_due(self):
        """Returns until when there is nothing to say."""
        now = time.monotonic()
        while self.due[0][0] <= now:
            _, key = self.due[0]
            session = self.sessions[key]
            if session.mac:
                self.say(session, session.payload())
            pause = INTERVAL_US / 1e6 * random.uniform(0.75, 0.9)
            heapq.heapreplace(self.due, (now + pause, key))
        return self.due[0][0]

    # ---- in ----

    def receive(self):
        """(vlan, source MAC, EtherType, what is behind), or None."""
        data, extra, _, (_, _, kind, *_) = self.wire.recvmsg(2048, 64)
        if kind == socket.PACKET_OUTGOING or not extra:
            return None
        status, _, _, _, _, tag, _ = AUXDATA.unpack(extra[0][2][:AUXDATA.size])
        ethertype = struct.unpack(">H", data[12:14])[0]
        if status & VLAN_VALID:
            return tag & 0xfff, data[6:12], ethertype, data[14:]
        if ethertype == 0x8100:
            tag, ethertype = struct.unpack(">HH", data[14:18])
            return tag & 0xfff, data[6:12], ethertype, data[18:]
        return None

    def answer_arp(self, vlan, mac, data):
        operation, target = data[6:8], data[24:28]
        if operation == b"\0\1" and (vlan, target) in self.sessions:
            self.send(vlan, mac, ARP, data[:6] + b"\0\2" + MAC + target + mac + data[14:18])

    def answer_nd(self, vlan, mac, data):
        """A neighbour solicitation (RFC 4861 4.3), behind the IPv6 header."""
        target, asker = data[48:64], data[8:24]
        if (vlan, target) not in self.sessions:
            return
        advice = b"\x88\0\0\0\x60\0\0\0" + target + b"\2\1" + MAC
        ends = target + asker
        total = checksum(ends + struct.pack(">II", len(advice), 58) + advice)
        advice = advice[:2] + struct.pack(">H", total) + advice[4:]
        header = struct.pack(">IHBB", 6 << 28, len(advice), 58, 255)
        self.send(vlan, mac, IPV6, header + ends + advice)

    def hear(self):
        frame = self.receive()
        if frame is None:
            return
        vlan, mac, ethertype, data = frame
        if ethertype == ARP:
            self.answer_arp(vlan, mac, data)
            return
        if ethertype not in (IPV4, IPV6):
            return
        protocol, at = (data[9], 20) if ethertype == IPV4 else (data[6], 40)
        if ethertype == IPV6 and protocol == 58 and data[40] == 135:
            self.answer_nd(vlan, mac, data)
        if protocol != socket.IPPROTO_UDP or data[at + 2:at + 4] != struct.pack(">H", PORT):
            return
        session = self.sessions.get((vlan, data[16:20] if ethertype == IPV4 else data[24:40]))
        if session is None:
            return
        session.mac = mac
        answer = session.hear(data[at + 8:])
        if answer:
            self.say(session, answer)

    def run(self):
        while True:
            until = self.say_what_is_due()
            self.wire.settimeout(max(0.001, until - time.monotonic()))
            try:
                self.hear()
            except TimeoutError:
                pass


if __name__ == "__main__":
    crowd = Crowd(sys.argv[1], int(sys.argv[2]))
    print("listening", os.getpid(), flush=True)
    crowd.run()
