# SPDX-License-Identifier: BSD-3-Clause
"""Counting packets on the wire with tcpdump."""

import os
import re
import signal
import time

from .process import Process
from .shell import run, wait_until

STILL_S = 2
# What it says when asked by SIGUSR1.
COUNTS = re.compile(r"(\d+) packets? captured, (\d+) packets? received by filter")


class Capture:
    """tcpdump on one interface of a namespace; the file stays with the logs."""

    def __init__(self, lab, namespace, interface, expression=""):
        stem = f"capture-{namespace.short}-{interface}-{lab.next_number()}"
        self.file = os.path.join(lab.log_dir, stem + ".pcap")
        self.process = Process(
            lab, stem,
            ["tcpdump", "-n", "-i", interface, "--immediate-mode", "-U", "-Z", "root",
             "-w", self.file, *([expression] if expression else [])],
            netns=namespace.path)
        self.counts, self.counted = None, 0.0  # what it said last, and since when

    def __enter__(self):
        self.process.start()
        self.process.wait_output("listening on")
        return self

    def __exit__(self, *error):
        if not any(error):
            wait_until(f"{self.process.name}: all that came written", self._all_written, 10, 0.02)
        self.process.stop(signal.SIGINT)

    def _all_written(self):
        """What has come and is not read yet would end with it. Packets that came while it began, and
        that its filter was not yet there for, are received for ever and never captured: counts that
        stand still are all there is."""
        said = len(COUNTS.findall(self.process.output()))
        os.kill(self.process.pid, signal.SIGUSR1)
        def answer():
            counts = COUNTS.findall(self.process.output())
            return len(counts) > said and counts[-1]
        captured, received = wait_until("tcpdump's counts", answer, 5, 0.005)
        if (captured, received) != self.counts:
            self.counts, self.counted = (captured, received), time.monotonic()
        still = time.monotonic() - self.counted > STILL_S
        return captured == received or still or (False, f"{captured} of {received}")

    def lines(self, expression=""):
        """One line a packet that matches, link-level header included."""
        return run(["tcpdump", "-n", "-e", "-r", self.file,
                    *([expression] if expression else [])]).stdout.splitlines()

    def count(self, expression=""):
        return len(self.lines(expression))
