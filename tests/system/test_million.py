# SPDX-License-Identifier: BSD-3-Clause
"""A customer that announces a million prefixes by one of its links loses that link's session, by a
hard limit at once and by a soft one at ten times the limit; its other sessions stay, and nobody else
notices. Control answers meanwhile, and grows by a bounded amount."""

import os
import socket
import sys
import threading
import time
from contextlib import contextmanager

from apply_kit import Document, all_established, build_tailspin, must_say, others_undisturbed
from support import LabError, run_in_lab

from onramp_lab.checks_failure import established_counts
from onramp_lab.checks_ledger import buffers, ledger
from onramp_lab.checks_reach import route_checks, session_checks
from onramp_lab.shell import wait_until
from onramp_lab.topology import FABRIKAM, LINK_NAMES

ROUTES = 1_000_000
FIRST = 101 << 24  # 101.0.0.0/32 and on
SESSIONS = 16      # of the lab and the third customer
LINK = LINK_NAMES[1]
HARD_WORDS, SOFT_WORDS = "more than 4000 prefixes", "more than 40000 prefixes, far above"
PEERING = f"vlan: {FABRIKAM.c_tag}\n        peer_asn: {FABRIKAM.asn}\n"
SOFT = PEERING + "        prefix_limit: {mode: soft}\n"
GROWTH_MB = 256    # of control; bgpd's answer about 40,000 prefixes is 20 MB of text
ANSWER_S = 10


class Watch:
    """Asks control again and again: how long does the longest answer take?"""

    def __init__(self, edge):
        self.path = os.path.join(edge.run_dir, "control.sock")
        self.longest, self.error = 0, None
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def __enter__(self):
        self.thread.start()
        return self

    def _run(self):
        try:
            while not self.stop.is_set():
                self._ask()
        except OSError as error:
            self.error = error

    def _ask(self):
        began = time.monotonic()
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(60)
            control.connect(self.path)
            control.sendall(b'{"request": "show", "what": "drains"}\n')
            control.recv(65536)
        self.longest = max(self.longest, time.monotonic() - began)
        self.stop.wait(0.01)

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()


def resident_mb(process):
    with open(f"/proc/{process.pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE") >> 20


def address(number):
    return ".".join(str((FIRST + number) >> shift & 255) for shift in (24, 16, 8, 0))


def write_routes(lab):
    lab.million = os.path.join(lab.run_dir, "million.conf")
    with open(lab.million, "w", encoding="ascii") as file:
        file.write("protocol static million { ipv4;\n")
        file.writelines(f"route {address(number)}/32 blackhole;\n" for number in range(ROUTES))
        file.write("}\n")


def announce(lab, bird):
    """By one session; what this customer announces by the others stays."""
    with open(bird.config, encoding="utf-8") as file:
        before, after = file.read().split(f"protocol bgp {LINK}4 {{", 1)
    after = after.replace("export where source = RTS_DEVICE;",
                          "export where source ~ [RTS_DEVICE, RTS_STATIC];", 1)
    with open(bird.config, "w", encoding="utf-8") as file:
        file.write(f'{before}include "{lab.million}";\nprotocol bgp {LINK}4 {{{after}')
    must_say(bird.command("configure", timeout=60), "Reconfigur")


def until_closed(lab, customer, words):
    """That session alone."""
    def look():
        rows = {(row["link"], row["family"]): row
                for row in lab.edge.show("bgp", f"{customer}/private")}
        flooded = rows.pop((LINK, "ipv4"))
        wrong = {key: row["state"] for key, row in rows.items() if row["state"] != "Established"}
        if wrong:
            raise LabError(f"{customer}: {wrong} beside the session that was flooded")
        return (flooded["state"] == "Idle" and words in str(flooded["last_error"])) or (
            False, f"it is {flooded['state']}, {flooded['last_error']}")
    wait_until(f"{customer}'s session closed", look, 120)


def none_left(lab, customer):
    left = [row["prefix"] for row in lab.edge.show("routes", f"private.{customer}")
            if row["prefix"].startswith("101.")]
    return not left or (False, f"{len(left)} of them, {left[0]} for one")


@contextmanager
def bounded(lab, customer):
    """Nobody but this customer's one session notices; a note on what it cost."""
    control, before = lab.edge.control, resident_mb(lab.edge.control)
    sessions, began = established_counts(lab), time.monotonic()
    flooded = next(row["neighbour"] for row in lab.edge.show("bgp", f"{customer}/private/{LINK}")
                   if row["family"] == "ipv4")
    with others_undisturbed(lab, customer), Watch(lab.edge) as watch:
        yield
        seconds = time.monotonic() - began
    wait_until("its routes gone from the dataplane", lambda: none_left(lab, customer), 30)
    again = [key for key, count in established_counts(lab).items()
             if count != sessions[key] and key != (f"private.{customer}", flooded)]
    grown = resident_mb(control) - before
    lab.cost = (f"closed after {seconds:.1f} s, control's longest answer "
                f"{watch.longest * 1000:.0f} ms, {grown} MB more")
    if watch.error or watch.longest > ANSWER_S or grown > GROWTH_MB or again:
        raise LabError(f"{lab.cost}, {watch.error}, sessions that began anew: {again}")


def third_customer(lab):
    build_tailspin(lab)
    write_routes(lab)
    lab.document = Document(lab)
    lab.document.apply(*lab.document.with_tailspin())
    said = lab.document.apply((PEERING, SOFT))
    must_say(said, "prefix_limit.mode hard -> soft", "No BGP session is touched")
    all_established(lab, SESSIONS)
    return f"{ROUTES} routes written, tailspin's limit is hard, fabrikam's soft"


def hard(lab):
    with bounded(lab, "tailspin"):
        announce(lab, lab.tailspin)
        until_closed(lab, "tailspin", HARD_WORDS)
    return lab.cost


def soft(lab):
    with bounded(lab, "fabrikam"):
        announce(lab, lab.fabrikam)
        until_closed(lab, "fabrikam", SOFT_WORDS)
    return lab.cost


def checks():
    yield from session_checks()
    yield from route_checks()
    yield "a third customer", third_customer
    yield "a million routes against a hard limit", hard
    yield "a million routes against a soft limit", soft
    yield "ledgers", ledger
    yield "buffers", buffers


if __name__ == "__main__":
    sys.exit(run_in_lab("mi", checks()))
