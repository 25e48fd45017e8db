# SPDX-License-Identifier: BSD-3-Clause
"""A forwarding process that is measured: stopped (SIGSTOP) except in its turns, so that several
share one worker CPU, each with its tables loaded once."""

import os
import signal
import time
from dataclasses import dataclass, field

from onramp_lab.shell import LabError

WARM_S = 0.15


@dataclass
class Turn:
    packets: int
    seconds: float
    facts: dict = field(default_factory=dict)  # what this contestant knows beside

    @property
    def mpps(self):
        return self.packets / self.seconds / 1e6


class Contestant:
    """Subclasses fill process, and give reading(): (time in s, forwarded, other facts)."""
    name = ""
    process = None

    def pause(self):
        os.kill(self.process.pid, signal.SIGSTOP)

    def resume(self):
        self.process.require_alive()
        os.kill(self.process.pid, signal.SIGCONT)

    def reading(self):
        raise NotImplementedError

    def check(self, before, after):
        """Raises LabError when what happened between two readings is not plain forwarding."""

    def facts(self, before, after):
        """What is known beside the rate, by name."""
        return {}

    def turn(self, seconds):
        self.resume()
        time.sleep(WARM_S)
        before = self.reading()
        time.sleep(seconds)
        after = self.reading()
        self.pause()
        if after[1] <= before[1]:
            raise LabError(f"{self.name} forwards nothing; its log: {self.process.log}")
        self.check(before, after)
        return Turn(after[1] - before[1], after[0] - before[0], self.facts(before, after))

    def stop(self):
        if self.process:
            self.process.stop()
