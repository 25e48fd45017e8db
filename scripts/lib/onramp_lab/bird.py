# SPDX-License-Identifier: BSD-3-Clause
"""BIRD, one process a namespace."""

import os
import re

from .process import Process
from .shell import run, wait_until


class Bird:
    def __init__(self, lab, name, namespace, config):
        self.control = os.path.join(lab.run_dir, f"{name}.ctl")
        self.config = os.path.join(lab.run_dir, f"{name}-bird.conf")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(config)
        self.process = Process(lab, f"{name}-bird",
                               ["bird", "-f", "-c", self.config, "-s", self.control],
                               netns=namespace.path)

    def start(self, timeout=10):
        self.process.start()
        wait_until(f"{self.process.name} answers", self._answers, timeout)
        return self

    def _answers(self):
        self.process.require_alive()
        return self.command("show status")

    def stop(self):
        self.process.stop()

    def command(self, *words, timeout=30):
        return run(["birdc", "-s", self.control, *words], timeout=timeout).stdout

    def sessions(self):
        """{protocol: state} of every BGP protocol."""
        rows = re.findall(r"^(\S+)\s+BGP\s+\S+\s+\S+\s+\S+\s*(.*)$",
                          self.command("show", "protocols"), re.MULTILINE)
        return {name: info.strip() for name, info in rows}
