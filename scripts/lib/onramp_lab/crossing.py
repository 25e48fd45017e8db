# SPDX-License-Identifier: BSD-3-Clause
"""Pairs of a circuit and a virtual network that all have the same addresses, and one process that
is the neighbour of them all: it sends probes from each domain to every address there is, and knows
of each that comes back out whether it may come there.

  crossing.py COUNT CUSTOMER_PORT MAC CORE_PORT MAC

Domain 2 i is circuit i on the customers' port, 2 i + 1 its network on the core port, both in VLAN
FIRST_VLAN + i."""

import os
import select
import socket
import struct
import sys
import time

if __package__:
    from .bfd_crowd import ETH_P_ALL, IPV4, IPV6, PACKET_AUXDATA, SO_RCVBUFFORCE, SOL_PACKET, Crowd
    from .bfd_peer import checksum
else:
    from bfd_crowd import ETH_P_ALL, IPV4, IPV6, PACKET_AUXDATA, SO_RCVBUFFORCE, SOL_PACKET, Crowd
    from bfd_peer import checksum

FIRST_VLAN = 1000
PORT = 40404
PROBE = struct.Struct(">8sIHH")  # MAGIC, round, domain it is from, number of its target
MAGIC = b"crossing"
BURST, PAUSE_S, REST_S = 64, 0.004, 0.3
CUSTOMERS, NETWORKS = ("192.0.2.65", "2001:db8:3::1"), ("10.240.0.1", "fd00:240::1")
COMMON = ("10.241.0.10", "fd00:241::10")  # of all networks


def own(pair):
    """Addresses that the pair's network alone has."""
    return f"10.242.{pair}.10", f"fd00:242:{pair:x}::10"


def circuits_yaml(count, disabled=()):
    return "".join(f"""\
  - name: cross-{i}
    port_pair: shared
    bandwidth: 100M
    tier: standard
    state: {"disabled" if i in disabled else "enabled"}
    peerings:
      - type: private
        vlan: {FIRST_VLAN + i}
        peer_asn: 65100
        bfd: off
        link_subnets: [192.0.2.64/29, "2001:db8:3::/125"]
""" for i in range(count))


def vnets_yaml(count, missing=()):
    return "".join(f"""\
  - name: cross-{i}
    core:
      port: core
      vlan: {FIRST_VLAN + i}
      static:
        prefixes: [10.241.0.0/24, "fd00:241::/64", 10.242.{i}.0/24, "fd00:242:{i:x}::/64"]
        link_subnets: [10.240.0.0/30, "fd00:240::/126"]
    connections: [{{circuit: cross-{i}}}]
""" for i in range(count) if i not in missing)


def packed(address):
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)


def udp_packet(source, target, payload):
    """(EtherType, packet)"""
    udp = struct.pack(">HHHH", PORT, PORT, 8 + len(payload), 0) + payload
    if len(source) == 4:
        head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + source + target
        return IPV4, head[:10] + struct.pack(">H", checksum(head)) + head[12:] + udp
    total = checksum(source + target + struct.pack(">II", len(udp), 17) + udp)
    udp = udp[:6] + struct.pack(">H", total or 0xffff) + udp[8:]
    return IPV6, struct.pack(">IHBB", 6 << 28, len(udp), 17, 64) + source + target + udp


class Neighbours(Crowd):
    """All on one port. side: 0 circuits, 1 networks."""

    def __init__(self, device, mac, side, count):  # pylint: disable=super-init-not-called
        self.wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.wire.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.wire.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
        self.wire.bind((device, ETH_P_ALL))
        self.mac, self.side = bytes.fromhex(mac.replace(":", "")), side
        # Whom the inherited answers to ARP and ND speak for.
        self.sessions = {(FIRST_VLAN + i, packed(address)) for i in range(count)
                         for address in (CUSTOMERS, NETWORKS)[side]}

    def probe(self):
        """(domain that it came to, probe), or None; others' questions are answered."""
        frame = self.receive()
        if frame is None:
            return None
        vlan, mac, ethertype, data = frame
        if ethertype == 0x0806:
            self.answer_arp(vlan, mac, data)
        if ethertype not in (IPV4, IPV6):
            return None
        protocol, at = (data[9], 20) if ethertype == IPV4 else (data[6], 40)
        if ethertype == IPV6 and protocol == 58 and data[40] == 135:
            self.answer_nd(vlan, mac, data)
        payload = data[at + 8:at + 8 + PROBE.size]
        if protocol != socket.IPPROTO_UDP or not payload.startswith(MAGIC):
            return None
        return 2 * (vlan - FIRST_VLAN) + self.side, PROBE.unpack(payload)


class Crossing:
    def __init__(self, count, customer, customer_mac, core, core_mac):
        self.count, self.round, self.leaks = count, 0, 0
        self.ports = (Neighbours(customer, customer_mac, 0, count),
                      Neighbours(core, core_mac, 1, count))
        # Number of a target: 2 for each pair's own, then what all networks and all customers have.
        texts = [address for i in range(count) for address in own(i)] + [*COMMON, *CUSTOMERS]
        self.targets = [packed(address) for address in texts]
        self.came = set()

    def may_come(self, source, target):
        """To the other domain of the pair."""
        if source % 2:
            return target >= 2 * self.count + 2
        return target // 2 in (source // 2, self.count)

    def send(self, source, target):
        port, address = self.ports[source % 2], self.targets[target]
        own4, own6 = (CUSTOMERS, COMMON)[source % 2]
        payload = PROBE.pack(MAGIC, self.round, source, target)
        ethertype, data = udp_packet(packed(own4 if len(address) == 4 else own6), address, payload)
        port.send(FIRST_VLAN + source // 2, port.mac, ethertype, data)

    def hear(self, seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            ready, _, _ = select.select([port.wire for port in self.ports], [], [], left)
            for port in self.ports:
                if port.wire in ready:
                    self.judge(port.probe())

    def judge(self, found):
        if found is None:
            return
        domain, (_, number, source, target) = found
        if domain != source ^ 1 or not self.may_come(source, target):
            self.leaks += 1
            print(f"LEAK from {source} to target {target} came out at {domain}", flush=True)
        elif number == self.round:
            self.came.add((source, target))

    def go_round(self):
        """The whole matrix, once."""
        matrix = [(source, target) for source in range(2 * self.count)
                  for target in range(len(self.targets))
                  # A customer's own address is not on the other side of its link; the network's is
                  # not on its own.
                  if self.may_come(source, target) or not self.is_its_own(source, target)]
        right = sum(self.may_come(*way) for way in matrix)
        self.round, self.came = self.round + 1, set()
        for at in range(0, len(matrix), BURST):
            for way in matrix[at:at + BURST]:
                self.send(*way)
            self.hear(PAUSE_S)
        self.hear(REST_S)
        print(f"round {self.round}: {len(matrix)} probes, {len(self.came)} of {right} came, "
              f"{self.leaks} leaks", flush=True)

    def is_its_own(self, source, target):
        """Routed back to where it comes from: no other domain."""
        if source % 2:
            return target // 2 in (source // 2, self.count)
        return target >= 2 * self.count + 2


if __name__ == "__main__":
    crossing = Crossing(int(sys.argv[1]), *sys.argv[2:6])
    print("probing", os.getpid(), flush=True)
    while True:
        crossing.go_round()
