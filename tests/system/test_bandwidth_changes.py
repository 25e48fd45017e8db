# SPDX-License-Identifier: BSD-3-Clause
"""Bandwidth changed while traffic flows: what the lower of two rates allows never loses a packet;
and a raise lets through all that the higher one allows from that moment on."""

import sys

from apply_kit import must_say
from support import LabError, run_in_lab
from test_bandwidth import BURST, CIRCUIT, M, QINQ_BYTES, PAYLOAD_BYTES, policed, settle

from onramp_lab.checks_ledger import ledger
from onramp_lab.flow import Flow
from onramp_lab.topology import CUSTOMER_HOST4, VNET_HOST4

# On one link, each way. Senders that the machine holds up for a while catch up: the burst is theirs.
WITHIN_PPS, BEYOND_PPS = 3000, 7000
CHANGES = ("1G", f"50M\n    {BURST}", f"100M\n    {BURST}", f"50M\n    {BURST}",
           f"10G\n    {BURST}", f"50M\n    {BURST}", "1G")
BETWEEN = 2000  # packets from one change to the next


def bits(pps):
    return pps * QINQ_BYTES * 8


def flow(lab, source, target, address, pps):
    return Flow(lab, lab.spaces[source], lab.spaces[target], address, pps,
                payload_bytes=PAYLOAD_BYTES, sources=1)


def set_bandwidth(lab, old, new):
    said = lab.document.apply((CIRCUIT.format(old), CIRCUIT.format(new)))
    must_say(said, f"circuit contoso: bandwidth {old.split()[0]} -> {new.split()[0]}",
             "No BGP session is touched.")


def all_policed(lab):
    return {direction: policed(lab, direction) for direction in ("in", "out")}


def up_and_down(lab):
    """A stream of 30 Mbit/s each way, while the bandwidth goes up and down and never below 50."""
    before = all_policed(lab)
    with flow(lab, "contoso-host", "vnet-a-host", VNET_HOST4, WITHIN_PPS) as there, \
            flow(lab, "vnet-a-host", "contoso-host", CUSTOMER_HOST4, WITHIN_PPS) as back:
        for old, new in zip(CHANGES, CHANGES[1:]):
            set_bandwidth(lab, old, new)
            there.wait_more(BETWEEN)
            back.wait_more(BETWEEN)
        ends = [there.end(), back.end()]
    if all_policed(lab) != before:
        raise LabError(f"policers dropped: {before} before, {all_policed(lab)} after")
    if any(end["lost"] or end["twice"] for end in ends):
        raise LabError(f"packets were lost or doubled: {ends}")
    return (f"0 of {ends[0]['sent']} and 0 of {ends[1]['sent']} packets lost over "
            f"{len(CHANGES) - 1} changes, {bits(WITHIN_PPS) / M:.0f} Mbit/s each way")


def raised(lab):
    """A stream of 70 Mbit/s through 50; then the bandwidth is 100."""
    narrow, wide = CHANGES[1:3]
    set_bandwidth(lab, CHANGES[-1], narrow)
    with flow(lab, "contoso-host", "vnet-a-host", VNET_HOST4, BEYOND_PPS) as stream:
        stream.wait_more(2 * BEYOND_PPS)
        dropped = policed(lab, "in")
        if not dropped:
            raise LabError(f"50 Mbit/s drops nothing of {bits(BEYOND_PPS) / M:.0f}")
        set_bandwidth(lab, narrow, wide)
        dropped = policed(lab, "in")
        stream.wait_more(2 * BEYOND_PPS)
        after = policed(lab, "in")
        end = stream.end()
    if after != dropped:
        raise LabError(f"100 Mbit/s drop some of {bits(BEYOND_PPS) / M:.0f}: {dropped} before, "
                       f"{after} after")
    return f"{end['lost']} of {end['sent']} lost before the raise, none from then on"


def checks():
    return (
        ("sessions", settle),
        ("up and down under traffic", up_and_down),
        ("raised under too much traffic", raised),
        ("the ledger balances", ledger),
    )


if __name__ == "__main__":
    sys.exit(run_in_lab("bandchange", checks()))
