# SPDX-License-Identifier: BSD-3-Clause
"""Live changes: circuits, tags, subnets, connections and weights come, change and go under a
running ping of contoso's, and nobody else notices."""

import sys
import threading

from apply_kit import (CIRCUIT, CUSTOMER4, CUSTOMER6, DOMAINS, MOVED, TAILSPIN, VNET_C_HOST4,
                       VNET_C_HOST6, VNET_C_PREFIX4, VNET_C_PREFIX6, Document, all_established,
                       build_tailspin, domains_quiet, move_tailspin, must_say, others_undisturbed,
                       retag, routes, sessions_in, touched_only, traces, until_gone, until_links)
from support import LabError, run_in_lab

from onramp_lab import probes
from onramp_lab.checks_failure import established_counts
from onramp_lab.checks_reach import first_answer, host, next_hops, route_links
from onramp_lab.shell import wait_until
from onramp_lab.topology import (CONTOSO, CUSTOMER_PREFIX4, CUSTOMER_PREFIX6, FABRIKAM, VNET_HOST4,
                                 VNET_HOST6, VNET_PREFIX4)

FABRIKAM_LINKS = {"fabrikam/private/primary", "fabrikam/private/secondary"}
TAILSPIN_LINKS = {"tailspin/private/primary", "tailspin/private/secondary"}


def settle(lab):
    all_established(lab, 10)
    for name in ("contoso-host", "fabrikam-host"):
        for address in (VNET_HOST4, VNET_HOST6):
            first_answer(lab.spaces[name], address)
    lab.document = Document(lab)
    build_tailspin(lab)
    hurry_neighbours(lab)
    return "10 sessions"


def hurry_neighbours(lab):
    """For core_lost: the kernel calls a neighbour reachable for half a minute without a sign."""
    for family in ("ipv4", "ipv6"):
        for name, value in (("base_reachable_time_ms", 1000), ("delay_first_probe_time", 1)):
            lab.edge_space.run("nsenter", f"--net={lab.edge.domain_path('vnet.vnet-b')}", "--",
                               "sysctl", "-q", "-w", f"net.{family}.neigh.core.{name}={value}")


def tailspin_reaches(lab):
    for address in (VNET_C_HOST4, VNET_C_HOST6):
        first_answer(lab.spaces["tailspin-host"], address)


# ---- coming ----

def added(lab):
    with others_undisturbed(lab):
        said = lab.document.apply(*lab.document.with_tailspin())
        must_say(said, "+ circuit tailspin", "+ vnet vnet-c")
        touched_only(said, ("tailspin/", "vnet-c/"), "start", 6)
        all_established(lab, 16)
        tailspin_reaches(lab)
    missing = [domain for domain in DOMAINS if domain not in lab.edge.domains()]
    if missing:
        raise LabError(f"no namespace of {missing}")
    return "16 sessions, and packets from tailspin's host to vnet-c's"


def same_again(lab):
    """The very same file; one that differs in a comment; one that changes no packet's way."""
    with others_undisturbed(lab), domains_quiet(lab):
        before = lab.edge.show("status")["revision"]
        said = lab.document.apply()
        must_say(said, "Nothing changes.")
        if lab.edge.show("status")["revision"] != before:
            raise LabError("the same file again made another revision")
        said = lab.document.apply(("site: lab\n", "site: lab # again\n"))
        must_say(said, "Nothing changes.")
        said = lab.document.apply((CIRCUIT, CIRCUIT.replace("1G", "2G")))
        must_say(said, "circuit tailspin: bandwidth 1G -> 2G", "No BGP session is touched.")
    return "three times: no link, address, route or neighbour of any domain was touched"


# ---- changing ----

