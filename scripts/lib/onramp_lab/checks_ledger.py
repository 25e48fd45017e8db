# SPDX-License-Identifier: BSD-3-Clause
"""Nothing is lost uncounted: the ledger balances, buffers come back."""

from .checks_failure import owner
from .shell import LabError, wait_until

SETTLE_S = 15


def checks(when):
    yield f"ledger {when}: every interface balances", ledger
    yield f"buffers {when}: back at the baseline", buffers


def account(edge):
    """Rows of `show stats`, each with the sums of its drops by direction."""
    sums = {}
    for row in edge.show("drops"):
        key = owner(row), row["direction"]
        sums[key] = sums.get(key, 0) + row["packets"]
    rows = edge.show("stats")
    for row in rows:
        row["in_drops"] = sums.get((owner(row), "in"), 0)
        row["out_drops"] = sums.get((owner(row), "out"), 0)
    return rows


def imbalance(row):
    """(in, out) of struct api_ledger's two equations (dataplane/api/api.h)."""
    return (row["rx"] + row["generated"] - row["punt"] - row["forwarded_in"] - row["in_drops"],
            row["forwarded_out"] + row["injected"] + row["fragments_added"] - row["tx"]
            - row["out_drops"])


def ledger(lab):
    return "; ".join(balance(edge) for edge in lab.edges)


def balance(edge):
    """Exact when no packet moves between the two reads; there is a quiet moment soon, an imbalance
    that stays is an error."""
    def look():
        rows = account(edge)
        wrong = {owner(row): imbalance(row) for row in rows
                 if any(imbalance(row))}
        forwarded = sum(row["forwarded_in"] for row in rows), sum(row["forwarded_out"] for row in rows)
        if wrong or forwarded[0] != forwarded[1]:
            return False, f"(in, out) differ by {wrong}; forwarded in and out: {forwarded}"
        return rows
    rows = wait_until(f"a balanced ledger of {edge.name}", look, SETTLE_S, 0.2)
    received = sum(row["rx"] for row in rows)
    if not received:
        raise LabError("no packet was received at all: the ledger proves nothing")
    return f"{edge.name}: {len(rows)} interfaces and ports, {received} packets received, difference 0"


def buffers(lab):
    return "; ".join(buffers_back(edge) for edge in lab.edges)


def buffers_back(edge):
    """As many in use as a dataplane has before its first packet."""
    def look():
        used = edge.buffers_used()
        return used if used == edge.buffer_baseline else (False, str(used))
    used = wait_until(f"{edge.name}: packet buffers back at {edge.buffer_baseline}", look,
                      SETTLE_S, 0.2)
    return f"{edge.name}: " + ", ".join(f"{name}: {count} in use" for name, count in used.items())
