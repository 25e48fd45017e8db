# SPDX-License-Identifier: BSD-3-Clause
"""Routing daemons die, and traffic goes on: bgpd, zebra and staticd are killed and come back, and
of numbered packets both ways, IPv4 and IPv6, none is lost. A daemon that does not come back loses
its routes when their time is over."""

import sys
import time
from contextlib import ExitStack

from support import LabError, run_in_lab

from onramp_lab import probes
from onramp_lab.checks_failure import routes_equal
from onramp_lab.checks_reach import host, route_checks, session_checks, vnet_host
from onramp_lab.shell import wait_until
from onramp_lab.streams import flows, open_ways
from onramp_lab.topology import (CONTOSO, CUSTOMERS, CUSTOMER_HOST4, CUSTOMER_PREFIX4,
                                 CUSTOMER_PREFIX6, FABRIKAM, VNET_HOST4, VNET_PREFIX4,
                                 VNET_PREFIX6)

STALE_S = 30


def settled(lab):
    """Sessions are up, the customers and the core have their routes, control holds none."""
    for _, check in [*session_checks(), *route_checks()]:
        check(lab)
    lab.edge.wait_synced()
    wait_until("no route is held for a daemon that is away",
               lambda: not lab.edge.show("status")["frr"]["held_routes"], 60)


def killed(name):
    def check(lab):
        daemon = lab.edge.frr.processes[name]
        with ExitStack() as stack:
            running = [stack.enter_context(flow) for flow in flows(lab)]
            daemon.kill()
            if name == "zebra":
                served = [each for key, each in lab.edge.frr.processes.items() if key != "zebra"]
                wait_until("those that zebra served ended too",
                           lambda: not any(each.alive() for each in served), 10)
            lab.supervise()
            settled(lab)
            results = [(flow.name, flow.end()) for flow in running]
        lost = {flow: result for flow, result in results if result["lost"]}
        if lost:
            raise LabError(f"packets were lost: {lost}")
        return f"0 of {sum(result['sent'] for _, result in results)} packets lost, 8 streams"
    return check


def never_back(name, customer, prefixes):
    """Its routes are there until the time is over, and no longer."""
    domains = (f"private.{customer.name}", f"vnet.{customer.vnet}")
    def look(lab):
        rows = [row for row in lab.edge.show("routes")
                if row["prefix"] in prefixes and row["domain"] in domains]
        return not rows or (False, f"{len(rows)} are there")
    def check(lab):
        space, address = vnet_host(lab, customer), CUSTOMER_HOST4
        if name == "staticd":
            space, address = host(lab, customer), VNET_HOST4
        start = time.monotonic()
        lab.edge.frr.processes[name].kill()
        probes.must_answer(space, address)
        try:
            wait_until(f"{', '.join(prefixes)} gone from the dataplane", lambda: look(lab),
                       2 * STALE_S)
            after = time.monotonic() - start
        finally:
            lab.supervise()
        if after < STALE_S - 1:
            raise LabError(f"they went after {after:.1f} s already")
        settled(lab)
        open_ways(lab)
        return f"gone {after:.1f} s after its death; they came back with it"
    return check


# zebra comes last: what it finds in the kernel after its death stays for its own -K.
CHECKS = [*session_checks(), *route_checks(), ("every way answers", open_ways),
          ("bgpd killed: no packet lost", killed("bgpd")),
          ("bgpd back: routes equal the kernel's", routes_equal),
          ("staticd killed: no packet lost", killed("staticd")),
          ("staticd back: routes equal the kernel's", routes_equal),
          ("staticd away: its routes end in time",
           never_back("staticd", FABRIKAM, (VNET_PREFIX4, VNET_PREFIX6))),
          ("bgpd away: its routes end in time",
           never_back("bgpd", CONTOSO, (CUSTOMER_PREFIX4, CUSTOMER_PREFIX6))),
          ("zebra away too: its routes end in time",
           never_back("zebra", CONTOSO, (CUSTOMER_PREFIX4, CUSTOMER_PREFIX6))),
          ("zebra killed: no packet lost", killed("zebra")),
          ("zebra back: routes equal the kernel's", routes_equal)]

if __name__ == "__main__":
    sys.exit(run_in_lab("d", CHECKS, control_options=("--stale-time", str(STALE_S))))