def retagged(lab):
    """Two circuits swap their tags in one document."""
    with others_undisturbed(lab, ".fabrikam", ".tailspin"):
        said = lab.document.apply(("vlan: 300\n", "vlan: 400\n"),
                                  ("private, vlan: 400,", "private, vlan: 300,"))
        must_say(said, "fabrikam/private: vlan 300 -> 400", "tailspin/private: vlan 400 -> 300")
        names = {name.split("/")[0] for name in sessions_in(said)}
        if names != {"fabrikam", "tailspin"}:
            raise LabError(f"apply touches sessions of {names}")
        retag(lab, "fabrikam-", 400)
        retag(lab, "tailspin-", 300)
        tailspin_reaches(lab)
        first_answer(host(lab, FABRIKAM), VNET_HOST4)
        all_established(lab, 16)
    return "fabrikam has tailspin's and tailspin fabrikam's; each reaches its own network"


def moved(lab):
    """Other link subnets of tailspin; what had the old ones is gone."""
    with others_undisturbed(lab, ".tailspin"):
        said = lab.document.apply(('[192.0.2.16/29, "2001:db8:3::/125"]',
                                   '[192.0.2.24/29, "2001:db8:4::/125"]'))
        touched_only(said, ("tailspin/",), "reset", 4)
        move_tailspin(lab)
        all_established(lab, 16)
        tailspin_reaches(lab)
    old = {address for half in (0, 1) for side in (1, 2) for address in TAILSPIN.addresses(half, side)}
    def look():
        left = [row["prefix"] for row in lab.edge.show("routes")
                if row["prefix"].split("/")[0] in old or row["prefix"].startswith("192.0.2.16/")]
        left += [row["address"] for row in lab.edge.show("arp") if row["address"] in old]
        return not left or (False, f"{left}")
    wait_until("the old subnets' routes and neighbours gone", look, 10)
    until_links(lab, "private.tailspin", MOVED.addresses(0, 1)[0] + "/32", {"tailspin/private/primary"})
    return "4 sessions on the new subnets, no trace of the old ones"


def weights(lab):
    """fabrikam joins vnet-c: less, the same, more."""
    one = "connections: [{circuit: tailspin, weight: 100}]"
    def both(weight):
        return f"connections: [{{circuit: tailspin, weight: 100}}, {{circuit: fabrikam, weight: {weight}}}]"
    last = one
    with others_undisturbed(lab):
        for weight, links in ((50, TAILSPIN_LINKS), (100, TAILSPIN_LINKS | FABRIKAM_LINKS),
                              (200, FABRIKAM_LINKS)):
            said = lab.document.apply((last, both(weight)))
            must_say(said, "No BGP session is touched.")
            last = both(weight)
            until_links(lab, "vnet.vnet-c", CUSTOMER_PREFIX4, links)
            for address in (CUSTOMER4, CUSTOMER6):
                first_answer(lab.spaces["vnet-c-host"], address)
        first_answer(host(lab, FABRIKAM), VNET_C_HOST4)
        said = lab.document.apply((last, one))
        must_say(said, "connection")
        until_links(lab, "vnet.vnet-c", CUSTOMER_PREFIX4, TAILSPIN_LINKS)
        until_gone(lab, "private.fabrikam", VNET_C_PREFIX4, VNET_C_PREFIX6)
        wait_until(f"{VNET_C_PREFIX4} withdrawn from fabrikam",
                   lambda: not route_links(lab.spaces["fabrikam"], VNET_C_PREFIX4, 4), 20)
        first_answer(host(lab, FABRIKAM), VNET_HOST4)
    return "lower: tailspin's links, equal: both, higher: fabrikam's; withdrawn with its connection"


def one_family_less(lab):
    """tailspin loses IPv6 and gets it back."""
    both, one = '[192.0.2.24/29, "2001:db8:4::/125"]', "[192.0.2.24/29]"
    with others_undisturbed(lab, ".tailspin"):
        before = counts_of(lab, "192.0.2.")
        said = lab.document.apply((both, one))
        touched_only(said, ("tailspin/",), "stop", 2)
        until_gone(lab, "vnet.vnet-c", CUSTOMER_PREFIX6)
        until_no_trace(lab, "2001:db8:4:")
        until_links(lab, "vnet.vnet-c", CUSTOMER_PREFIX4, TAILSPIN_LINKS)
        said = lab.document.apply((one, both))
        touched_only(said, ("tailspin/",), "start", 2)
        all_established(lab, 16)
        tailspin_reaches(lab)
        if counts_of(lab, "192.0.2.") != before:
            raise LabError("tailspin's IPv4 sessions were reset")
    return "its IPv6 routes, neighbours and sessions go and come; its IPv4 sessions stay"


