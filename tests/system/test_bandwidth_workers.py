# SPDX-License-Identifier: BSD-3-Clause
"""The same with two workers that share a circuit's rate and hand packets to each other by flow: a
TAP hashes nothing that they could trust."""

import sys

from support import LabError, run_in_lab
from test_bandwidth import checks

from onramp_lab.shell import wait_until


def spread(lab):
    """Ports say so, and both workers have flows."""
    rows = lab.edge.show("ports")
    ways = {row["name"]: row["rss"] for row in rows}
    if set(ways.values()) != {"software"}:
        raise LabError(f"rss is {ways}")

    def look():
        packets = [row["packets"] for row in lab.edge.show("workers")]
        return (len(packets) == 2 and min(packets) > 1000) or (False, f"packets: {packets}")
    wait_until("packets on both workers", look, 10)
    return f"{ways}"


if __name__ == "__main__":
    sys.exit(run_in_lab("bandwidth2", (*checks(), ("packets spread by software", spread)),
                        workers=(0, 1)))
