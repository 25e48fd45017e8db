# SPDX-License-Identifier: BSD-3-Clause
"""What every system test needs: a lab of its own name, and a report that ends as scripts/test
expects it."""

import os
import sys
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "scripts/lib"))

# pylint: disable=wrong-import-position
from onramp_lab.checks import Check, Report, keep_state  # noqa: E402
from onramp_lab.shell import LabError  # noqa: E402
from onramp_lab.topology import Lab  # noqa: E402

BUILD = os.environ.get("ONRAMP_BUILD", os.path.join(ROOT, "build"))


def lab_name(stem):
    """A name that no other run has: a leftover is never in the way."""
    return f"{stem}{os.getpid():x}"


def run_in_lab(stem, checks, **options):
    """run_checks_in a lab as scripts/lab has it."""
    return run_checks_in(stem, lambda: Lab(lab_name(stem), BUILD, **options), checks)


def run_checks_in(stem, make_lab, checks):
    """Runs (name, function(lab)) pairs in one lab; the first is what the others stand on. Exit
    status."""
    report = Report(lambda line: print(line, flush=True))
    try:
        with make_lab() as lab:
            try:
                lab.start()
                for name, function in checks:
                    report.run(lab, Check(name, function))
                    if not report.passed:
                        break
            finally:
                if report.failed or not report.passed:
                    keep_state(lab)
                    print(f"logs: {lab.log_dir}")
    except LabError as error:
        report.failed += 1
        print(f"FAIL {stem}: {error}")
    except Exception:  # pylint: disable=broad-except
        report.failed += 1
        print(f"FAIL {stem}: the test itself broke")
        traceback.print_exc()
    print(report.verdict(), flush=True)
    return 1 if report.failed or not report.passed else 0