def counts_of(lab, stem):
    return {key: count for key, count in established_counts(lab).items() if key[1].startswith(stem)}


# ---- going ----

class Watch(threading.Thread):
    """FRR must have left a domain when its namespace goes."""

    def __init__(self, lab, domains):
        super().__init__(daemon=True)
        self.lab, self.domains, self.early, self.stop = lab, domains, [], False

    def run(self):
        waiting = list(self.domains)
        while waiting and not self.stop:
            present = self.lab.edge.domains()
            for domain in [name for name in waiting if name not in present]:
                waiting.remove(domain)
                if domain in self.lab.edge.frr.command("show running-config", "bgpd"):
                    self.early.append(domain)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop = True
        self.join()
        if self.early:
            raise LabError(f"the namespaces went before FRR had left {self.early}")


def until_no_trace(lab, *words):
    wait_until(f"no trace of {words}",
               lambda: not traces(lab, *words) or (False, f"in {traces(lab, *words)}"), 15)


def bfd_links(lab):
    """The link of each BFD session; None: of one that is not there any more."""
    return [row["interface"] for row in lab.edge.show("bfd") if row["peer"]]


def removed(lab):
    before = [link for link in bfd_links(lab) if link.startswith(("tailspin/", "vnet-c/"))]
    if len(before) != 6:
        raise LabError(f"tailspin and vnet-c have BFD sessions on {before}, not six")
    with others_undisturbed(lab, ".tailspin", ".vnet-c"), Watch(lab, DOMAINS):
        said = lab.document.apply(*lab.document.without_tailspin())
        must_say(said, "- circuit tailspin", "- vnet vnet-c")
        touched_only(said, ("tailspin/", "vnet-c/"), "stop", 6)
        until_no_trace(lab, "tailspin", "vnet-c")
        # A session whose link was taken away on purpose is not held as one of a dead bgpd is.
        wait_until("no BFD session without its link", lambda: None not in bfd_links(lab)
                   or (False, f"on {bfd_links(lab)}"), 10)
    first_answer(host(lab, FABRIKAM), VNET_HOST4)
    return "tailspin and vnet-c are nowhere: routes, links, FRR, namespaces"


def renamed(lab):
    """A circuit goes and another one with its tags and addresses comes, in one document."""
    first = lab.document.edited(("vnets:\n", CIRCUIT.replace("400", "300").replace("16/29", "24/29")
                                 .replace("db8:3", "db8:4") + "vnets:\n"))
    with others_undisturbed(lab, ".tailspin", ".wingtip"):
        lab.document.apply((lab.document.text, first))
        all_established(lab, 14)
        said = lab.document.apply((first, first.replace("tailspin", "wingtip")))
        must_say(said, "- circuit tailspin", "+ circuit wingtip")
        all_established(lab, 14)
        until_no_trace(lab, "tailspin")
        # Back, and gone before the dataplane has heard of half of it.
        lab.document.apply((lab.document.text, first), wait=False)
        lab.document.apply((first, lab.document.without("tailspin")))
        until_no_trace(lab, "wingtip", "tailspin")
    return "14 sessions with the new name, none with the old"


# ---- routes that come and go ----

