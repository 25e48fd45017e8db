# SPDX-License-Identifier: BSD-3-Clause
"""Runs in a namespace: flood.py INTERFACE SECONDS COUNT:FRAME... sends each frame (in hex) so many
times, all kinds evenly spread over the time."""

import socket
import sys
import time

STEP_S = 0.002


def main():
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    wire.bind((sys.argv[1], 0))
    seconds = float(sys.argv[2])
    kinds = [(int(count), bytes.fromhex(frame))
             for count, frame in (word.split(":") for word in sys.argv[3:])]
    sent, start, part = [0] * len(kinds), time.monotonic(), 0.0
    while part < 1:
        part = min(1.0, (time.monotonic() - start) / seconds)
        for kind, (count, frame) in enumerate(kinds):
            for _ in range(sent[kind], int(count * part)):
                wire.send(frame)
            sent[kind] = max(sent[kind], int(count * part))
        time.sleep(STEP_S)


if __name__ == "__main__":
    main()
