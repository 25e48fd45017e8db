# SPDX-License-Identifier: BSD-3-Clause
"""A lab leaves nothing behind, however it ends: by Ctrl-C, by a failure, by kill -9."""

import glob
import os
import re
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

from support import BUILD, ROOT, lab_name

from onramp_lab.hugepages import meminfo, reserve
from onramp_lab.manifest import PREFIX, Manifest, start_time
from onramp_lab.process import Process
from onramp_lab.shell import LabError, run, wait_until

UP = re.compile(r"^The on-ramp is up\.$", re.MULTILINE)


def traces(name):
    """What there is on the machine with this lab's name on it."""
    found = [f"namespace {line}" for line in os.listdir("/run/netns")
             if line.startswith(f"onramp-{name}-")] if os.path.isdir("/run/netns") else []
    found += glob.glob(f"{PREFIX}{name}*") + glob.glob(f"/var/run/frr/onramp-{name}-*")
    with open("/proc/self/mounts", encoding="utf-8") as mounts:
        found += [f"mount {line.split()[1]}" for line in mounts if f"onramp-{name}" in line]
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(path, "rb") as file:
                words = file.read().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        pid = int(path.split("/")[2])
        if re.search(rf"onramp-(lab-)?{name}\b", words) and start_time(pid):
            found.append(f"process {pid}: {words.strip()[:80]}")
    return found


def hugepages():
    with open("/proc/sys/vm/nr_hugepages", encoding="ascii") as file:
        return int(file.read())


def start(name, log):
    return subprocess.Popen(
        [os.path.join(ROOT, "scripts/lab"), "--build", BUILD, "--name", name], stdout=log,
        stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True)


def said(log):
    with open(log.name, encoding="utf-8") as file:
        return file.read()


def ended_by(sig, when, janitor_too=False):
    """Starts a lab, sends the signal once `when` (a pattern of its output) is seen. janitor_too:
    kills the process that cleans up after a killed lab first, `scripts/lab --clean` must do."""
    name = lab_name("x")
    before = hugepages()
    path = os.path.join(BUILD, f"leftovers-{sig.name}.log")
    with open(path, "w", encoding="utf-8") as log:
        lab = start(name, log)
        try:
            def look():
                if when.search(said(log)):
                    return True
                if lab.poll() is not None:
                    raise LabError(f"the lab ended by itself: {said(log).strip()[-300:]}")
                return False
            wait_until(f"/{when.pattern}/ in {path}", look, 120)
            if not traces(name):
                raise LabError("no traces while it is up: the search for them proves nothing")
            if janitor_too:
                os.kill(Manifest(PREFIX + name).entries("janitor")[0]["pid"], signal.SIGKILL)
            lab.send_signal(sig)
            lab.wait(60)
        finally:
            if lab.poll() is None:
                lab.kill()
                lab.wait()
    if janitor_too:
        if not traces(name):
            raise LabError("nothing was left without the janitor: --clean proves nothing")
        run([os.path.join(ROOT, "scripts/lab"), "--clean"])
    wait_until("every trace gone", lambda: not traces(name) or (False, "; ".join(traces(name))), 30)
    wait_until("hugepages given back", lambda: hugepages() <= before or (False, str(hugepages())), 10)
    return f"nothing left after {sig.name}"


def two_at_once():
    """Two labs that start at the same time: each counts on pages of its own, though the first has
    not used its pages when the second looks; all of them are given back."""
    before, megabytes = hugepages(), 64
    manifests = [Manifest.create(lab_name(stem)) for stem in ("y", "z")]
    try:
        got = [reserve(manifest, megabytes) for manifest in manifests]
        if not all(done for done, _ in got):
            raise LabError(f"no hugepages to be had: {got}")
        free = meminfo("HugePages_Free") * meminfo("Hugepagesize") // 1024
        if free < 2 * megabytes:
            raise LabError(f"two labs were promised {2 * megabytes} MB, {free} MB are free")
    finally:
        for manifest in manifests:
            manifest.clean()
    wait_until("hugepages given back", lambda: hugepages() <= before or (False, str(hugepages())), 10)
    return f"{2 * megabytes} MB promised, {free} MB were free"


class Interrupted(Manifest):
    """Ctrl-C when a process is there and not yet written down."""

    def add(self, kind, **what):
        if kind == "process":
            raise KeyboardInterrupt
        super().add(kind, **what)


def interrupted_at_start():
    """A process that no manifest has would be left behind by whatever cleans up."""
    manifest = Interrupted(Manifest.create(lab_name("w")).run_dir)
    ran = os.path.join(manifest.run_dir, "ran")
    process = Process(SimpleNamespace(log_dir=manifest.run_dir, manifest=manifest), "touch",
                      ["touch", ran])
    try:
        try:
            process.start()
            raise LabError("it was not interrupted")
        except KeyboardInterrupt:
            process.wait_end(10)
        if os.path.exists(ran):
            raise LabError("it ran")
    finally:
        manifest.clean()
    return "a process that is not written down ends before it begins"


def main():
    passed = failed = 0
    for name, function, *how in (
            ("two labs' hugepages", two_at_once),
            ("interrupted while a process starts", interrupted_at_start),
            ("Ctrl-C when it is up", ended_by, signal.SIGINT, UP),
            ("SIGTERM while the edge starts", ended_by, signal.SIGTERM, re.compile("starting the edge")),
            ("kill -9 when it is up", ended_by, signal.SIGKILL, UP),
            ("kill -9 while it builds", ended_by, signal.SIGKILL, re.compile("building namespaces")),
            ("kill -9 of all, then --clean", ended_by, signal.SIGKILL, UP, True)):
        started = time.monotonic()
        try:
            seen = function(*how)
        except LabError as error:
            failed += 1
            print(f"FAIL {name}: {error}")
            continue
        passed += 1
        print(f"ok   {name}: {seen} [{time.monotonic() - started:.1f} s]")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
