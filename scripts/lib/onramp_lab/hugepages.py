# SPDX-License-Identifier: BSD-3-Clause
"""Hugepages: raise the machine's number by the shortfall only; the manifest gives it back."""

from .manifest import HUGEPAGES, give_back_hugepages

PAGE_BYTES = 2 << 20


def _meminfo(field):
    with open("/proc/meminfo", encoding="ascii") as file:
        return next((int(line.split()[1]) for line in file if line.startswith(field + ":")), 0)


def _persistent():
    with open(HUGEPAGES, encoding="ascii") as file:
        return int(file.read())


def reserve(manifest, megabytes):
    """Sees to it that so much is free. Returns (True, text) or (False, why not)."""
    needed = megabytes * 1024 * 1024 // PAGE_BYTES
    free = _meminfo("HugePages_Free")
    if _meminfo("Hugepagesize") != PAGE_BYTES // 1024:
        return False, "the machine's hugepages are not of 2 MiB"
    if free >= needed:
        return True, f"{free} free, {needed} needed"
    before = _persistent()
    # Surplus pages (in use, given back already) count in the total: raising takes them in first.
    try:
        with open(HUGEPAGES, "w", encoding="ascii") as file:
            file.write(str(_meminfo("HugePages_Total") + needed - free))
    except OSError as error:
        return False, f"cannot raise {HUGEPAGES}: {error.strerror}"
    added = _persistent() - before
    if _meminfo("HugePages_Free") < needed:
        give_back_hugepages(added)
        return False, f"the kernel gave {added} of {needed - free} more pages"
    manifest.add("hugepages", added=added)
    return True, f"{added} reserved for this run"
