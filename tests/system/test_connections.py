# SPDX-License-Identifier: BSD-3-Clause
"""What connections promise, with FRR and BIRD as customers: of several circuits the highest weight
is used and equals share; circuits that reach each other do from one command on until another, and
nobody else does through them; what a network brings above its connection's limit is refused by
name."""

import sys

from apply_kit import (DOMAINS, TAILSPIN, Document, all_established, build_tailspin, must_say,
                       others_undisturbed, routes, until_gone, until_links)
from support import LabError, run_in_lab

from onramp_lab import probes
from onramp_lab.checks_failure import established_counts
from onramp_lab.checks_ledger import buffers, ledger
from onramp_lab.checks_reach import (core_routes, host, next_hops, route_links, session_checks,
                                     uses_links)
from onramp_lab.shell import wait_until
from onramp_lab.topology import (CONTOSO, CUSTOMER_PREFIX4, CUSTOMER_PREFIX6, FABRIKAM, LINK_NAMES,
                                 SITE_ASN, VNET_B, VNET_PREFIX4)

CUSTOMER_PREFIXES = (CUSTOMER_PREFIX4, CUSTOMER_PREFIX6)
VNET_A_ALONE = "connections: [{circuit: contoso, weight: 100}]"
VNET_B_ALONE = "connections: [{circuit: fabrikam, weight: 100}]"
LIMITS = {"ipv4": 1000, "ipv6": 100}


def both(alone, circuit, weight):
    return f"{alone[:-1]}, {{circuit: {circuit}, weight: {weight}}}]"


def links(*customers):
    return {f"{customer.name}/private/{link}" for customer in customers for link in LINK_NAMES}


def own_prefixes(customer):
    """What no other customer announces."""
    return f"{customer.only4}/32", f"{customer.only6}/128"


def unchanged(lab):
    if established_counts(lab) != lab.counts:
        raise LabError(f"sessions began anew: {established_counts(lab)}, before {lab.counts}")


def until_all_links(lab, domain, prefixes, wanted):
    for prefix in prefixes:
        until_links(lab, domain, prefix, wanted)


# ---- weights ----

def contoso_announces(lab, no=""):
    for family, prefix in zip(("ipv4", "ipv6"), CUSTOMER_PREFIXES):
        lab.contoso.command("configure terminal", f"router bgp {CONTOSO.asn}",
                            f"address-family {family} unicast", f"{no}network {prefix}", "bgpd")


def weights(lab):
    next_hops(lab, CONTOSO)
    core_routes(lab)
    lab.document, lab.counts = Document(lab), established_counts(lab)
    spare = both(VNET_A_ALONE, "fabrikam", 50)
    must_say(lab.document.apply((VNET_A_ALONE, spare)), "+ connection vnet-a - fabrikam",
             "No BGP session is touched")
    until_all_links(lab, "vnet.vnet-a", own_prefixes(FABRIKAM), links(FABRIKAM))
    until_all_links(lab, "vnet.vnet-a", CUSTOMER_PREFIXES, links(CONTOSO))
    contoso_announces(lab, "no ")
    until_all_links(lab, "vnet.vnet-a", CUSTOMER_PREFIXES, links(FABRIKAM))
    contoso_announces(lab)
    until_all_links(lab, "vnet.vnet-a", CUSTOMER_PREFIXES, links(CONTOSO))
    equal = both(VNET_A_ALONE, "fabrikam", 100)
    must_say(lab.document.apply((spare, equal)), "weight 50 -> 100")
    until_all_links(lab, "vnet.vnet-a", CUSTOMER_PREFIXES, links(CONTOSO, FABRIKAM))
    lab.document.apply((equal, VNET_A_ALONE))
    until_all_links(lab, "vnet.vnet-a", CUSTOMER_PREFIXES, links(CONTOSO))
    until_gone(lab, "vnet.vnet-a", *own_prefixes(FABRIKAM))
    unchanged(lab)
    return "the highest is used, the next when that withdraws, equals share; no session noticed"


def several_networks(lab):
    """Two networks with the same prefix, and one circuit on both."""
    preferred = both(VNET_B_ALONE, "contoso", 200)
    lab.document.apply((VNET_B_ALONE, preferred))
    until_links(lab, "private.contoso", VNET_PREFIX4, {"vnet-b/core"})
    wait_until("vnet-b's own address answers contoso", lambda: probes.ping(
        host(lab, CONTOSO), VNET_B.only4, count=1, extra=["-W", "1"])[1] or (False, "no"), 20)
    equal = both(VNET_B_ALONE, "contoso", 100)
    lab.document.apply((preferred, equal))
    until_links(lab, "private.contoso", VNET_PREFIX4, {"vnet-a/core", "vnet-b/core"})
    lab.document.apply((equal, VNET_B_ALONE))
    until_links(lab, "private.contoso", VNET_PREFIX4, {"vnet-a/core"})
    until_gone(lab, "private.contoso", f"{VNET_B.only4}/32")
    unchanged(lab)
    return "the same by networks"


