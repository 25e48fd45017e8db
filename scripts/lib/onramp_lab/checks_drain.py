# SPDX-License-Identifier: BSD-3-Clause
"""A link is taken out of use while packets go both ways, and taken into use again."""

import json
from contextlib import ExitStack

from .checks_reach import uses_links
from .shell import LabError, wait_until
from .streams import flows
from .topology import (CUSTOMER_PREFIX4, CUSTOMER_PREFIX6, LINK_NAMES, VNET_PREFIX4, VNET_PREFIX6)

TIMEOUT_S = 120


def name_of(customer, half):
    return f"{customer.name}/private/{LINK_NAMES[half]}"


def forwarded(lab, link):
    rows = [row for row in lab.edge.show("stats") if row["interface"] == link]
    return rows[0]["forwarded_in"], rows[0]["forwarded_out"]


def edge_links(lab, customer):
    """The links that the dataplane has towards the customer's prefixes."""
    return {hop["link"].rsplit("/", 1)[-1]
            for row in lab.edge.show("routes", f"private.{customer.name}")
            if row["prefix"] in (CUSTOMER_PREFIX4, CUSTOMER_PREFIX6) for hop in row["next_hops"]}


def drain(lab, *words):
    answer = json.loads(lab.edge.command("-j", "link", "drain", *words, timeout=TIMEOUT_S).stdout)
    if answer["state"] != "drained" or answer["in_pps"] or answer["out_pps"]:
        raise LabError(f"drained, it says, and {answer}")


def carries_nothing(lab, link, running):
    """While the streams go on."""
    before = forwarded(lab, link)
    for flow in running:
        flow.wait_more(200)
    after = forwarded(lab, link)
    if before != after:
        raise LabError(f"{link} is drained and forwarded {before}, then {after}")


def out_and_back(lab, customer, half):
    """Drains a link and undrains it under load: [(stream, what became of its packets)]."""
    link, other = name_of(customer, half), LINK_NAMES[1 - half]
    with ExitStack() as stack:
        running = [stack.enter_context(flow) for flow in flows(lab)]
        drain(lab, link)
        uses_links(lab.spaces[customer.name], (VNET_PREFIX4, VNET_PREFIX6), (other,))
        carries_nothing(lab, link, running)
        # Its routes follow: the drained path carries nothing as soon as it is told.
        wait_until(f"only {other} towards the customer",
                   lambda: edge_links(lab, customer) == {other}, 30)
        lab.edge.command("link", "undrain", link, timeout=TIMEOUT_S)
        uses_links(lab.spaces[customer.name], (VNET_PREFIX4, VNET_PREFIX6), LINK_NAMES)
        wait_until("both links towards the customer",
                   lambda: edge_links(lab, customer) == set(LINK_NAMES), 30)
        return [(flow.name, flow.end()) for flow in running]


def drained(customer, half):
    def check(lab):
        results = out_and_back(lab, customer, half)
        lost = {flow: result for flow, result in results if result["lost"]}
        if lost:
            raise LabError(f"packets were lost: {lost}")
        return f"0 of {sum(result['sent'] for _, result in results)} packets lost, out and back"
    return check
