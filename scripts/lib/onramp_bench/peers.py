# SPDX-License-Identifier: BSD-3-Clause
"""DPDK's own programs, on the same pcap file and CPU. Their counters come over telemetry."""

import json
import os
import socket
import time

from onramp_lab.process import Process
from onramp_lab.shell import LabError, wait_until

from .contestant import Contestant

RUNTIME = "/var/run/dpdk"
BUFFERS = 131072  # packet buffers; a pcap file's packets stay in the pool
MEMORY_MB = 512


class Peer(Contestant):
    port_out = 0

    def __init__(self, bench, name, argv, memory_mb=MEMORY_MB, start_timeout=60, prefix=()):
        self.name = name
        self.prefix = f"{os.path.basename(bench.run_dir)}-{name}"
        self.socket = None
        bench.manifest.add("path", path=os.path.join(RUNTIME, self.prefix))
        bench.reserve(memory_mb)
        eal = ["-m", str(memory_mb), "--in-memory", "--no-pci", f"--file-prefix={self.prefix}",
               "--force-max-simd-bitwidth=512", "--log-level=warning"]
        # Its end of standard input stays open: testpmd ends with it.
        self.process = Process(bench, name, bench.on_any_cpu(["sh", "-c",
                               'exec "$0" "$@" < "$STDIN"', *prefix, argv[0], *eal,
                               *argv[1:]]),
                               env={"STDIN": bench.silent_fifo()}).start()
        wait_until(f"{name} forwards", self._forwards, start_timeout)

    def _connect(self):
        self.process.require_alive()
        path = os.path.join(RUNTIME, self.prefix, "dpdk_telemetry.v2")
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        connection.settimeout(10)
        try:
            connection.connect(path)
        except OSError as error:
            connection.close()
            raise LabError(f"{path}: {error.strerror}") from None
        self.size = json.loads(connection.recv(4096))["max_output_len"]
        self.socket = connection

    def _forwards(self):
        self.process.require_alive()
        if self.socket is None:
            self._connect()
        return self.reading()[1] > 0

    def stats(self, port):
        question = f"/ethdev/stats,{port}"
        self.socket.send(question.encode())
        answer = json.loads(self.socket.recv(self.size))["/ethdev/stats"]
        if not answer:
            raise LabError(f"{self.name} has no port {port} yet")
        return answer

    def reading(self):
        stats = self.stats(self.port_out)
        return time.monotonic(), stats["opackets"], None


    def stop(self):
        """At once: what it leaves is one directory, which is in the manifest."""
        self.process.kill()


class Testpmd(Peer):
    def __init__(self, bench, mode, device):
        super().__init__(bench, mode, [
            "dpdk-testpmd", f"--lcores=0@{bench.control_cpu},1@{bench.worker_cpu}",
            "--main-lcore=0", f"--vdev={device}", "--", f"--forward-mode={mode}", "--no-flush-rx",
            "--nb-cores=1", "--burst=32", f"--total-num-mbufs={BUFFERS}", "--auto-start"])


class L3fwd(Peer):
    """Untagged packets, in by port 0; routed ones leave by port 1, so that each is known to have
    hit a route: a miss leaves by port 0."""
    port_out = 1

    def __init__(self, bench, program, lookup, family, device, device_out, rules,
                 prefix=()):
        other = os.path.join(bench.run_dir, "one-rule")
        with open(other, "w", encoding="ascii") as file:
            file.write("R192.0.2.0/24 1\n" if family == 6 else "R2001:db8::/32 1\n")
        files = {family: rules, 10 - family: other}
        super().__init__(bench, f"l3fwd-{lookup}", [
            program, f"--lcores=1@{bench.worker_cpu}", f"--vdev={device}", f"--vdev={device_out}",
            "--", "-p", "0x3", "--config=(0,0,1)", f"--lookup={lookup}", "--parse-ptype",
            f"--rule_ipv4={files[4]}", f"--rule_ipv6={files[6]}"], memory_mb=1536,
            start_timeout=300, prefix=prefix)

    def reading(self):
        received, stats = self.stats(0), self.stats(1)
        return time.monotonic(), stats["opackets"], received

    def check(self, before, after):
        missed = after[2]["opackets"] - before[2]["opackets"]
        if missed:
            raise LabError(f"{self.name}: {missed} packets found no route")
