# SPDX-License-Identifier: BSD-3-Clause
"""Counting packets on the wire with tcpdump."""

import os
import signal

from .process import Process
from .shell import run


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

    def __enter__(self):
        self.process.start()
        self.process.wait_output("listening on")
        return self

    def __exit__(self, *_):
        self.process.stop(signal.SIGINT)

    def lines(self, expression=""):
        """One line a packet that matches, link-level header included."""
        return run(["tcpdump", "-n", "-e", "-r", self.file,
                    *([expression] if expression else [])]).stdout.splitlines()

    def count(self, expression=""):
        return len(self.lines(expression))
