# SPDX-License-Identifier: BSD-3-Clause
"""The dataplane under test, and the small program that steers it (tests/bench/site.c)."""

import json
import os
import select
import shutil
import subprocess

from onramp_lab.process import Process
from onramp_lab.shell import LabError, wait_until

from . import build
from .contestant import Contestant

ANSWER_TIMEOUT_S = 120
# Counters of one moment are read while packets go on: what came in and what went out differ by
# what passes meanwhile. Real drops have counters of their own, and those must not move at all.
SKEW = 0.02


class Dataplane(Contestant):
    name = "onramp"

    def __init__(self, bench, name, workers, memory_mb, prefix=(), pci=False, bfdd_socket=""):
        self.bench = bench
        self.may_drop = ()  # reasons that are part of what is measured
        self.run_dir = os.path.join(bench.run_dir, name)
        self.steer = None
        os.mkdir(self.run_dir, 0o700)
        bench.reserve(memory_mb)
        self.process = Process(bench, name, bench.on_any_cpu(
            [*prefix, build.path("dataplane/onramp-dataplane"), "--run-dir", self.run_dir])).start()
        wait_until("the dataplane's socket", self._socket_there, 10)
        self._open()
        self.say([f"startup {','.join(map(str, workers))} {bench.control_cpu} {memory_mb} 1 "
                  f"{int(pci)} {bfdd_socket}"])

    def _socket_there(self):
        self.process.require_alive()
        return os.path.exists(os.path.join(self.run_dir, "dataplane.sock"))

    def _open(self):
        self.log = os.path.join(self.bench.log_dir, f"{self.process.name}-site.log")
        with open(self.log, "w", encoding="utf-8") as log:
            self.steer = subprocess.Popen([build.path("tests/bench/bench-site"), self.run_dir],
                                          stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                          stderr=log, text=True, bufsize=1 << 20)

    def say(self, lines):
        try:
            for line in lines:
                self.steer.stdin.write(line + "\n")
            self.steer.stdin.flush()
        except BrokenPipeError:
            raise LabError(self._why()) from None

    def ask(self, line):
        self.say([line])
        if not select.select([self.steer.stdout], [], [], ANSWER_TIMEOUT_S)[0]:
            raise LabError(f"{line}: no answer within {ANSWER_TIMEOUT_S} s")
        answer = self.steer.stdout.readline()
        if not answer:
            raise LabError(self._why())
        return json.loads(answer)

    def _why(self):
        self.steer.wait(5)
        with open(self.log, encoding="utf-8") as log:
            said = log.read().strip()
        return said or f"the site program ended; the dataplane's log: {self.process.log}"

    def reading(self):
        sample = self.ask("sample")
        return sample["ns"] / 1e9, sample["tx"], sample

    def check(self, before, after):
        before, after = before[2], after[2]
        drops = {name: count - before["drops"].get(name, 0)
                 for name, count in after["drops"].items()}
        unexpected = {name: count for name, count in drops.items()
                      if count and name not in self.may_drop}
        if unexpected:
            raise LabError(f"packets were dropped: {unexpected}")
        if after["punt"] != before["punt"]:
            raise LabError(f"{after['punt'] - before['punt']} packets were punted")
        rx, tx = after["rx"] - before["rx"], after["tx"] - before["tx"]
        ended = tx + sum(drops.values())
        if abs(rx - ended) > SKEW * rx:
            raise LabError(f"{rx} packets were received, {tx} sent and {ended - tx} dropped")

    def facts(self, before, after):
        """Cycles a packet. One worker polls without rest and always finds packets: all cycles are
        theirs. Stages are the worker's own samples."""
        packets = after[1] - before[1]
        facts = {"cycles": (after[2]["tsc"] - before[2]["tsc"]) / packets}
        old, new = before[2]["workers"][0], after[2]["workers"][0]
        sampled = new["sampled_packets"] - old["sampled_packets"]
        if sampled == 0:
            raise LabError("the first worker received nothing")
        for stage, cycles in new["stages"].items():
            facts[f"cycles_{stage}"] = (cycles - old["stages"][stage]) / sampled
        return facts

    def stop(self):
        if self.steer:
            self.steer.stdin.close()
            self.steer.kill()
            self.steer.wait()
        self.resume()
        super().stop()
        # A case may be loaded again, as the base of another one.
        shutil.rmtree(self.run_dir)