def own_wins(lab):
    """contoso announces the very prefix of its virtual network, and takes it back."""
    bgp = ("configure terminal", "router bgp 65001")
    lab.contoso.command(*bgp, "no bgp network import-check", "bgpd")
    try:
        lab.contoso.command(*bgp, "address-family ipv4 unicast", f"network {VNET_PREFIX4}", "bgpd")
        until_links(lab, "private.contoso", VNET_PREFIX4,
                    {"contoso/private/primary", "contoso/private/secondary"})
        row = routes(lab, "private.contoso", VNET_PREFIX4)[0]
        if row["leaked_from"] is not None:
            raise LabError(f"its own route is marked as leaked: {row}")
        until_links(lab, "vnet.vnet-a", VNET_PREFIX4, {"vnet-a/core"})
        until_originated(lab, VNET_PREFIX4, 1)
    finally:
        lab.contoso.command(*bgp, "address-family ipv4 unicast", f"no network {VNET_PREFIX4}", "bgpd")
    until_links(lab, "private.contoso", VNET_PREFIX4, {"vnet-a/core"})
    until_originated(lab, VNET_PREFIX4, 2)
    next_hops(lab, CONTOSO)
    first_answer(lab.spaces["contoso-host"], VNET_HOST4)
    return "contoso's own route in its domain, vnet-a's in its own; then vnet-a's again"


def until_originated(lab, prefix, count):
    """In so many domains: contoso's and fabrikam's networks have the same prefix."""
    def look():
        found = lab.edge.frr.command("show running-config", "bgpd").count(f"network {prefix} ")
        return found == count or (False, f"in {found}")
    wait_until(f"{prefix} announced in {count} domains", look, 20)


def core_lost(lab):
    """The static network's gateway vanishes silently."""
    splice = next(splice for splice in lab.splices if splice.veth == "vnet-b")
    space = lab.spaces["fabrikam"]
    def announced():
        return bool(route_links(space, VNET_PREFIX4, 4))
    with others_undisturbed(lab):
        splice.cut()
        wait_until(f"{VNET_PREFIX4} withdrawn from fabrikam", lambda: not announced(), 60)
        splice.connect()
        wait_until(f"{VNET_PREFIX4} announced to fabrikam again", announced, 30)
        first_answer(host(lab, FABRIKAM), VNET_HOST4)
    return "withdrawn with its gateway, announced again with it"


def ports_down(lab):
    """Both customer ports lose their carrier and get it back."""
    core = lab.spaces["vnet-a-router"]
    for port in ("cust-a", "cust-b"):
        lab.edge_space.ip("link", "set", port, "down")
    try:
        wait_until("contoso's prefixes withdrawn from vnet-a",
                   lambda: not route_links(core, CUSTOMER_PREFIX4, 4), 10)
        until_gone(lab, "vnet.vnet-a", CUSTOMER_PREFIX4, CUSTOMER_PREFIX6)
        until_gone(lab, "vnet.vnet-b", CUSTOMER_PREFIX4, CUSTOMER_PREFIX6)
    finally:
        for port in ("cust-a", "cust-b"):
            lab.edge_space.ip("link", "set", port, "up")
    all_established(lab, 10)
    for name in ("contoso-host", "fabrikam-host"):
        for address in (VNET_HOST4, VNET_HOST6):
            first_answer(lab.spaces[name], address)
    sent, received, _ = probes.ping(host(lab, FABRIKAM), VNET_HOST4, count=5)
    if sent != received:
        raise LabError(f"{received} of {sent} pings answered when all was up again")
    return "withdrawn at once, 10 sessions and all packets' ways back"


def checks():
    yield "the lab is up", settle
    yield "a circuit and a virtual network added", added
    yield "the same again", same_again
    yield "tags swapped", retagged
    yield "link subnets changed", moved
    yield "two circuits on one network, by weight", weights
    yield "IPv6 removed and added", one_family_less
    yield "a circuit and a virtual network removed", removed
    yield "a circuit renamed", renamed
    yield "a customer's own route wins", own_wins
    yield "a core gateway lost and back", core_lost
    yield "both ports down and up", ports_down


if __name__ == "__main__":
    sys.exit(run_in_lab("a", checks(), use_hugepages=False))
