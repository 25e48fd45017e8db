# SPDX-License-Identifier: BSD-3-Clause
"""Hugepages: raise the machine's number by the shortfall only; the manifest gives it back."""

import fcntl
import os
from contextlib import contextmanager

from .manifest import HUGEPAGES, PREFIX, Manifest, give_back_hugepages, start_time

PAGE_BYTES = 2 << 20
COMPACT = "/proc/sys/vm/compact_memory"


def meminfo(field):
    return kilobytes_or_count("/proc/meminfo", field)


def kilobytes_or_count(path, field):
    with open(path, encoding="ascii", errors="replace") as file:
        return next((int(line.split()[1]) for line in file if line.startswith(field + ":")), 0)


def _persistent():
    with open(HUGEPAGES, encoding="ascii") as file:
        return int(file.read())


@contextmanager
def _one_at_a_time():
    """Among the labs of this machine."""
    directory = os.open(os.path.dirname(PREFIX), os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        yield
    finally:
        os.close(directory)


def _promised():
    """Pages that labs count on and do not use at the moment: they are free, and not ours."""
    total = 0
    for entry in os.listdir(os.path.dirname(PREFIX)):
        run_dir = os.path.join(os.path.dirname(PREFIX), entry)
        if run_dir.startswith(PREFIX):
            manifest = Manifest(run_dir)
            needed = sum(row.get("needed", 0) for row in manifest.entries("hugepages"))
            total += max(needed - _used(manifest), 0)
    return total


def _used(manifest):
    pages = 0
    for row in manifest.entries("process"):
        if start_time(row["pid"]) != row["start"]:
            continue
        try:
            pages += kilobytes_or_count(f"/proc/{row['pid']}/status", "HugetlbPages") * 1024
        except OSError:  # ended meanwhile
            pass
    return pages // PAGE_BYTES


def reserve(manifest, megabytes):
    """Sees to it that so much is free for this run. Returns (True, text) or (False, why not)."""
    needed = megabytes * 1024 * 1024 // PAGE_BYTES
    if meminfo("Hugepagesize") != PAGE_BYTES // 1024:
        return False, "the machine's hugepages are not of 2 MiB"
    with _one_at_a_time():
        free = max(meminfo("HugePages_Free") - _promised(), 0)
        if free >= needed:
            manifest.add("hugepages", needed=needed, added=0)
            return True, f"{free} free, {needed} needed"
        return _raise(manifest, needed, needed - free)


def _write(path, number):
    with open(path, "w", encoding="ascii") as file:
        file.write(str(number))


def _raise(manifest, needed, shortfall):
    before = _persistent()
    # Surplus pages (in use, given back already) count in the total: raising takes them in first.
    target = meminfo("HugePages_Total") + shortfall
    try:
        _write(HUGEPAGES, target)
        if _persistent() < target:
            # Enough may be free, in pieces: after a build, memory is full of small files.
            _write(COMPACT, 1)
            _write(HUGEPAGES, target)
    except OSError as error:
        return False, f"cannot raise {HUGEPAGES}: {error.strerror}"
    added = _persistent() - before
    if before + added < target:
        give_back_hugepages(added)
        return False, f"the kernel gave {added} of {target - before} more pages"
    manifest.add("hugepages", needed=needed, added=added)
    return True, f"{added} reserved for this run"
