# SPDX-License-Identifier: BSD-3-Clause
"""Plays FRR's bfdd towards the dataplane (dataplane/bfd/bfddp.h): says which sessions there are to
be, and answers. FRR's own states 58 of them at most on a connection."""

import os
import socket
import struct
import threading

HEADER = struct.Struct(">BBHHH")  # version, zero, type, id, length
SESSION = struct.Struct(">I16s16sIII12xBBHI64s")
ECHO_REQUEST, ECHO_REPLY, ADD_SESSION = 0, 1, 2
VERSION = 1
IFINDEX_BASE = 65536  # BFDD_IFINDEX_BASE
TTL = 255


def message(kind, payload, number=0):
    return HEADER.pack(VERSION, 0, kind, number, HEADER.size + len(payload)) + payload


def session(number, local, peer, interval_us, multiplier):
    """On the interface of that number; addresses: 4 bytes."""
    payload = SESSION.pack(0, local, peer, number, interval_us, interval_us, TTL, multiplier, 0,
                           IFINDEX_BASE + number, b"bench")
    return message(ADD_SESSION, payload)


class Bfdd:
    def __init__(self, directory, sessions):
        """sessions: messages for the first connection; the dataplane opens others until one brings
        nothing."""
        os.mkdir(directory, 0o700)
        self.path = os.path.join(directory, "bfdd.dataplane")
        self.sessions = b"".join(sessions)
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(self.path)
        self.listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        say = self.sessions
        while True:
            try:
                wire, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(wire, say), daemon=True).start()
            say = b""

    def _serve(self, wire, say):
        with wire:
            try:
                wire.sendall(say)
                while True:
                    kind, number, payload = self._read(wire)
                    if kind == ECHO_REQUEST:
                        wire.sendall(message(ECHO_REPLY, payload, number))
            except OSError:
                return

    @staticmethod
    def _read(wire):
        def take(size):
            data = wire.recv(size, socket.MSG_WAITALL)
            if len(data) < size:
                raise ConnectionError("the dataplane is gone")
            return data
        _, _, kind, number, length = HEADER.unpack(take(HEADER.size))
        return kind, number, take(length - HEADER.size) if length > HEADER.size else b""

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
