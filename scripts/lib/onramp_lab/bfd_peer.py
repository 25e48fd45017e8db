# SPDX-License-Identifier: BSD-3-Clause
"""A BFD peer that a test writes the lines of, and packets that no peer would send. Runs inside a
customer's namespace:

  bfd_peer.py send DEVICE JSON     JSON: [{"source", "target", "ttl", "port", "payload": hex}, ...]
  bfd_peer.py replay DEVICE TARGET COUNT
      takes a packet of BFD to TARGET that leaves by the device, and sends it COUNT times again when
      some more have left
  bfd_peer.py forge DEVICE TARGET COUNT SECRET
      the same, but at once, as the packet after the next, with Down in it and signed by that secret
  bfd_peer.py speak LOCAL REMOTE MIN_TX_US MIN_RX_US MULTIPLIER COUNT
      comes Up, tells of COUNT intervals between packets of the other side, and is silent then
"""

import hashlib
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
ETH_P_ALL = 3  # <linux/if_ether.h>


def packet(state, mine, yours, *, version=1, diag=0, flags=0, multiplier=3, length=24,
           min_tx_us=1000000, min_rx_us=1000000, echo_us=0):
    """RFC 5880 4.1"""
    return PACKET.pack(version << 5 | diag, state << 6 | flags, multiplier, length, mine, yours,
                       min_tx_us, min_rx_us, echo_us)


def signed(payload, secret, sequence, *, kind=5, key_id=1):
    """RFC 5880 4.4: 4 is keyed SHA1, 5 meticulous keyed SHA1. The packet's length is the sum."""
    head = bytearray(payload)
    head[1] |= 4
    head[3] = len(head) + 28
    head += struct.pack(">BBBBI", kind, 28, key_id, 0, sequence & 0xffffffff)
    return bytes(head) + hashlib.sha1(head + secret.ljust(20, b"\0")).digest()


def checksum(data):
    """RFC 1071"""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total ^ 0xffff or 0xffff


def ip_packet(row):
    """A whole packet, as its source would not have sent it."""
    payload, udp = bytes.fromhex(row["payload"]), socket.IPPROTO_UDP
    header = struct.pack(">HHHH", 49200, row["port"], 8 + len(payload), 0)
    if ":" not in row["target"]:
        # No UDP checksum: IPv4 allows that.
        ends = socket.inet_aton(row["source"]) + socket.inet_aton(row["target"])
        words = (0x45, 0, 20 + len(header + payload), 0, 0, row["ttl"], udp)
        total = checksum(struct.pack(">BBHHHBBH", *words, 0) + ends)
        return struct.pack(">BBHHHBBH", *words, total) + ends + header + payload
    ends = b"".join(socket.inet_pton(socket.AF_INET6, row[end]) for end in ("source", "target"))
    pseudo = ends + struct.pack(">II", len(header + payload), udp)  # RFC 8200 8.1
    header = header[:6] + struct.pack(">H", checksum(pseudo + header + payload))
    udp = header + payload
    return struct.pack(">IHBB", 6 << 28, len(udp), socket.IPPROTO_UDP, row["ttl"]) + ends + udp


def send(device, rows):
    for row in rows:
        family = socket.AF_INET6 if ":" in row["target"] else socket.AF_INET
        with socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW) as wire:
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
            wire.sendto(ip_packet(row), (row["target"], 0))


def is_session_packet(frame, target):
    """An Ethernet frame with UDP to that address and BFD's port?"""
    at, size, udp = (24, 16, 40) if frame[12:14] == b"\x86\xdd" else (16, 4, 20)
    return (frame[12:14] in (b"\x08\x00", b"\x86\xdd") and frame[14 + at:14 + at + size] == target
            and frame[14 + udp + 2:14 + udp + 4] == struct.pack(">H", PORT))


def overheard(wire, target):
    """Frames of the session as they leave."""
    family = socket.AF_INET6 if ":" in target else socket.AF_INET
    target = socket.inet_pton(family, target)
    while True:
        frame, (_, _, kind, *_) = wire.recvfrom(2000)
        if kind == socket.PACKET_OUTGOING and is_session_packet(frame, target):
            yield frame


def forged(frame, secret):
    """The same session says Down, two packets later, signed by somebody who does not know how."""
    at = 14 + (40 if frame[12:14] == b"\x86\xdd" else 20)
    head, udp = bytearray(frame[at + 8:at + 32]), frame[at:at + 6] + b"\0\0"
    head[1] = head[1] & 0x3f | DOWN << 6
    kind, _, key_id, _, sequence = struct.unpack(">BBBBI", frame[at + 32:at + 40])
    payload = signed(head, secret, sequence + 2, kind=kind, key_id=key_id)
    if at == 54:
        pseudo = frame[22:54] + struct.pack(">II", len(udp + payload), socket.IPPROTO_UDP)
        udp = udp[:6] + struct.pack(">H", checksum(pseudo + udp + payload))
    return frame[:at] + udp + payload


def repeat(device, target, count, secret):
    """secret None: an old packet as it was; else a new one that it signs."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)) as wire:
        wire.bind((device, ETH_P_ALL))
        frames = overheard(wire, target)
        frame = next(frames)
        if secret is None:
            for _ in range(3):
                next(frames)
        else:
            frame = forged(frame, secret)
        for _ in range(count):
            wire.send(frame)


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
    if sys.argv[1] in ("replay", "forge"):
        repeat(*sys.argv[2:4], int(sys.argv[4]),
               sys.argv[5].encode() if sys.argv[1] == "forge" else None)
        return
    local, remote = sys.argv[2:4]
    numbers = [int(word) for word in sys.argv[4:8]]
    speaker = Speaker(local, remote, *numbers[:3])
    print(json.dumps({"intervals_ms": speaker.speak(numbers[3])}), flush=True)
    time.sleep(3600)  # silent, but its socket is there; who started it ends it


if __name__ == "__main__":
    main()
