# SPDX-License-Identifier: BSD-3-Clause
"""Benchmarks that are programs of their own and print their results as lines of JSON."""

import json
import os
import subprocess
import sys

from onramp_lab.shell import LabError

from . import build
from .prefixes import ROOT
from .results import Row

FIB_MEMORY_MB = 320  # tests/bench/fib.c puts rte_lpm into hugepages where so many are free


def parse(line):
    """A row of a line; the program's own spread and number of runs are kept."""
    what = json.loads(line)
    return Row(what["bench"], what["case"], what["metric"], what["unit"],
               [what["min"], what["value"], what["max"]], runs=what["runs"],
               note=what.get("note", ""), p99=what.get("p99"))


def call(bench, argv):
    bench.say("running " + " ".join(argv).replace(ROOT + "/", ""))
    with subprocess.Popen(bench.on_any_cpu(argv), stdout=subprocess.PIPE, text=True,
                          cwd=ROOT) as process:
        for line in process.stdout:
            bench.add([parse(line)])
    if process.returncode:
        raise LabError(f"{argv[0]}: exit status {process.returncode}")


def fib(bench, options):
    bench.reserve(FIB_MEMORY_MB)
    call(bench, [build.path("tests/bench/fib"), options.name, *quick(options)])


def control(bench, options):
    """Needs no hugepages; the Python programs find this build beside them."""
    call(bench, [build.path("tests/bench/bench-api-routes"), *quick(options)])
    for name in ("kernel_to_fib", "circuits", "store"):
        call(bench, [sys.executable, os.path.join(ROOT, f"tests/bench/{name}.py"),
                     "--build", build.DIRECTORY, *quick(options)])


def quick(options):
    return ["--quick"] if options.quick else []
