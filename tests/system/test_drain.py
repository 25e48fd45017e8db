# SPDX-License-Identifier: BSD-3-Clause
"""`onramp link drain` and `undrain` with a customer that runs FRR and one that runs BIRD, both of
which honour GRACEFUL_SHUTDOWN (RFC 8326): of numbered packets both ways, IPv4 and IPv6, none is
lost, and a drained link carries none."""

import sys
from contextlib import ExitStack

from support import LabError, run_in_lab

from onramp_lab.checks_drain import TIMEOUT_S, drain, drained, forwarded, name_of
from onramp_lab.checks_failure import routes_equal
from onramp_lab.checks_reach import route_checks, route_links, session_checks, uses_links
from onramp_lab.streams import flows, open_ways
from onramp_lab.topology import (CONTOSO, CUSTOMERS, FABRIKAM, LINK_NAMES, VNET_PREFIX4,
                                 VNET_PREFIX6)


def refused(lab):
    """In words, and nothing changes."""
    primary, secondary = name_of(CONTOSO, 0), name_of(CONTOSO, 1)
    drain(lab, primary)
    texts = []
    for words, expected in (((secondary,), "the other link, " + primary + ", is drained"),
                            (("contoso/private/third",), "has no link"),
                            (("vnet-a/core",), "is the only link of vnet-a")):
        done = lab.edge.command("link", "drain", *words, check=False)
        if done.returncode != 1 or expected not in done.stderr:
            raise LabError(f"drain {words}: {done.returncode}, {done.stderr.strip()}")
        texts.append(done.stderr.strip())
    lab.edge.command("link", "undrain", primary, timeout=TIMEOUT_S)
    return texts[0]


def outlives_control(lab):
    """A restarted control finds the link drained, and leaves it so."""
    link, other = name_of(FABRIKAM, 0), LINK_NAMES[1]
    with ExitStack() as stack:
        running = [stack.enter_context(flow) for flow in flows(lab)]
        drain(lab, link)
        before = forwarded(lab, link)
        lab.edge.control.kill()
        lab.edge.control.start()
        lab.edge.wait_synced()
        drain(lab, link)
        if forwarded(lab, link) != before:
            raise LabError(f"{link} forwarded while control was away")
        if route_links(lab.spaces["fabrikam"], VNET_PREFIX4, 4) != {other}:
            raise LabError("the customer was told to come back")
        lab.edge.command("link", "undrain", link, timeout=TIMEOUT_S)
        uses_links(lab.spaces["fabrikam"], (VNET_PREFIX4, VNET_PREFIX6), LINK_NAMES)
        lost = {flow.name: flow.end()["lost"] for flow in running}
    if any(lost.values()):
        raise LabError(f"packets were lost: {lost}")
    return "drained before and after, 0 packets lost"


CHECKS = [*session_checks(), *route_checks(), ("every way answers", open_ways),
          *((f"{customer.name} ({daemon}): {LINK_NAMES[half]} drained and back",
             drained(customer, half))
            for (customer, daemon), half in zip(zip(CUSTOMERS, ("FRR", "BIRD")), (0, 1))),
          ("drains refused in words", refused),
          ("a drain outlives control", outlives_control),
          ("routes equal the kernel's", routes_equal)]

if __name__ == "__main__":
    sys.exit(run_in_lab("dr", CHECKS))
