# SPDX-License-Identifier: BSD-3-Clause
"""Instructions per packet of the fast path, counted by callgrind on a fixed input: the same on
every machine, so that a slower change is seen where time cannot be measured. It depends on the
compiler; each version has its own record, in tests/bench/instructions.json."""

import json
import os
import re
import tempfile

from onramp_lab.shell import LabError, run

from . import build
from .prefixes import ROOT

CASES = ("v4-vlan", "v4-qinq", "v6-vlan", "v4-vlan-strict", "v6-vlan-strict",
         "v4-vlan-captured", "v4-vlan-other-captured")
CPU = "x86-64-v3"  # valgrind knows no AVX-512
DIRECTORY = os.path.join(ROOT, "build-callgrind")
TARGET = "tests/bench/bench-instructions"
RECORD = os.path.join(ROOT, "tests/bench/instructions.json")
COLLECT = ("pipeline_receive", "pipeline_flush")
BURSTS = 100
LIMIT = 1.05


def count(program, case):
    with tempfile.TemporaryDirectory() as directory:
        done = run(["valgrind", "--tool=callgrind",
                    f"--callgrind-out-file={directory}/callgrind.out",
                    *(f"--toggle-collect={function}" for function in COLLECT),
                    program, case, str(BURSTS)], timeout=300)
    collected = int(re.search(r"Collected : (\d+)", done.stderr).group(1))
    if collected == 0:
        raise LabError(f"{case}: no instruction was collected in {' and '.join(COLLECT)}")
    return collected / (BURSTS * int(done.stdout))


def compiler():
    """"gcc 12": minor releases make the same code."""
    program = os.environ.get("CC", "cc").split()
    name = "clang" if "clang" in run([*program, "--version"]).stdout else "gcc"
    return f"{name} {run([*program, '-dumpversion']).stdout.strip().split('.')[0]}"


def records():
    with open(RECORD, encoding="ascii") as file:
        return json.load(file)


def judge(case, counted, recorded):
    """(passed, sentence)."""
    what = f"{case}: {counted:.1f} instructions a packet, {recorded:.1f} recorded"
    change = 100 * (counted / recorded - 1)
    if counted > recorded * LIMIT:
        return False, f"{what}: {change:.1f} % more, {100 * (LIMIT - 1):.0f} % are allowed"
    if counted * LIMIT < recorded:
        return True, f"{what}: record the progress: scripts/bench instructions --record"
    return True, f"{what} ({change:+.1f} %)"


def record(name, counted):
    known = records()
    known[name] = {case: round(value, 1) for case, value in counted.items()}
    with open(RECORD, "w", encoding="ascii") as file:
        file.write(json.dumps(known, indent="\t", sort_keys=True) + "\n")


def main(new_record):
    """Exit status: 0, 1 slower, 77 no record of this compiler."""
    build.build([TARGET], DIRECTORY, CPU)
    counted = {case: count(os.path.join(DIRECTORY, TARGET), case) for case in CASES}
    name = compiler()
    if new_record:
        record(name, counted)
        print(f"{name}: recorded " + ", ".join(f"{k} {v:.1f}" for k, v in counted.items()))
        return 0
    known = records().get(name)
    if not known:
        print(f"no record of {name}: scripts/bench instructions --record makes one")
        return 77
    judged = [judge(case, counted[case], known[case]) for case in CASES]
    for passed, sentence in judged:
        print(("ok   " if passed else "FAIL ") + sentence)
    failed = sum(not passed for passed, _ in judged)
    print(f"{len(judged) - failed} passed, {failed} failed")
    return 1 if failed else 0
