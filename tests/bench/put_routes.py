#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Puts routes into the kernel of the namespace it runs in, marked as BGP's, many a system call:
`ip -batch` waits for an answer to each.

usage: put_routes.py INTERFACE GATEWAY < PREFIXES, one a line, of the gateway's family"""

import ipaddress
import os
import socket
import struct
import sys

RTM_NEWROUTE, NLMSG_ERROR = 24, 2
NLM_F_REQUEST, NLM_F_ACK, NLM_F_EXCL, NLM_F_CREATE = 1, 4, 0x200, 0x400
RTA_DST, RTA_OIF, RTA_GATEWAY = 1, 4, 5
RT_TABLE_MAIN, RTPROT_BGP, RT_SCOPE_UNIVERSE, RTN_UNICAST = 254, 186, 0, 1
MESSAGES = 256  # a system call; the last asks for an answer, errors come unasked


def attribute(kind, value):
    return struct.pack("=HH", 4 + len(value), kind) + value


def messages(interface, gateway, prefixes):
    family = socket.AF_INET if gateway.version == 4 else socket.AF_INET6
    tail = attribute(RTA_GATEWAY, gateway.packed) \
        + attribute(RTA_OIF, struct.pack("=I", socket.if_nametoindex(interface)))
    destination = struct.pack("=HH", 4 + len(gateway.packed), RTA_DST)
    length = 16 + 12 + len(destination) + len(gateway.packed) + len(tail)
    for number, prefix in enumerate(prefixes, 1):
        address, bits = prefix.split("/")
        flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL
        if number % MESSAGES == 0 or number == len(prefixes):
            flags |= NLM_F_ACK
        yield (struct.pack("=IHHII", length, RTM_NEWROUTE, flags, number, 0)
               + struct.pack("=BBBBBBBBI", family, int(bits), 0, 0, RT_TABLE_MAIN, RTPROT_BGP,
                             RT_SCOPE_UNIVERSE, RTN_UNICAST, 0)
               + destination + socket.inet_pton(family, address) + tail)


def take_answers(netlink, last, prefixes):
    """Until the answer to `last`; the first error ends the program."""
    while True:
        data = netlink.recv(65536)
        while data:
            length, kind, _, sequence, _, error = struct.unpack_from("=IHHIIi", data)
            if kind == NLMSG_ERROR and error:
                sys.exit(f"{prefixes[sequence - 1]}: {os.strerror(-error)}")
            if sequence == last:
                return
            data = data[length + 3 & ~3:]


def main():
    interface, gateway = sys.argv[1], ipaddress.ip_address(sys.argv[2])
    prefixes = sys.stdin.read().split()
    netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    batch = []
    for number, message in enumerate(messages(interface, gateway, prefixes), 1):
        batch.append(message)
        if len(batch) == MESSAGES or number == len(prefixes):
            netlink.send(b"".join(batch))
            take_answers(netlink, number, prefixes)
            batch.clear()


if __name__ == "__main__":
    main()
