# SPDX-License-Identifier: BSD-3-Clause
"""A paced stream of numbered UDP packets from one namespace to another: which of them came, and
which did not. Many source ports, so that all links of a group carry some of it.

This file is also what runs inside the namespaces: flow.py send ADDRESS PORT PPS BYTES SOURCES,
flow.py sink ADDRESS PORT."""

import json
import os
import signal
import socket
import struct
import sys
import time

if __package__:
    from .process import Process
    from .shell import wait_until

PACKET = struct.Struct(">QQ")  # number; 0, or at the end how many there were
SOURCES = 32
FAREWELLS = 20
IDLE_S = 0.5
STEP = 100  # packets that came between two lines of the log
BUFFER_BYTES = 8 << 20
SO_RCVBUFFORCE = 33  # <asm-generic/socket.h>; the socket module has no name for it


def send(address, port, pps, payload_bytes, sources):
    padding = bytes(payload_bytes - PACKET.size)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sockets = [socket.socket(family, socket.SOCK_DGRAM) for _ in range(sources)]
    stopped = []
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
    for each in sockets:
        each.connect((address, port))
    start, number = time.monotonic(), 0
    print("sending", flush=True)
    while not stopped:
        due = int((time.monotonic() - start) * pps)
        for number in range(number, due):
            put(sockets[number % sources], PACKET.pack(number, 0) + padding)
        number = max(number, due)
        time.sleep(1 / pps)
    for farewell in range(FAREWELLS):
        put(sockets[farewell % sources], PACKET.pack(0, number) + padding)
        time.sleep(0.01)
    print(f"sent {number}", flush=True)


def put(sender, packet):
    """A refusal (no route here, an ICMP error of before) is a loss like any other."""
    try:
        sender.send(packet)
    except OSError:
        pass


def sink(address, port):
    receiver = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET,
                             socket.SOCK_DGRAM)
    receiver.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES)
    receiver.bind((address, port))
    print("listening", flush=True)
    seen, total, twice, first, came = bytearray(), None, 0, None, 0
    while True:
        try:
            number, last = PACKET.unpack_from(receiver.recv(2048))
        except TimeoutError:
            break
        if last:
            total = last
            receiver.settimeout(IDLE_S)
            continue
        if number >= len(seen):
            seen.extend(bytes(number + 1 - len(seen)))
        came += 1
        if came % STEP == 0:
            print(came, flush=True)
        twice += seen[number]
        seen[number] = 1
        if first is None:
            first = number
            print("first came", flush=True)
    seen.extend(bytes(total - len(seen)))
    missing = [number for number in range(first or 0, total) if not seen[number]]
    print(json.dumps({"sent": total - (first or 0), "lost": len(missing), "twice": twice,
                      "missing": missing[:20]}), flush=True)


class Flow:
    """One running stream; what was sent before the first packet came does not count. sources: source
    ports, 1 keeps it on one link."""

    def __init__(self, lab, source, target, address, pps=500, *, payload_bytes=PACKET.size,
                 sources=SOURCES):
        number = lab.next_number()
        self.name = f"{source.short} to {address}"
        port = str(20000 + number)
        program = ["/usr/bin/python3", os.path.abspath(__file__)]
        self.sink = Process(lab, f"sink-{target.short}-{number}",
                            [*program, "sink", address, port], netns=target.path)
        self.sender = Process(lab, f"flow-{source.short}-{number}",
                              [*program, "send", address, port, str(pps),
                               str(payload_bytes), str(sources)], netns=source.path)

    def __enter__(self):
        self.sink.start()
        self.sink.wait_output("listening")
        self.sender.start()
        self.sink.wait_output("first came")
        return self

    def wait_more(self, count, timeout=20):
        """Until so many more came than now."""
        goal = self.came() + count
        wait_until(f"{count} more packets of {self.name}", lambda: self.came() >= goal, timeout)

    def came(self):
        """In steps of STEP."""
        return self.sink.output().count("\n") * STEP

    def end(self):
        """{"sent", "lost", "twice", "missing": the first numbers}"""
        self.sender.stop(signal.SIGTERM)
        self.sink.wait_end(30)
        return json.loads(self.sink.output().splitlines()[-1])

    def __exit__(self, *_):
        self.sender.stop(signal.SIGKILL)
        self.sink.stop(signal.SIGKILL)


if __name__ == "__main__":
    if sys.argv[1] == "send":
        send(sys.argv[2], *map(int, sys.argv[3:7]))
    else:
        sink(sys.argv[2], int(sys.argv[3]))
