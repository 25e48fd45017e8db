# SPDX-License-Identifier: BSD-3-Clause
"""What a lab has made on this machine, written down before it is made, so that another process
can take it away when the lab was killed. Nothing is ever found by its name or by a pattern."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

from .shell import run

PREFIX = "/run/onramp-lab-"
HUGEPAGES = "/proc/sys/vm/nr_hugepages"
SIGNAL_GRACE_S = 5


def start_time(pid):
    """The start time of a process in clock ticks, None when it is gone: with the pid it names
    one process, however often the number is used again."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else int(fields[19])


class Manifest:
    """The list of one run, in RUN_DIR/manifest."""

    def __init__(self, run_dir):
        self.run_dir = run_dir
        self.path = os.path.join(run_dir, "manifest")

    @staticmethod
    def create(name):
        """Makes the run directory, a shared tmpfs of its own. (Shared: FRR's mount namespace
        sees the routing domains that control makes later.)"""
        run_dir = PREFIX + name
        os.mkdir(run_dir, 0o755)
        run(["mount", "-t", "tmpfs", "-o", "mode=755", "onramp-lab", run_dir])
        run(["mount", "--make-shared", run_dir])
        manifest = Manifest(run_dir)
        manifest.add("owner", pid=os.getpid(), start=start_time(os.getpid()))
        return manifest

    def add(self, kind, **what):
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps({"kind": kind, **what}) + "\n")

    def entries(self, kind):
        try:
            with open(self.path, encoding="utf-8") as file:
                rows = [json.loads(line) for line in file if line.endswith("\n")]
        except FileNotFoundError:
            return []
        return [row for row in rows if row["kind"] == kind]

    def owner_alive(self):
        return any(start_time(row["pid"]) == row["start"] for row in self.entries("owner"))

    def clean(self):
        """Takes everything away, last made first. Returns what would not go."""
        left = self._end_processes()
        for row in reversed(self.entries("namespace")):
            if os.path.exists(f"/run/netns/{row['name']}"):
                run(["ip", "netns", "delete", row["name"]], check=False)
        for row in reversed(self.entries("path")):
            if os.path.isdir(row["path"]):
                shutil.rmtree(row["path"], ignore_errors=True)
            elif os.path.exists(row["path"]):
                os.unlink(row["path"])
        for row in self.entries("hugepages"):
            give_back_hugepages(row["added"])
        # The domains' namespaces are mounts below; the manifest itself goes with this.
        while os.path.ismount(self.run_dir):
            if run(["umount", "--recursive", self.run_dir], check=False).returncode:
                run(["umount", "--recursive", "--lazy", self.run_dir], check=False)
        if os.path.isdir(self.run_dir):
            shutil.rmtree(self.run_dir, ignore_errors=True)
        return left

    def _end_processes(self):
        """Asks, then insists. Each process leads a session and so a group of its own; what it
        started itself goes with the group."""
        rows = [row for row in self.entries("process") if start_time(row["pid"]) == row["start"]]
        for row in reversed(rows):
            signal_group(row["pid"], signal.SIGTERM)
        wait_ended(rows)
        for row in rows:
            signal_group(row["pid"], signal.SIGKILL)
        return [f"process {row['pid']} ({row['name']})" for row in wait_ended(rows)]


def signal_group(pid, sig):
    try:
        os.killpg(pid, sig)
    except ProcessLookupError:
        pass


def wait_ended(rows):
    """Those of the processes that did not end within the grace period."""
    deadline = time.monotonic() + SIGNAL_GRACE_S
    rows = [row for row in rows if not ended(row)]
    while rows and time.monotonic() < deadline:
        time.sleep(0.02)
        rows = [row for row in rows if not ended(row)]
    return rows


def ended(row):
    try:
        os.waitpid(row["pid"], os.WNOHANG)
    except ChildProcessError:
        pass
    return start_time(row["pid"]) != row["start"]


def give_back_hugepages(count):
    with open(HUGEPAGES, encoding="ascii") as file:
        now = int(file.read())
    with open(HUGEPAGES, "w", encoding="ascii") as file:
        file.write(str(max(now - count, 0)))


def clean_leftovers(names=None):
    """Cleans the runs whose owner is gone. Returns (cleaned, still owned) names."""
    cleaned, alive = [], []
    for entry in sorted(os.listdir("/run")):
        run_dir = os.path.join("/run", entry)
        name = run_dir.removeprefix(PREFIX)
        if not run_dir.startswith(PREFIX) or (names and name not in names):
            continue
        manifest = Manifest(run_dir)
        if manifest.owner_alive():
            alive.append(name)
            continue
        manifest.clean()
        cleaned.append(name)
    return cleaned, alive


def labs_up():
    """Names of the labs whose process lives."""
    found = [os.path.join("/run", entry) for entry in sorted(os.listdir("/run"))]
    return [path.removeprefix(PREFIX) for path in found
            if path.startswith(PREFIX) and Manifest(path).owner_alive()]


def start_janitor(manifest):
    """A process that cleans up when this one ends without having done so, kill -9 included: it
    holds the other end of a pipe that only this process has open."""
    library = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    janitor = subprocess.Popen(
        [sys.executable, "-c",
         "import sys; sys.path.insert(0, sys.argv[1]); from onramp_lab import manifest; "
         "sys.stdin.read(); manifest.Manifest(sys.argv[2]).clean()",
         library, manifest.run_dir],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True)
    manifest.add("janitor", pid=janitor.pid, start=start_time(janitor.pid))
    return janitor
