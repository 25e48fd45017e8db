# SPDX-License-Identifier: BSD-3-Clause
"""Running checks: one line each, a verdict at the end."""

import time

from . import checks_bfd, checks_failure, checks_ledger, checks_reach
from .shell import LabError


class Check:
    """name: "contoso: ping"; function(lab) returns what it saw, or raises LabError."""

    def __init__(self, name, function):
        self.name, self.function = name, function


def all_checks():
    """In the order they run: those that disturb come last, the ledger after all of them."""
    return [Check(name, function) for name, function in (
        *checks_reach.checks(), *checks_bfd.checks(), *checks_failure.checks(),
        *checks_ledger.checks("after traffic"), *checks_failure.restart_checks(),
        *checks_ledger.checks("after the restart"))]


class Report:
    """Prints as it goes and counts."""

    def __init__(self, say=print):
        self.say, self.passed, self.failed = say, 0, 0

    def run(self, lab, check):
        started = time.monotonic()
        try:
            seen = check.function(lab)
        except LabError as error:
            self.failed += 1
            self.say(f"FAIL {check.name}: {error}")
            return
        self.passed += 1
        self.say(f"ok   {check.name}: {seen} [{time.monotonic() - started:.1f} s]")

    def verdict(self):
        return f"{self.passed} passed, {self.failed} failed"


def run_checks(lab, only=None):
    """Brings the lab up, runs everything, says the verdict. 0 or 1, for the exit status."""
    report = Report(lambda line: print(line, flush=True))
    try:
        lab.start()
        for check in all_checks():
            if not only or only in check.name:
                report.run(lab, check)
    except LabError as error:
        report.failed += 1
        print(f"FAIL the lab did not come up: {error}", flush=True)
    if report.failed:
        keep_state(lab)
        print(f"logs, captures and the edge's state: {lab.log_dir}")
    print(report.verdict(), flush=True)
    return 1 if report.failed or not report.passed else 0


def keep_state(lab):
    """What each edge would have told, for whoever reads the logs."""
    for edge, suffix in zip(getattr(lab, "edges", []), lab.edge_suffixes()):
        keep_edge(edge, f"{lab.log_dir}/show{suffix}")


def keep_edge(edge, stem):
    for what in ("status", "bgp", "routes", "arp", "stats", "drops", "ports", "memory", "bfd"):
        try:
            text = edge.command("show", what, check=False, timeout=10)
            text = text.stdout + text.stderr
        except LabError as error:
            text = f"{error}\n"
        with open(f"{stem}-{what}.txt", "w", encoding="utf-8") as file:
            file.write(text)
