# SPDX-License-Identifier: BSD-3-Clause
"""Where BFD does not watch a link, BGP's hold time does: with a customer that has no BFD, and with
one that took it out of use (AdminDown, RFC 5882 3.2). Both keep their traffic as long as the link
is alive, and lose a silent link's share for no longer than the hold time."""

import sys

from support import LabError, run_in_lab

from onramp_lab import checks_bfd
from onramp_lab.checks_bfd import LINK, both_carry, sessions, splice, stream, withdrawn
from onramp_lab.checks_failure import established_counts
from onramp_lab.checks_ledger import buffers, ledger
from onramp_lab.checks_reach import route_checks, session_checks, uses_links
from onramp_lab.gaps import FLOWS
from onramp_lab.shell import wait_until
from onramp_lab.topology import CONTOSO, LINK_NAMES, VNET_PREFIX4, VNET_PREFIX6

HOLD_S = 3  # the least there is (RFC 4271 4.2)
KEEPALIVE_S = HOLD_S // 3
# After the hold time FRR and control have to take the routes back, on a machine that may be busy.
SLACK_MS = 1500


def contoso_sessions(lab):
    return {key: row for key, row in sessions(lab).items() if key[0].startswith("contoso/")}


def all_stand_by(lab, remote_state):
    """contoso's sessions are not up, and no path is out of use for that."""
    def look():
        rows = contoso_sessions(lab)
        wrong = {key: (row["state"], row["remote_state"], row["path_down"])
                 for key, row in rows.items() if row["state"] == "up" or row["path_down"]
                 or remote_state not in (None, row["remote_state"])}
        return len(rows) == 4 and not wrong or (False, f"{len(rows)} of 4 sessions, wrong: {wrong}")
    wait_until("contoso's BFD out of use", look, 20)


def cut_and_restore(lab):
    """What a silent link costs, and that its return costs nothing."""
    with stream(lab) as running:
        both_carry(lab)
        splice(lab).cut()
        withdrawn(lab)
        cut = running.end()
    moved = sum(gap > 1000 * KEEPALIVE_S for gap in cut["gaps_ms"])
    if not 0 < moved < FLOWS:
        raise LabError(f"{moved} of {FLOWS} flows met the cut: the check proves nothing")
    # The last message came less than a keepalive time before the cut, or BFD would have noticed.
    least, most = 1000 * (HOLD_S - KEEPALIVE_S) - 200, 1000 * HOLD_S + SLACK_MS
    if not least < cut["longest_ms"] < most:
        raise LabError(f"a flow was silent for {cut['longest_ms']:.0f} ms, "
                       f"not {least} to {most} ms")
    with stream(lab) as running:
        splice(lab).connect()
        uses_links(lab.spaces["contoso"], (VNET_PREFIX4, VNET_PREFIX6), LINK_NAMES)
        both_carry(lab)
        back = running.end()
    if back["lost"]:
        raise LabError(f"{back['lost']} packets lost while {LINK} came back")
    return (f"{moved} of {FLOWS} flows silent for at most {cut['longest_ms']:.0f} ms, hold time "
            f"{HOLD_S} s; 0 packets lost on the way back")


def without_bfd(lab):
    all_stand_by(lab, None)
    if any(row["ups"] for row in contoso_sessions(lab).values()):
        raise LabError("contoso's BFD was up: the check proves nothing")
    return cut_and_restore(lab)


def admin_down(lab):
    neighbours = [address for half in (0, 1) for address in CONTOSO.addresses(half, 2)]
    commands = [f"neighbor {address} bfd profile lab" for address in neighbours]
    lab.contoso.command("configure terminal", f"router bgp {CONTOSO.asn}", *commands, "bgpd")
    checks_bfd.all_up(lab)
    resets = established_counts(lab)
    with stream(lab) as running:
        both_carry(lab)
        lab.contoso.command("configure terminal", "bfd", "profile lab", "shutdown", "bfdd")
        all_stand_by(lab, "admin-down")
        came = running.came()
        wait_until("1000 packets more", lambda: running.came() >= came + 1000, 10)
        lost = running.end()["lost"]
    if lost or established_counts(lab) != resets:
        raise LabError(f"{lost} packets lost; BGP before {resets}, after {established_counts(lab)}")
    return "0 packets lost when BFD went; then " + cut_and_restore(lab)


def checks():
    yield from session_checks()
    yield from route_checks()
    yield "a customer without BFD: a silent link costs the hold time", without_bfd
    yield "a customer whose BFD is administratively down: the same", admin_down
    yield "ledgers", ledger
    yield "buffers", buffers


if __name__ == "__main__":
    sys.exit(run_in_lab("ht", checks(), hold_s=HOLD_S, contoso_bfd=False))
