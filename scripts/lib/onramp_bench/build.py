# SPDX-License-Identifier: BSD-3-Clause
"""The benchmarks' own release build, for this machine's CPU."""

import os
import subprocess

from onramp_lab.shell import LabError, run

from .prefixes import ROOT

DIRECTORY = os.path.join(ROOT, "build-bench")
CPU = "native"


def path(*parts):
    return os.path.join(DIRECTORY, *parts)


def build(targets, directory=DIRECTORY, cpu=CPU):
    log = os.path.join(directory, "bench-build.log")
    os.makedirs(directory, exist_ok=True)
    steps = [["ninja", "-C", directory, *targets]]
    if not os.path.exists(os.path.join(directory, "build.ninja")):
        steps.insert(0, ["meson", "setup", directory, "--buildtype=release", f"-Dcpu={cpu}"])
    for argv in steps:
        with open(log, "a", encoding="utf-8") as file:
            if subprocess.run(argv, cwd=ROOT, stdout=file, stderr=file, check=False).returncode:
                raise LabError(f"{argv[0]} failed; its log: {log}")


def describe():
    """What was measured: version, compiler, CPU."""
    git = run(["git", "-C", ROOT, "describe", "--always", "--dirty"], check=False).stdout.strip()
    compiler = run(["cc", "--version"]).stdout.splitlines()[0]
    return f"{git or 'no git'}, {compiler}, -Dcpu={CPU}"
