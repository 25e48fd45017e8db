# SPDX-License-Identifier: BSD-3-Clause
"""Running commands, waiting for events with a deadline."""

import subprocess
import time


class LabError(Exception):
    """What went wrong, in a sentence for people."""


class ProcessEnded(LabError):
    """A process that something waits for is gone: waiting on is of no use."""


def run(argv, *, netns=None, timeout=30, check=True, stdin=None):
    """Runs a command to its end, in the network namespace (a path) when one is given. Returns the
    CompletedProcess with text output; with check, a failure is a LabError that quotes it."""
    if netns:
        argv = ["nsenter", f"--net={netns}", "--", *argv]
    try:
        done = subprocess.run(argv, text=True, input=stdin, timeout=timeout, errors="replace",
                              stdin=subprocess.DEVNULL if stdin is None else None,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except FileNotFoundError as error:
        raise LabError(f"{error.filename} is not installed; run scripts/setup") from None
    except subprocess.TimeoutExpired:
        raise LabError(f"{' '.join(argv)}: no end within {timeout} s") from None
    if check and done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise LabError(f"{' '.join(argv)}: exit status {done.returncode}"
                       + (f": {said[-1]}" if said else ""))
    return done


def wait_until(what, probe, timeout, interval=0.05):
    """Looks until probe() gives something true and returns that. probe may raise LabError or
    return (False, why): the reason of the last look is in the error after the deadline. A
    ProcessEnded goes through at once."""
    deadline = time.monotonic() + timeout
    while True:
        why = None
        try:
            found = probe()
            if isinstance(found, tuple) and found and found[0] is False:
                why, found = found[1], None
        except ProcessEnded:
            raise
        except LabError as error:
            why, found = str(error), None
        if found:
            return found
        if time.monotonic() >= deadline:
            raise LabError(f"{what}: not within {timeout:g} s" + (f" ({why})" if why else ""))
        time.sleep(interval)
