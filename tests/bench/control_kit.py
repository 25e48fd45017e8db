# SPDX-License-Identifier: BSD-3-Clause
"""What the benchmarks of control share: their arguments, their lines of JSON, processes whose log
lines carry the time at which they came, and an edge on ports that need no wire."""

import argparse
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "scripts/lib"))

# pylint: disable=wrong-import-position
from onramp_lab.process import Process  # noqa: E402
from onramp_lab.shell import LabError, run  # noqa: E402


def arguments(description, runs):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="one run instead of %d" % runs)
    parser.add_argument("--runs", type=int, help="how many (default %d)" % runs)
    parser.add_argument("--build", default=os.path.join(ROOT, "build"),
                        help="meson's build directory")
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    if options.runs is None:
        options.runs = 1 if options.quick else runs
    if options.runs < 1:
        parser.error(f"--runs {options.runs}: at least 1")
    return options


def revision():
    """Of the tree that was built; a tarball has none."""
    try:
        return run(["git", "-C", ROOT, "describe", "--always", "--dirty"]).stdout.strip()
    except LabError:
        return "unknown"


def report(case, metric, values, unit):
    """One line of JSON on standard output; everything else goes to standard error."""
    print(json.dumps({"bench": "control", "case": case, "metric": metric,
                      "value": round(statistics.median(values), 3), "unit": unit,
                      "min": round(min(values), 3), "max": round(max(values), 3),
                      "runs": len(values), "build": revision()}), flush=True)


def say(text):
    print(text, file=sys.stderr, flush=True)


class TimedProcess(Process):
    """Its lines, each with the time.monotonic() at which it was read."""

    def start(self):
        self.lines, self.news = [], threading.Condition()
        self.started = time.monotonic()
        self.launch(subprocess.PIPE)
        threading.Thread(target=self._read, args=(self.popen.stdout, self.lines),
                         daemon=True).start()
        return self

    def _read(self, pipe, lines):
        with pipe, open(self.log, "ab") as log:
            for line in pipe:
                with self.news:
                    lines.append((time.monotonic(), line.decode(errors="replace").rstrip()))
                    self.news.notify_all()
                log.write(line)
                log.flush()

    def when(self, pattern, timeout, after=0.0):
        """The time of the first line from then on that matches; waits for it."""
        deadline = time.monotonic() + timeout
        with self.news:
            while True:
                for at, line in self.lines:
                    if at >= after and re.search(pattern, line):
                        return at
                self.require_alive()
                if not self.news.wait(min(deadline - time.monotonic(), 1)) and \
                        time.monotonic() >= deadline:
                    raise LabError(f"{self.name}: no /{pattern}/ within {timeout} s; "
                                   f"its log: {self.log}")

    def output(self):
        with self.news:
            return "\n".join(line for _, line in self.lines)


def timed(process):
    """The same command line."""
    twin = TimedProcess(process.lab, process.name, [])
    twin.argv = process.argv
    return twin


def resident_bytes(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def main(function, description, runs):
    """Ends with exit status 1 and a sentence when something fails; a signal ends it cleanly."""
    options = arguments(description, runs)
    if os.geteuid():
        sys.exit("this makes network namespaces: run it as root")
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(1))
    try:
        function(options)
    except LabError as error:
        sys.exit(f"{os.path.basename(sys.argv[0])}: {error}")
