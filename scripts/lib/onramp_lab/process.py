# SPDX-License-Identifier: BSD-3-Clause
"""A supervised process: started in a namespace, its log kept, ended by its own pid."""

import os
import re
import signal
import subprocess

from .manifest import start_time
from .shell import LabError, ProcessEnded, wait_until


# A process begins when it is in the manifest: who interrupts the lab before closes the pipe.
GATE = 'read -r _ && exec "$@" </dev/null'


class Process:
    """One command line, which may be started again after it ended."""

    def __init__(self, lab, name, argv, *, netns=None, env=None):
        self.lab = lab
        self.name = name
        self.argv = ["nsenter", f"--net={netns}", "--", *argv] if netns else list(argv)
        self.env = env
        self.log = os.path.join(lab.log_dir, f"{name}.log")
        self.popen = None
        self.log_start = 0

    def start(self):
        with open(self.log, "ab") as log:
            self.log_start = log.tell()
            self.launch(log)
        return self

    def launch(self, stdout):
        """It and its record in the manifest, or neither."""
        if self.alive():
            raise LabError(f"{self.name} runs already (pid {self.popen.pid})")
        self.popen = subprocess.Popen(
            ["sh", "-c", GATE, "sh", *self.argv], stdin=subprocess.PIPE, stdout=stdout,
            stderr=subprocess.STDOUT, env={**os.environ, **(self.env or {})},
            start_new_session=True)
        with self.popen.stdin as gate:
            self.lab.manifest.add("process", name=self.name, pid=self.popen.pid,
                                  start=start_time(self.popen.pid))
            gate.write(b"\n")

    @property
    def pid(self):
        return self.popen.pid

    def alive(self):
        return self.popen is not None and self.popen.poll() is None

    def require_alive(self):
        if not self.alive():
            status = "never started" if self.popen is None else f"status {self.popen.returncode}"
            raise ProcessEnded(f"{self.name} is not running ({status}); its log: {self.log}")

    def output(self):
        """What it wrote since its last start."""
        with open(self.log, "rb") as log:
            log.seek(self.log_start)
            return log.read().decode(errors="replace")

    def wait_output(self, pattern, timeout=10):
        """Waits until a line of this start's log matches."""
        def look():
            found = re.search(pattern, self.output(), re.MULTILINE)
            if not found:
                self.require_alive()
            return found
        return wait_until(f"{self.name}: /{pattern}/ in {self.log}", look, timeout, 0.02)

    def wait_end(self, timeout=30):
        try:
            return self.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise LabError(f"{self.name}: no end within {timeout} s") from None

    def stop(self, sig=signal.SIGTERM, timeout=5):
        """Asks it to end, then insists. Returns its status."""
        if self.popen is None:
            return None
        if self.alive():
            os.killpg(self.pid, sig)
        try:
            return self.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            os.killpg(self.pid, signal.SIGKILL)
            return self.popen.wait(timeout)

    def kill(self):
        """kill -9, and waits until it is gone."""
        self.popen.kill()
        self.popen.wait(10)
