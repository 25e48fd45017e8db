# SPDX-License-Identifier: BSD-3-Clause
"""scripts/test: builds with each compiler and sanitizer, runs all tests, sums up."""

import argparse
import glob
import json
import os
import re
import signal
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILDS = os.path.join(ROOT, "build-test")
CLANG = {"CC": "clang", "CXX": "clang++"}
WERROR = ["--werror"]
ASAN = ["-Db_sanitize=address,undefined", "-Db_lundef=false", "-Dbuildtype=debugoptimized"]
# TSAN does not understand DPDK's inline assembly barriers; its C11 memory model it does.
TSAN = ["-Db_sanitize=thread", "-Db_lundef=false", "-Dbuildtype=debugoptimized",
        "-Dc_args=-DRTE_USE_C11_MEM_MODEL"]
SANITIZER_OPTIONS = {
    "ASAN_OPTIONS": "abort_on_error=1:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
    "TSAN_OPTIONS": "halt_on_error=1",
}
SYSTEM_TIMEOUT_S = 900
FAILED_LINES = 30  # of what a failed test said
LONG_FIB_TIMEOUT_S = 3600
SKIPPED = 77  # exit status, as for meson


class Total:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def add(self, passed=0, failed=0, skipped=0):
        self.passed += passed
        self.failed += failed
        self.skipped += skipped

    def line(self):
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"


def say(text):
    print(text, flush=True)


def run_logged(argv, log, env=None, timeout=1800):
    """Runs to the end in a session of its own; at the timeout the whole group goes. Exit status,
    or None for the timeout."""
    with open(log, "w", encoding="utf-8") as file:
        process = subprocess.Popen(argv, cwd=ROOT, stdout=file, stderr=subprocess.STDOUT,
                                   stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})},
                                   start_new_session=True)
        try:
            return process.wait(timeout)
        except subprocess.TimeoutExpired:
            # A lab takes itself down on SIGTERM; its janitor does after SIGKILL.
            for sig in (signal.SIGTERM, signal.SIGKILL):
                try:
                    os.killpg(process.pid, sig)
                    process.wait(30)
                    break
                except subprocess.TimeoutExpired:
                    continue
            return None


