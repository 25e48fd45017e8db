# SPDX-License-Identifier: BSD-3-Clause
"""Runs in a namespace: scan.py INTERFACE SECONDS PLACE FRAME... sends the frames (in hex) in turn, as
fast as it goes, but behind everybody else that wants the CPU. PLACE: eight bytes from there on are
by chance in each, 0: none are. Ends at SIGTERM too, and prints how many it sent."""

import os
import random
import signal
import socket
import sys
import time

BATCH = 64
SEED = 7


def main():
    os.nice(10)
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    wire.bind((sys.argv[1], 0))
    seconds, place = float(sys.argv[2]), int(sys.argv[3])
    frames = [bytes.fromhex(word) for word in sys.argv[4:]]
    chance, sent, end = random.Random(SEED), 0, time.monotonic() + seconds
    stopped = []
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
    print("scanning", flush=True)
    while not stopped and time.monotonic() < end:
        for _ in range(BATCH):
            frame = frames[sent % len(frames)]
            if place:
                frame = frame[:place] + chance.randbytes(8) + frame[place + 8:]
            try:
                wire.send(frame)
                sent += 1
            except OSError:  # the queue is full: that is as fast as it goes
                os.sched_yield()
    print(f"sent {sent}", flush=True)


if __name__ == "__main__":
    main()
