# SPDX-License-Identifier: BSD-3-Clause
"""A run: its directory, CPUs, hugepages, what it measured, and what it leaves when it is killed
(nothing)."""

import os
import sys

from onramp_lab import hugepages
from onramp_lab.manifest import Manifest, start_janitor
from onramp_lab.shell import LabError

from . import build, results


class Bench:
    def __init__(self, as_json=False):
        self.as_json = as_json
        self.rows = []
        self.build = build.describe()
        self.cpus = sorted(os.sched_getaffinity(0))
        if len(self.cpus) < 2:
            raise LabError("a benchmark needs two CPUs: one for the worker alone, one for the rest")
        self.control_cpu, self.worker_cpu = self.cpus[0], self.cpus[-1]
        # This process and its helpers stay off the worker's CPU.
        os.sched_setaffinity(0, {self.control_cpu})
        self.manifest = Manifest.create(f"bench-{os.getpid()}")
        start_janitor(self.manifest)
        self.run_dir = self.manifest.run_dir
        self.log_dir = os.path.join(self.run_dir, "log")
        os.mkdir(self.log_dir)

    def say(self, text):
        """What goes on is no result."""
        print(text, file=sys.stderr, flush=True)

    def add(self, rows):
        for row in rows:
            row.build = self.build
            self.rows.append(row)
            if self.as_json:
                print(row.json(), flush=True)

    def skip(self, bench, case, metric, why):
        self.say(f"{case}: no {metric}: {why}")
        if self.as_json:
            print(results.skipped(bench, case, metric, why, self.build), flush=True)

    def plot(self, name, text):
        path = build.path(name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        self.say(f"plot: {path}")

    def on_any_cpu(self, argv):
        """A measured process places its own threads."""
        return ["taskset", "--cpu-list", ",".join(map(str, self.cpus)), *argv]

    def reserve(self, megabytes):
        possible, text = hugepages.reserve(self.manifest, megabytes)
        if not possible:
            raise LabError(f"{megabytes} MB of hugepages are needed: {text}")

    def silent_fifo(self):
        """To read from without ever an end or a byte."""
        path = os.path.join(self.run_dir, "silence")
        if not os.path.exists(path):
            os.mkfifo(path)
            self.silence = os.open(path, os.O_RDWR)
        return path

    def path(self, name):
        return os.path.join(self.run_dir, name)

    def close(self):
        for left in self.manifest.clean():
            raise LabError(f"did not end: {left}")
        os.sched_setaffinity(0, self.cpus)