class Runner:
    def __init__(self, options):
        self.options = options
        self.total = Total()
        os.makedirs(BUILDS, exist_ok=True)

    def wanted(self, name):
        return not self.options.only or self.options.only in name

    def fail(self, name, why, log):
        self.total.add(failed=1)
        say(f"FAIL {name}: {why}; log: {os.path.relpath(log, ROOT)}")
        with open(log, encoding="utf-8", errors="replace") as file:
            for line in file.readlines()[-15:]:
                say("     " + line.rstrip())

    # ---- builds ----

    def build(self, name, options, env=None, targets=()):
        """Configures once, then builds. The directory, or None after saying why not."""
        directory = os.path.join(BUILDS, name)
        log = os.path.join(BUILDS, f"{name}.log")
        if not os.path.exists(os.path.join(directory, "build.ninja")):
            if run_logged(["meson", "setup", directory, *WERROR, *options], log, env) != 0:
                self.fail(f"{name}: meson setup", "it failed", log)
                return None
        if run_logged(["ninja", "-C", directory, *targets], log, env) != 0:
            self.fail(f"{name}: build", "it failed", log)
            return None
        self.total.add(passed=1)
        say(f"ok   {name}: builds without a warning")
        return directory

    def meson_tests(self, name, directory, suite=None):
        log = os.path.join(BUILDS, f"{name}-tests.log")
        results = os.path.join(directory, "meson-logs/testlog.json")
        if os.path.exists(results):
            os.unlink(results)
        argv = ["meson", "test", "-C", directory, "--no-rebuild", "--print-errorlogs"]
        status = run_logged([*argv, *(["--suite", suite] if suite else [])], log,
                            SANITIZER_OPTIONS)
        rows = []
        if os.path.exists(results):
            with open(results, encoding="utf-8") as file:
                rows = [json.loads(line) for line in file]
        failed = [row for row in rows if row["result"] not in ("OK", "SKIP", "EXPECTEDFAIL")]
        bad = [row["name"] for row in failed]
        skipped = sum(row["result"] == "SKIP" for row in rows)
        self.total.add(passed=len(rows) - len(bad) - skipped, skipped=skipped)
        if bad or status or not rows:
            self.total.add(failed=len(bad) - 1 if bad else 0)
            self.fail(f"{name}: tests", f"{', '.join(bad) or 'meson test failed'}", log)
            for row in failed:
                say(f"     {row['name']} said:")
                said = (row.get("stdout", "") + row.get("stderr", "")).splitlines()
                for line in said[-FAILED_LINES:]:
                    say("     | " + line)
        else:
            say(f"ok   {name}: {len(rows) - skipped} tests passed"
                + (f", {skipped} skipped" if skipped else ""))

    def compiled(self):
        """gcc's build is always made: the system tests run it."""
        gcc = self.build("gcc", [], targets=("all", "bench"))
        if gcc and self.wanted("gcc"):
            self.meson_tests("gcc", gcc)
        if self.options.quick:
            return gcc
        for name, options, env in (("clang", [], CLANG),
                                   ("asan", [*ASAN, "-Dfuzz=true"], CLANG),
                                   ("tsan", TSAN, CLANG)):
            if self.wanted(name):
                self.compiled_other(name, options, env)
        return gcc

    def compiled_other(self, name, options, env):
        directory = self.build(name, options, env)
        if not directory:
            return
        if name == "tsan":
            if any("tsan" in "".join(test["suite"]) for test in introspect(directory)):
                self.meson_tests(name, directory, "tsan")
            return
        self.meson_tests(name, directory)
        if name == "asan" and self.options.long:
            self.fuzz(directory)
            self.long_fib(directory)

    def fuzz(self, directory):
        """The long runs; the short ones are among meson's tests."""
        seconds = 600
        for target in sorted(glob.glob(os.path.join(directory, "tests/fuzz/fuzz-*"))):
            if not os.path.isfile(target) or not os.access(target, os.X_OK):
                continue
            name = os.path.basename(target)
            log = os.path.join(BUILDS, f"{name}.log")
            artifacts = os.path.join(BUILDS, name) + "-"
            status = run_logged([target, f"-max_total_time={seconds}", f"-artifact_prefix={artifacts}",
                                 "-print_final_stats=1"], log, SANITIZER_OPTIONS, seconds + 120)
            if status != 0:
                self.fail(name, "it found something", log)
                continue
            self.total.add(passed=1)
            say(f"ok   {name}: {seconds} s without a finding")

    def long_fib(self, directory):
        """10,000 tables of either family, from nothing and back, against an oracle."""
        name = "fib_random-long"
        log = os.path.join(BUILDS, f"{name}.log")
        status = run_logged([os.path.join(directory, "tests/unit/dataplane/fib_random"), "--long"],
                            log, SANITIZER_OPTIONS, LONG_FIB_TIMEOUT_S)
        if status != 0:
            self.fail(name, "no end in time" if status is None else "it found something", log)
            return
        self.total.add(passed=1)
        say(f"ok   {name}: 10,000 full cycles")

    def instructions(self):
        """The fast path must not become slower; counted, because time means nothing here."""
        name = "instructions"
        if self.options.quick or not self.wanted(name):
            return
        log = os.path.join(BUILDS, f"{name}.log")
        status = run_logged([os.path.join(ROOT, "scripts/bench"), name], log)
        with open(log, encoding="utf-8") as file:
            text = file.read()
        if status == SKIPPED:
            self.total.add(skipped=1)
            say(f"skip {name}: {text.strip().splitlines()[-1]}")
            return
        counted = re.findall(r"^(\d+) passed, (\d+) failed$", text, re.MULTILINE)
        if status == 0 and counted:
            self.total.add(passed=int(counted[-1][0]))
            for line in re.findall(r"^ok   (.*)$", text, re.MULTILINE):
                say(f"ok   {name}: {line}")
            return
        self.fail(name, "the fast path has become slower" if counted else "it failed", log)

    # ---- system tests ----

    def system(self, gcc):
        for path in sorted(glob.glob(os.path.join(ROOT, "tests/system/test_*.py"))):
            name = "system/" + os.path.basename(path)[len("test_"):-len(".py")]
            if not self.wanted(name) or (self.options.quick and name != "system/lab"):
                continue
            if gcc is None:
                self.total.add(failed=1)
                say(f"FAIL {name}: there is no gcc build to run")
                continue
            self.system_test(name, path, gcc)

    def system_test(self, name, path, gcc):
        log = os.path.join(BUILDS, name.replace("/", "-") + ".log")
        env = {"PYTHONPATH": os.path.join(ROOT, "scripts/lib"), "ONRAMP_BUILD": gcc,
               "PYTHONUNBUFFERED": "1"}
        started = time.monotonic()
        status = run_logged(["/usr/bin/python3", path], log, env, SYSTEM_TIMEOUT_S)
        with open(log, encoding="utf-8", errors="replace") as file:
            text = file.read()
        if status == SKIPPED:
            self.total.add(skipped=1)
            say(f"skip {name}: {text.strip().splitlines()[-1] if text.strip() else ''}")
            return
        counted = re.findall(r"^(\d+) passed, (\d+) failed$", text, re.MULTILINE)
        passed, failed = map(int, counted[-1]) if counted else (0, 0)
        self.total.add(passed=passed, failed=failed)
        if status == 0 and passed and not failed:
            for line in re.findall(r"^note: .*$", text, re.MULTILINE):
                say("     " + line)
            say(f"ok   {name}: {passed} checks passed [{time.monotonic() - started:.0f} s]")
            return
        self.total.add(failed=-1 if failed else 0)
        for line in re.findall(r"^FAIL .*$", text, re.MULTILINE):
            say("     " + line)
        self.fail(name, "no end in time" if status is None else f"{failed} checks failed", log)


def introspect(directory):
    return json.loads(subprocess.run(["meson", "introspect", directory, "--tests"], text=True,
                                     check=True, stdout=subprocess.PIPE).stdout)


def main():
    parser = argparse.ArgumentParser(prog="scripts/test", description=__doc__)
    parser.add_argument("--quick", action="store_true",
                        help="gcc only, and of the system tests only the lab")
    parser.add_argument("--long", action="store_true", help="fuzz for 10 minutes a target, and 10,000 cycles of the FIB")
    parser.add_argument("--only", metavar="PATTERN",
                        help="only gcc, clang, asan, tsan, instructions or system/NAME with this in "
                             "the name")
    runner = Runner(parser.parse_args())
    gcc = runner.compiled()
    runner.instructions()
    runner.system(gcc)
    say(runner.total.line())
    return 1 if runner.total.failed or not runner.total.passed else 0


if __name__ == "__main__":
    sys.exit(main())
