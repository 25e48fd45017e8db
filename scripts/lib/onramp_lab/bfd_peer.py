# SPDX-License-Identifier: BSD-3-Clause
"""A BFD peer that a test writes the lines of, and packets that no peer would send. Runs inside a
customer's namespace:

  bfd_peer.py send DEVICE JSON     JSON: [{"source", "target", "ttl", "port", "payload": hex}, ...]
  bfd_peer.py speak LOCAL REMOTE MIN_TX_US MIN_RX_US MULTIPLIER COUNT
      comes Up, tells of COUNT intervals between packets of the other side, and is silent then
"""

import json
import random
import socket
import struct
import sys
import time

PORT = 3784
DOWN, INIT, UP = 1, 2, 3
PACKET = struct.Struct(">BBBBIIIII")
IP_RECVTTL = 12  # <linux/in.h>


def packet(state, mine, yours, *, version=1, diag=0, flags=0, multiplier=3, length=24,
           min_tx_us=1000000, min_rx_us=1000000, echo_us=0):
    """RFC 5880 4.1"""
    return PACKET.pack(version << 5 | diag, state << 6 | flags, multiplier, length, mine, yours,
                       min_tx_us, min_rx_us, echo_us)


def send(device, rows):
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as wire:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
        for row in rows:
            payload = bytes.fromhex(row["payload"])
            # No UDP checksum: IPv4 allows that.
            udp = struct.pack(">HHHH", 49200, row["port"], 8 + len(payload), 0) + payload
            header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, row["ttl"],
                                 socket.IPPROTO_UDP, 0, socket.inet_aton(row["source"]),
                                 socket.inet_aton(row["target"]))
            wire.sendto(header + udp, (row["target"], 0))


class Speaker:
    """RFC 5880 6.8.6 as far as a peer needs it that is never attacked."""

    def __init__(self, local, remote, min_tx_us, min_rx_us, multiplier):
        self.remote = remote
        self.timers = {"min_tx_us": min_tx_us, "min_rx_us": min_rx_us, "multiplier": multiplier}
        self.state, self.mine, self.yours = DOWN, random.randrange(1, 1 << 32), 0
        self.interval_s = 0.2
        self.ears = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.ears.setsockopt(socket.IPPROTO_IP, IP_RECVTTL, 1)
        self.ears.bind((local, PORT))
        self.mouth = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.mouth.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 255)
        self.mouth.bind((local, 49300))

    def say(self, flags=0):
        self.mouth.sendto(packet(self.state, self.mine, self.yours, flags=flags, **self.timers),
                          (self.remote, PORT))

    def hear(self):
        """The time a packet came, or None."""
        try:
            payload, extra, _, _ = self.ears.recvmsg(100, 64)
        except TimeoutError:
            return None
        now = time.monotonic()
        _, bits, _, _, self.yours, _, _, _, _ = PACKET.unpack(payload[:24])
        ttl = struct.unpack("i", extra[0][2])[0]
        if ttl != 255:
            raise SystemExit(f"a packet came with TTL {ttl} (RFC 5881 5)")
        theirs, poll = bits >> 6, bits & 0x20
        if self.state == DOWN and theirs in (DOWN, INIT):
            self.state = INIT if theirs == DOWN else UP
        elif self.state == INIT and theirs in (INIT, UP):
            self.state = UP
        elif self.state == UP and theirs <= DOWN:
            raise SystemExit("the other side left Up")
        if poll:
            self.say(flags=0x10)
            return None  # its answers to polls and ours are beside the intervals
        return now

    def speak(self, count):
        due, came, settled = time.monotonic(), [], 0
        while len(came) <= count:
            if time.monotonic() >= due:
                self.say()
                due = time.monotonic() + self.timers["min_tx_us"] / 1e6 * random.uniform(0.75, 0.9)
            self.ears.settimeout(max(0.001, due - time.monotonic()))
            now = self.hear()
            if now is not None and self.state == UP:
                settled += 1
                if settled > 8:  # its poll sequence is over, its interval is the one agreed on
                    came.append(now)
        return [round((b - a) * 1000, 1) for a, b in zip(came, came[1:])]


def main():
    if sys.argv[1] == "send":
        send(sys.argv[2], json.loads(sys.argv[3]))
        return
    local, remote = sys.argv[2:4]
    numbers = [int(word) for word in sys.argv[4:8]]
    speaker = Speaker(local, remote, *numbers[:3])
    print(json.dumps({"intervals_ms": speaker.speak(numbers[3])}), flush=True)
    time.sleep(3600)  # silent, but its socket is there; who started it ends it


if __name__ == "__main__":
    main()
