# SPDX-License-Identifier: BSD-3-Clause
"""A paced stream of UDP packets of many flows from one namespace to another, and the longest time
that any of its flows was silent at the receiver.

This file is also what runs inside the namespaces: gaps.py send ADDRESS PORT PPS, gaps.py receive
ADDRESS PORT."""

import json
import os
import signal
import socket
import struct
import sys
import time

if __package__:
    from .process import Process
    from .shell import LabError

FLOWS = 32
NUMBER = struct.Struct(">I")
SO_RCVBUFFORCE = 33  # <asm-generic/socket.h>
REPORT_EVERY = 100
LATE_S = 0.3  # flows take different links: at the end one's packet may have overtaken another's


def send(address, port, pps):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    senders = [socket.socket(family, socket.SOCK_DGRAM) for _ in range(FLOWS)]
    for sender in senders:
        sender.connect((address, port))
    start, number = time.monotonic(), 0
    while True:
        due = int((time.monotonic() - start) * pps)
        for number in range(number, due):
            try:
                senders[number % FLOWS].send(NUMBER.pack(number))
            except OSError:  # no route, or an ICMP error of before: a loss like any other
                pass
        number = max(number, due)
        time.sleep(1 / pps)


def receive(address, port):
    receiver = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET,
                             socket.SOCK_DGRAM)
    receiver.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
    receiver.bind((address, port))
    ended = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(time.monotonic()))
    receiver.settimeout(0.1)
    print("listening", flush=True)
    last, gaps, numbers, late = {}, [0.0] * FLOWS, [], []
    while not ended or time.monotonic() < ended[0] + LATE_S:
        try:
            number = NUMBER.unpack(receiver.recv(64))[0]
        except TimeoutError:
            continue
        if ended:
            late.append(number)
            continue
        now, flow = time.monotonic(), number % FLOWS
        gaps[flow] = max(gaps[flow], now - last.get(flow, now))
        last[flow] = now
        numbers.append(number)
        if len(numbers) % REPORT_EVERY == 0:
            print(len(numbers), flush=True)
    silent = max(ended[0] - when for when in last.values())
    top = max(numbers)
    came = {*numbers, *(number for number in late if number <= top)}
    print(json.dumps({
        "flows": len(last), "longest_ms": 1000 * max(*gaps, silent),
        "gaps_ms": [round(1000 * gap, 1) for gap in gaps],
        "lost": top - min(came) + 1 - len(came)}), flush=True)


class Stream:
    """One running stream."""

    def __init__(self, lab, source, target, address, pps=1000):
        number = lab.next_number()
        program = ["/usr/bin/python3", os.path.abspath(__file__)]
        port = str(21000 + number)
        self.name = f"{source.short} to {address}"
        self.receiver = Process(lab, f"receive-{target.short}-{number}",
                                [*program, "receive", address, port], netns=target.path)
        self.sender = Process(lab, f"send-{source.short}-{number}",
                              [*program, "send", address, port, str(pps)], netns=source.path)

    def __enter__(self):
        self.receiver.start()
        self.receiver.wait_output("listening")
        self.sender.start()
        self.receiver.wait_output(str(10 * REPORT_EVERY))
        return self

    def came(self):
        """Packets, in steps."""
        lines = self.receiver.output().split()
        return int(lines[-1]) if lines[-1].isdigit() else 0

    def end(self):
        """{"flows", "gaps_ms": the longest of each flow, "longest_ms", "lost": packets}"""
        self.receiver.stop(signal.SIGTERM)
        lines = self.receiver.output().splitlines()
        if not lines or not lines[-1].startswith("{"):
            raise LabError(f"{self.name}: the receiver told nothing")
        return json.loads(lines[-1])

    def __exit__(self, *_):
        self.sender.stop(signal.SIGKILL)
        self.receiver.stop(signal.SIGKILL)


if __name__ == "__main__":
    if sys.argv[1] == "send":
        send(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
    else:
        receive(sys.argv[2], int(sys.argv[3]))
