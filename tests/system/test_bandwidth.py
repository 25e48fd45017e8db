# SPDX-License-Identifier: BSD-3-Clause
"""A circuit's bandwidth is what passes, in each direction; the ledger names the rest; others do not
notice, and a change counts at once."""

import sys

from apply_kit import Document, all_established, must_say
from support import LabError, run_in_lab

from onramp_lab import probes
from onramp_lab.checks_failure import owner
from onramp_lab.checks_ledger import ledger
from onramp_lab.checks_reach import first_answer
from onramp_lab.topology import CUSTOMER_HOST4, VNET_HOST4

M = 1_000_000
CIRCUIT = "  - name: contoso\n    port_pair: shared\n    bandwidth: {}\n"
PAYLOAD_BYTES = 1200
QINQ_BYTES = 14 + 8 + 20 + 8 + PAYLOAD_BYTES  # what one datagram is on contoso's links
OFFERED_BPS = 200 * M
SECONDS = 4
# A burst that outlasts most pauses of a busy machine, and what it adds once; for others the stream
# falls short. How exact the policer is, its own tests tell.
BURST = "burst: 100ms"
MORE, LESS = 0.04, 0.12


def settle(lab):
    all_established(lab, 10)
    for name in ("contoso-host", "fabrikam-host"):
        first_answer(lab.spaces[name], VNET_HOST4)
    lab.document = Document(lab)
    return "10 sessions"


def policed(lab, direction):
    return {owner(row): row["packets"] for row in lab.edge.show("drops")
            if row["reason"] == f"policer-{direction}"}


def flood(lab, sender, receiver, address):
    """Bits per second of layer 2 on contoso's link: (offered, passed)."""
    counts = probes.iperf_udp(
        lab, lab.spaces[sender], lab.spaces[receiver], address, bps=OFFERED_BPS,
        payload_bytes=PAYLOAD_BYTES, seconds=SECONDS)
    return tuple(count * QINQ_BYTES * 8 / SECONDS for count in counts)


def must_pass(lab, direction, bandwidth):
    """Floods contoso in that direction while fabrikam pings."""
    ways = {"in": ("contoso-host", "vnet-a-host", VNET_HOST4),
            "out": ("vnet-a-host", "contoso-host", CUSTOMER_HOST4)}
    before = policed(lab, direction)
    with probes.RunningPing(lab, lab.spaces["fabrikam-host"], VNET_HOST4) as ping:
        offered, passed = flood(lab, *ways[direction])
        sent, received = ping.end()
    after = policed(lab, direction)
    if offered < 1.5 * bandwidth:
        raise LabError(f"only {offered / M:.2f} Mbit/s were offered: that proves nothing")
    if not (1 - LESS) * bandwidth < passed < (1 + MORE) * bandwidth:
        raise LabError(f"{passed / M:.2f} Mbit/s passed, {bandwidth / M:.0f} are right")
    grown = {name for name, packets in after.items() if packets > before.get(name, 0)}
    if not grown or any(not name.startswith("contoso/") for name in grown):
        raise LabError(f"policer-{direction} drops of {grown or 'nobody'}, contoso's are right")
    if sent != received:
        raise LabError(f"fabrikam lost {sent - received} of {sent} pings meanwhile")
    return (f"{passed / M:.2f} of {offered / M:.0f} Mbit/s passed, "
            f"fabrikam lost 0 of {sent} pings")


def set_bandwidth(lab, old, new):
    said = lab.document.apply((CIRCUIT.format(old), CIRCUIT.format(new)))
    must_say(said, f"circuit contoso: bandwidth {old.split()[0]} -> {new.split()[0]}",
             "No BGP session is touched.")


def narrowed(lab):
    set_bandwidth(lab, "1G", f"50M\n    {BURST}")
    return must_pass(lab, "in", 50 * M)


def outwards(lab):
    return must_pass(lab, "out", 50 * M)


def widened(lab):
    set_bandwidth(lab, f"50M\n    {BURST}", f"100M\n    {BURST}")
    return must_pass(lab, "in", 100 * M)


def checks():
    return (
        ("sessions", settle),
        ("50 Mbit/s from the customer", narrowed),
        ("50 Mbit/s to the customer", outwards),
        ("100 Mbit/s after a change", widened),
        ("the ledger balances", ledger),
    )


if __name__ == "__main__":
    sys.exit(run_in_lab("bandwidth", checks()))
