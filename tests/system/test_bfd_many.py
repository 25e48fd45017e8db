# SPDX-License-Identifier: BSD-3-Clause
"""More BFD sessions than a connection to bfdd holds at once: FRR's bfdd asks for 130 beside the
lab's, in 65 domains, and learns of each what becomes of it, also when it was restarted itself, and
when a dataplane that starts anew gets all of them together."""

import os
import sys

from support import LabError, run_in_lab

from onramp_lab import bfd_crowd, checks_bfd
from onramp_lab.bfd_crowd import vnet_name, wires
from onramp_lab.checks_bfd import sessions
from onramp_lab.checks_ledger import buffers, ledger
from onramp_lab.process import Process
from onramp_lab.shell import wait_until
from onramp_lab.spoof import KEPT

WIRES = 65
MANY = 2 * WIRES
TOTAL = MANY + checks_bfd.SESSIONS
PER_CONNECTION = 58  # bfdd's buffer of 8 KB (docs/architecture.md)
READINGS = 20
PROGRAM = os.path.abspath(bfd_crowd.__file__)


def start_crowd(lab):
    lab.crowd = Process(lab, "crowd", ["/usr/bin/python3", PROGRAM, "core", str(WIRES)],
                        netns=lab.edge_space.path)
    lab.crowd.start()
    lab.crowd.wait_output("listening")


def ask_bfdd(lab):
    """As bgpd would, had it 130 more neighbours."""
    peers = [f"peer {peer} local-address {edge} vrf vnet.{vnet_name(vlan)} interface core"
             for vlan, families in wires(WIRES) for peer, edge in families]
    commands = [word for peer in peers for word in (peer, "exit")]
    lab.edge.frr.command("configure terminal", "bfd", *commands, "bfdd")


def crowd_rows(lab):
    return {key: row for key, row in sessions(lab).items() if key[0].startswith("many-")}


def in_state(lab, state, timeout):
    """The dataplane has it so, and bfdd was told."""
    def here():
        rows = crowd_rows(lab)
        wrong = [key for key, row in rows.items() if row["state"] != state]
        return len(rows) == MANY and not wrong or (
            False, f"{len(rows)} of {MANY} sessions, {len(wrong)} not {state}: {wrong[:3]}")
    def there():
        rows = [row for row in lab.edge.frr.json("show bfd peers json", "bfdd")
                if row["vrf"].startswith("vnet.many-")]
        wrong = [row["peer"] for row in rows if row["status"] != state]
        return len(rows) == MANY and not wrong or (
            False, f"bfdd has {len(rows)} of {MANY}, {len(wrong)} not {state}: {wrong[:3]}")
    wait_until(f"{MANY} sessions {state}", here, timeout)
    wait_until(f"bfdd knows {MANY} sessions as {state}", there, timeout)


def connections(lab):
    """bfdd's ends of those with the dataplane that are there."""
    with open(f"/proc/{lab.edge.frr.processes['bfdd'].pid}/net/unix", encoding="utf-8") as table:
        rows = [line.split() for line in table if line.rstrip().endswith("/bfdd.dataplane")]
    path = os.path.join(lab.edge.frr.dir, "bfdd.dataplane")
    return sum(row[5] == "03" for row in rows if row[7] == path)


def many(lab):
    # Seventy domains say much when they come: what was taken at the start may have had packets in it.
    lab.edge.buffer_baseline = min((lab.edge.buffers_used() for _ in range(READINGS)),
                                   key=lambda used: sum(used.values()))
    start_crowd(lab)
    ask_bfdd(lab)
    in_state(lab, "up", 30)
    return f"{TOTAL} sessions over {connections(lab)} connections, as bfdd asked one by one"


def silence(lab):
    """Each of them is noticed, and each comes back."""
    flaps = {key: row["flaps"] for key, row in crowd_rows(lab).items()}
    others = {key: row["flaps"] for key, row in sessions(lab).items() if key not in flaps}
    lab.crowd.kill()
    in_state(lab, "down", 20)
    diagnostics = {row["diagnostic"] for row in crowd_rows(lab).values()}
    if diagnostics != {"control detection time expired"}:
        raise LabError(f"they are down for {diagnostics}")
    start_crowd(lab)
    in_state(lab, "up", 30)
    after = sessions(lab)
    wrong = {key: after[key]["flaps"] for key, count in flaps.items()
             if after[key]["flaps"] != count + 1}
    if wrong or any(after[key]["flaps"] != count for key, count in others.items()):
        raise LabError(f"left Up another number of times than once, or others did: {wrong}")
    return f"{len(flaps)} down and up again, the {len(others)} others untouched"


def bfdd_dies(lab):
    before = {key: [row[name] for name in KEPT] for key, row in crowd_rows(lab).items()}
    lab.edge.frr.processes["bfdd"].kill()
    lab.edge.dataplane.wait_output(f"bfdd left; {TOTAL} sessions go on")
    lab.edge.frr.processes["bfdd"].start()
    wait_until("bfdd answers", lambda: lab.edge.frr.command("show version", "bfdd"), 10)
    ask_bfdd(lab)
    in_state(lab, "up", 30)
    after = {key: [row[name] for name in KEPT] for key, row in crowd_rows(lab).items()}
    if after != before:
        wrong = [(key, row, after.get(key)) for key, row in before.items() if after.get(key) != row]
        raise LabError(f"{len(wrong)} sessions are not as before: {wrong[:3]}")
    return f"{len(after)} sessions kept state and discriminators"


def dataplane_dies(lab):
    """The next one is told all sessions when it connects, more than one connection takes."""
    lab.crowd.stop()
    lab.edge.dataplane.kill()
    lab.edge.dataplane.start()
    lab.connect_ports()
    lab.edge.wait_synced(60)
    start_crowd(lab)
    in_state(lab, "up", 60)
    count, least = connections(lab), -(-MANY // PER_CONNECTION)
    if count < least:
        raise LabError(f"{count} connections for {MANY} sessions, not {least}")
    return f"{MANY} sessions up again over {count} connections"


def end(lab):
    lab.crowd.stop()
    return ledger(lab)


def checks():
    yield "BFD: the lab's sessions up", lambda lab: wait_until(
        "the lab's sessions up", lambda: [row["state"] for row in sessions(lab).values()]
        == ["up"] * checks_bfd.SESSIONS, 60) and f"{checks_bfd.SESSIONS} sessions"
    yield f"{MANY} more sessions, asked for by bfdd", many
    yield "all peers silent", silence
    yield "bfdd killed: sessions go on", bfdd_dies
    yield "dataplane killed: all sessions at once", dataplane_dies
    yield "ledgers", end
    yield "buffers", buffers


if __name__ == "__main__":
    sys.exit(run_in_lab("bm", checks(), extra_vnets=bfd_crowd.vnets_yaml(WIRES)))