# ---- limits ----

def view(lab, *named):
    rows = lab.edge.show("connections", *named)
    return {(row["circuit"], row["with"]): row for row in rows}


def until_view(lab, what, wanted):
    """wanted(row) of contoso's connection with vnet-a."""
    def look():
        row = view(lab, "contoso")["contoso", "vnet-a"]
        return wanted(row) or (False, row)
    wait_until(what, look, 30)


def many(family, number):
    if family == "ipv4":
        return f"100.{64 + number // 256}.{number % 256}.0/24"
    return f"2001:db8:ff:{number:x}::/64"


def vnet_announces(lab, counts, but=()):
    """vnet-a's own prefixes, and so many more of each family."""
    lines = [lab.vnet_a_config.replace("export where source = RTS_DEVICE;",
                                       "export where source ~ [RTS_DEVICE, RTS_STATIC];")]
    for family, count in counts.items():
        lines.append(f"protocol static many_{family} {{ {family};")
        lines += [f"route {many(family, number)} blackhole;" for number in range(count)
                  if number not in but]
        lines.append("}")
    with open(lab.vnet_a.config, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    must_say(lab.vnet_a.command("configure", timeout=60), "Reconfigur")


def full(row):
    return (row["to_circuit4"], row["to_circuit6"]) == (LIMITS["ipv4"], LIMITS["ipv6"])


def refused(lab):
    return {row["prefix"]: row["reason"]
            for row in lab.edge.show("routes", "--rejected", "contoso")}


def contoso_has(lab, prefix):
    family = "ipv6" if ":" in prefix else "ipv4"
    return bool(lab.contoso.json(f"show bgp {family} unicast {prefix} json").get("paths"))


def limited(lab):
    with open(lab.vnet_a.config, encoding="utf-8") as file:
        lab.vnet_a_config = file.read()
    row = view(lab)["contoso", "vnet-a"]
    if row["state"] != "up" or row["weight"] != 100 or row["refused4"] or row["refused6"]:
        raise LabError(f"before: {row}")
    room = {family: limit - row[f"to_circuit{family[-1]}"] for family, limit in LIMITS.items()}
    vnet_announces(lab, room)
    until_view(lab, "all prefixes, and the alarm", lambda row: full(row)
               and row["state"] == "80 % of the limit")
    if refused(lab):
        raise LabError(f"refused at the limit: {refused(lab)}")
    must_say(lab.edge.command("show", "connections", "vnet-a").stdout, "contoso/private",
             "{ipv4}/{ipv6}".format(**LIMITS), "80 % of the limit")
    unknown = lab.edge.command("show", "connections", "vnet-x", check=False)
    if unknown.returncode != 1 or "vnet-x has no connection" not in unknown.stderr:
        raise LabError(f"of a network that is not there: {unknown.stdout} {unknown.stderr}")
    # One more of each family: the next numbers.
    surplus = {many(family, count) for family, count in room.items()}
    vnet_announces(lab, {family: count + 1 for family, count in room.items()})
    until_view(lab, "one more of each refused", lambda row: full(row)
               and (row["refused4"], row["refused6"]) == (1, 1)
               and row["state"] == "2 prefixes refused: above the limit")
    found = refused(lab)
    if set(found) != surplus or not all(
            "above the limit of" in reason and "virtual network vnet-a" in reason
            for reason in found.values()):
        raise LabError(f"refused are {found}, not {surplus}")
    if routes(lab, "private.contoso", *surplus) or any(contoso_has(lab, one) for one in surplus):
        raise LabError("what was refused has come to contoso")
    if len(routes(lab, "vnet.vnet-a", *surplus)) != 2:
        raise LabError("what the connection refuses is missing in the network itself")
    # Room for one: what waited comes in, and is announced.
    vnet_announces(lab, {family: count + 1 for family, count in room.items()}, but=[0])
    until_view(lab, "none refused", lambda row: full(row) and not row["refused4"] + row["refused6"])
    wait_until("what waited at contoso", lambda: all(contoso_has(lab, one) for one in surplus), 30)
    vnet_announces(lab, {})
    until_view(lab, "as before", lambda row: row["state"] == "up")
    unchanged(lab)
    return f"{sorted(surplus)} refused by name, sessions and all else as before"


# ---- global reach ----

def add_tailspin(lab):
    build_tailspin(lab)
    lab.spaces["tailspin"].addresses("lo", f"{TAILSPIN.only4}/32", f"{TAILSPIN.only6}/128")
    lab.document.apply(*lab.document.with_tailspin())
    all_established(lab, 16)
    for domain in DOMAINS:
        until_all_links(lab, domain, own_prefixes(TAILSPIN), links(TAILSPIN))
    lab.counts = established_counts(lab)
    return "a third customer is there"


def command(lab, *words):
    said = lab.edge.command("global-reach", *words).stdout
    must_say(said, "global reach", "No BGP session is touched")


def reach(lab, customer, other, **options):
    """Pings from the one's own address to the other's, (sent, answered) of both families."""
    space = lab.spaces[customer.name]
    pairs = ((customer.only4, other.only4), (customer.only6, other.only6))
    return [probes.ping(space, to, extra=["-I", own, "-W", "1"], **options)[:2]
            for own, to in pairs]


def must_reach(lab, customer, other):
    uses_links(lab.spaces[customer.name], own_prefixes(other), LINK_NAMES)
    uses_links(lab.spaces[other.name], own_prefixes(customer), LINK_NAMES)
    wait_until(f"{other.name} answers {customer.name}", lambda: all(
        answered for _, answered in reach(lab, customer, other, count=1)) or (False, "no"), 20)
    for sent, answered in (*reach(lab, customer, other, count=3),
                           *reach(lab, other, customer, count=3)):
        if answered != sent:
            raise LabError(f"{answered} of {sent} pings between {customer.name} and {other.name}")


def must_not_reach(lab, customer, other):
    """Neither has a route, nor a way."""
    for one, that in ((customer, other), (other, customer)):
        for prefix, family in zip(own_prefixes(that), (4, 6)):
            if route_links(lab.spaces[one.name], prefix, family):
                raise LabError(f"{one.name} has learned {prefix}")
        if routes(lab, f"private.{one.name}", *own_prefixes(that)):
            raise LabError(f"{that.name}'s prefixes are in {one.name}'s domain")
    answers = reach(lab, customer, other, count=2)
    if any(answered for _, answered in answers):
        raise LabError(f"{customer.name} reaches {other.name}: {answers}")


def connected(lab):
    must_not_reach(lab, CONTOSO, FABRIKAM)
    with others_undisturbed(lab):
        command(lab, "connect", "contoso", "fabrikam")
        must_reach(lab, CONTOSO, FABRIKAM)
    row = view(lab, "fabrikam")["contoso", "fabrikam"]
    if row["state"] != "up" or row["kind"] != "global-reach" or not row["from_circuit6"]:
        raise LabError(f"`show connections` says {row}")
    path = lab.contoso.json(f"show bgp ipv4 unicast {FABRIKAM.only4}/32 json")["paths"][0]
    if path["aspath"]["string"] != f"{SITE_ASN} {FABRIKAM.asn}":
        raise LabError(f"fabrikam's prefix came by {path['aspath']}")
    unchanged(lab)
    return "routes and packets both ways, by sessions that stayed up"


def no_transit(lab):
    command(lab, "connect", "fabrikam", "tailspin")
    must_reach(lab, FABRIKAM, TAILSPIN)
    must_not_reach(lab, CONTOSO, TAILSPIN)
    for network in ("vnet.vnet-a", "vnet.vnet-c"):
        if routes(lab, network, *own_prefixes(FABRIKAM)):
            raise LabError(f"fabrikam's prefixes came to {network} through another circuit")
    must_reach(lab, CONTOSO, FABRIKAM)
    return "a third circuit, and the others' networks, learn nothing"


def disconnected(lab):
    refused = lab.edge.command("global-reach", "connect", "fabrikam", "contoso", check=False)
    if refused.returncode == 0 or "reach each other already" not in refused.stderr:
        raise LabError(f"a second connection: {refused.stdout} {refused.stderr}")
    with others_undisturbed(lab):
        command(lab, "disconnect", "fabrikam", "contoso")
        uses_links(lab.spaces["contoso"], own_prefixes(FABRIKAM), ())
        uses_links(lab.spaces["fabrikam"], own_prefixes(CONTOSO), ())
    must_not_reach(lab, CONTOSO, FABRIKAM)
    must_reach(lab, FABRIKAM, TAILSPIN)
    command(lab, "disconnect", "fabrikam", "tailspin")
    uses_links(lab.spaces["tailspin"], own_prefixes(FABRIKAM), ())
    unchanged(lab)
    return "neither routes nor packets any more"


def checks():
    yield from session_checks()
    yield "a network on two circuits", weights
    yield "a circuit on two networks", several_networks
    yield "a network's 1,001st prefix, and its 101st of IPv6", limited
    yield "a third customer", add_tailspin
    yield "two circuits reach each other", connected
    yield "and nobody else through them", no_transit
    yield "until they are disconnected", disconnected
    yield "ledgers", ledger
    yield "buffers", buffers


if __name__ == "__main__":
    sys.exit(run_in_lab("cn", checks()))
