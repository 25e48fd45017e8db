# SPDX-License-Identifier: BSD-3-Clause
"""A public peering with BIRD: only what is validated is taken, each refusal has its reason, nothing
is announced without a route filter, and filters are attached, changed and detached under sessions
that stay up. A static service, and one behind BGP whose private AS numbers nobody sees."""

import re
import sys

from apply_kit import Document, lan, must_say
from support import LabError, run_in_lab

from onramp_lab import probes
from onramp_lab.bird import Bird
from onramp_lab.checks_failure import established_counts
from onramp_lab.checks_ledger import buffers, ledger
from onramp_lab.checks_reach import session_checks
from onramp_lab.namespace import HOST_SETTINGS, ROUTER_SETTINGS, join
from onramp_lab.shell import wait_until
from onramp_lab.topology import CONTOSO, CORE_MTU, LINK_NAMES, PORTS, SITE_ASN

C_TAG = 201
NET4, NET6 = "203.0.113.", "2001:db8:2ff::"
VALID4, VALID6, TRANSIT4 = "198.51.100.0/24", "2001:db8:100::/48", "192.88.100.0/24"
CUSTOMER4, CUSTOMER6 = "198.51.100.10", "2001:db8:100::10"
STORAGE4, STORAGE6 = "198.18.0.0/16", "2001:db8:500::/48"
STORAGE_HOST4, STORAGE_HOST6 = "198.18.0.10", "2001:db8:500::10"
COMPUTE4, COMPUTE_ASN, FOREIGN_ASN = "198.19.0.0/16", 4200100003, 3356
# What the customer announces besides, and what is said of it.
REFUSED = {
    "0.0.0.0/0": "default route", "10.50.0.0/16": "RFC 1918", "169.254.7.0/24": "RFC 3927",
    "203.0.112.0/24": "not among the validated", "198.51.100.0/30": "longer than /29",
    TRANSIT4: "transit: AS 3356", "::/0": "default route", "fd00:50::/48": "RFC 4193",
    "2001:db8:200::/48": "not among the validated",
}
# Private, somebody else's, the service's own.
SPOOFED = ("10.50.0.1", "203.0.112.1", "198.18.7.7", "fd00:50::1", "2001:db8:200::1",
           "2001:db8:500::7")
PINGS = 5
ACCEPTED = {VALID4, "198.51.100.128/25", VALID6}
PEERING = f"""      - type: public
        c_tag: {C_TAG}
        peer_asn: {CONTOSO.asn}
        link_subnets: [{NET4}0/29, "{NET6}/125"]
"""
VALIDATED = f"        validated_prefixes: [{VALID4}, {TRANSIT4}, \"{VALID6}\"]\n"
AFTER = '        link_subnets: [192.0.2.0/29, "2001:db8:1::/125"]\n'
SERVICES = f"""route_filters:
  - {{name: storage, allow: ["{SITE_ASN}:1:5010"]}}
  - {{name: both, allow: ["{SITE_ASN}:1:5010", "65000:5020"]}}
  - {{name: nothing, allow: ["65000:1"]}}
services:
  - name: storage-eu
    prefixes: [{STORAGE4}, "{STORAGE6}"]
    communities: ["{SITE_ASN}:1:5010"]
    core: {{port: core, vlan: 900, static: {{link_subnets: [10.255.9.0/30, "fd00:ff:9::/126"]}}}}
  - name: compute-eu
    prefixes: [{COMPUTE4}]
    communities: ["65000:5020"]
    core: {{port: core, vlan: 901, bgp: {{peer_asn: {COMPUTE_ASN}, link_subnets: [10.255.10.0/30]}}}}
"""


# ---- who is there ----

def bird_config(router_id, networks, sessions):
    """networks: {prefix: AS number put into its path, or None}; sessions: (name, own, asn, edge)."""
    lines = [f"router id {router_id};", "protocol device { }",
             "log stderr { remote };",
             "protocol kernel k4 { ipv4 { export where source = RTS_BGP; }; merge paths on; }",
             "protocol kernel k6 { ipv6 { export where source = RTS_BGP; }; merge paths on; }"]
    for family in (4, 6):
        lines.append(f"protocol static own{family} {{ ipv{family};")
        lines += [f"route {prefix} blackhole;" for prefix in networks
                  if (":" in prefix) == (family == 6)]
        lines.append("}")
    marks = {family: "".join(
        f"if net = {prefix} then bgp_path.prepend({asn}); " for prefix, asn in networks.items()
        if asn and (":" in prefix) == (family == 6)) for family in (4, 6)}
    for name, own, asn, edge in sessions:
        family = 6 if ":" in own else 4
        lines.append(f"protocol bgp {name} {{ local {own} as {asn}; neighbor {edge} as {SITE_ASN}; "
                     "hold time 30; connect retry time 2; connect delay time 1; "
                     f"error wait time 1, 2; ipv{family} {{ import all; export filter {{ "
                     f"if source != RTS_STATIC then reject; {marks[family]}accept; }}; }}; }}")
    return "\n".join(lines) + "\n"


def build(lab):
    router, inner = lab.space("public", ROUTER_SETTINGS), lab.space("public-host", HOST_SETTINGS)
    lan(router, inner, ("198.51.100.1", CUSTOMER4, 24), ("2001:db8:100::1", CUSTOMER6, 48))
    sessions = []
    for half, link in enumerate(LINK_NAMES):
        veth = f"public-{PORTS[half][-1]}"
        join(router, link, lab.edge_space, veth)
        own = (f"{NET4}{4 * half + 1}", f"{NET6}{4 * half + 1:x}")
        edge = (f"{NET4}{4 * half + 2}", f"{NET6}{4 * half + 2:x}")
        router.addresses(link, f"{own[0]}/30", f"{own[1]}/126")
        lab.splice(PORTS[half], veth, CONTOSO.s_tag, C_TAG)
        lab.splices[-1].connect()
        sessions += [(f"{link}{6 if ':' in mine else 4}", mine, CONTOSO.asn, its)
                     for mine, its in zip(own, edge)]
    networks = {prefix: FOREIGN_ASN if prefix == TRANSIT4 else None
                for prefix in (*ACCEPTED, *REFUSED)}
    lab.customer = Bird(lab, "public", router, bird_config("203.0.113.1", networks, sessions)).start()

    core, inner = lab.space("storage", ROUTER_SETTINGS), lab.space("storage-host", HOST_SETTINGS)
    lan(core, inner, ("198.18.0.1", STORAGE_HOST4, 16), ("2001:db8:500::1", STORAGE_HOST6, 48))
    join(core, "core", lab.edge_space, "storage", mtu=CORE_MTU)
    core.addresses("core", "10.255.9.1/30", "fd00:ff:9::1/126")
    core.route("default", "10.255.9.2")
    core.route("default", "fd00:ff:9::2")
    lab.splice("core", "storage", 0, 900)
    lab.splices[-1].connect()

    core = lab.space("compute", HOST_SETTINGS)
    join(core, "core", lab.edge_space, "compute", mtu=CORE_MTU)
    core.addresses("core", "10.255.10.1/30")
    lab.splice("core", "compute", 0, 901)
    lab.splices[-1].connect()
    networks = {COMPUTE4: FOREIGN_ASN, "198.20.0.0/16": None}
    lab.compute = Bird(lab, "compute", core, bird_config(
        "10.255.10.1", networks, [("edge", "10.255.10.1", COMPUTE_ASN, "10.255.10.2")])).start()


# ---- looking ----

def rows(lab):
    return lab.edge.show("bgp", "contoso/public")


def until_rows(lab, what, wanted, timeout=30):
    def look():
        found = rows(lab)
        wrong = [row for row in found if not wanted(row)]
        return (len(found) == 4 and not wrong) or (False, f"{len(found)} of 4 sessions: {wrong}")
    wait_until(what, look, timeout)


def received(bird):
    """{prefix: (AS path, communities)} that this BIRD was given by the edge."""
    found = {}
    text = bird.command("show", "route", "all", "where", "source=RTS_BGP")
    for part in re.split(r"^(?=[0-9a-f][0-9a-f.:]*/\d+ )", text, flags=re.MULTILINE)[1:]:
        path = re.search(r"BGP\.as_path: ?(.*)", part)
        words = re.findall(r"BGP\.(?:large_)?community: (.*)", part)
        found[part.split()[0]] = (path[1].strip() if path else "", " ".join(sorted(set(words))))
    return found


def until_received(lab, prefixes, what):
    """The customer has exactly these prefixes; what it has of them."""
    def look():
        found = received(lab.customer)
        return (set(found) == set(prefixes) and (found or True)) or (False, f"it has {found}")
    wait_until(what, look, 30)
    return received(lab.customer)


def until_let_in(lab, wanted):
    """`show routes` says of these prefixes by which path they came, and what let them in."""
    def look():
        found = {row["prefix"]: (row["path"], row["why"])
                 for row in lab.edge.show("routes", "public.contoso") if row["prefix"] in wanted}
        return found == wanted or (False, f"it says {found}")
    wait_until("what let the routes in", look, 30)


def unchanged(lab):
    if established_counts(lab) != lab.counts:
        raise LabError(f"sessions began anew: {established_counts(lab)}, before {lab.counts}")


# ---- checks ----

def unvalidated(lab):
    build(lab)
    lab.document = Document(lab)
    said = lab.document.apply((AFTER, AFTER + PEERING), ("vnets:\n", SERVICES + "vnets:\n"))
    must_say(said, "+ contoso/public", "+ service storage-eu", "+ route filter both")
    until_rows(lab, "down, with the reason", lambda row: row["state"] == "Idle"
               and "no public prefix is validated" in str(row["last_error"]))
    return "4 sessions down, and why"


def validated(lab):
    said = lab.document.apply((PEERING, PEERING + VALIDATED))
    must_say(said, "contoso/public/primary ipv4", "start")
    until_rows(lab, "sessions up", lambda row: row["state"] == "Established", 60)
    counts = {"ipv4": sum(":" not in prefix for prefix in ACCEPTED),
              "ipv6": sum(":" in prefix for prefix in ACCEPTED)}
    until_rows(lab, "what is accepted and refused", lambda row: row["accepted"] ==
               counts[row["family"]] and row["refused"] == sum(
                   (":" in prefix) == (row["family"] == "ipv6") for prefix in REFUSED))
    wait_until("the validated prefixes in the dataplane", lambda: ACCEPTED == {
        row["prefix"] for row in lab.edge.show("routes", "public.contoso")
        if row["origin"] == "bgp"}, 20)
    found = {}
    for row in lab.edge.show("routes", "--rejected", "contoso/public"):
        found.setdefault(row["prefix"], set()).add((row["link"], row["reason"]))
    wrong = {prefix: found.get(prefix) for prefix, reason in REFUSED.items()
             if {link for link, _ in found.get(prefix, ())} != set(LINK_NAMES)
             or not all(reason in said for _, said in found[prefix])}
    if wrong or set(found) != set(REFUSED):
        raise LabError(f"refused: {found}, wrong: {wrong}")
    return f"{len(ACCEPTED)} accepted, {len(REFUSED)} refused, each with its reason"


def no_filter(lab):
    lab.counts = established_counts(lab)
    until_received(lab, (), "nothing announced")
    if any(row["announced"] for row in rows(lab)) or lab.edge.show("advertised", "contoso/public"):
        raise LabError("something is announced without a filter")
    if any(row["leaked_from"] for row in lab.edge.show("routes", "public.contoso")):
        raise LabError("something is reached without a filter")
    until_let_in(lab, {
        **{prefix: (str(CONTOSO.asn), f"validated prefix {VALID6 if ':' in prefix else VALID4}")
           for prefix in ACCEPTED},
        f"{NET4}0/30": (None, "subnet of contoso/public/primary")})
    return "zero routes"


def filter_command(lab, *words):
    said = lab.edge.command("filter", *words).stdout
    must_say(said, "route_filter", "No BGP session is touched")


def attach(lab):
    filter_command(lab, "attach", "contoso", "storage")
    found = until_received(lab, (STORAGE4, STORAGE6), "storage announced")
    for prefix, (path, communities) in found.items():
        if path != str(SITE_ASN) or communities != f"({SITE_ASN}, 1, 5010)":
            raise LabError(f"{prefix} came with {path!r}, {communities!r}")
    host = lab.spaces["public-host"]
    for address in (STORAGE_HOST4, STORAGE_HOST6):
        wait_until(f"{address} answers", lambda address=address: probes.ping(
            host, address, count=1, extra=["-W", "1"])[1] or (False, "no answer"), 20)
    shown = {(row["link"], row["prefix"]) for row in lab.edge.show("advertised", "contoso/public")}
    if shown != {(link, prefix) for link in LINK_NAMES for prefix in (STORAGE4, STORAGE6)}:
        raise LabError(f"`show advertised` says {shown}")
    until_let_in(lab, {prefix: (None, f"route filter storage: {SITE_ASN}:1:5010 of storage-eu")
                       for prefix in (STORAGE4, STORAGE6)})
    unchanged(lab)
    return "announced with its community, and reached, by sessions that stayed up"


def spoofed(lab):
    """The validated prefixes are what packets may come from: others, which this customer's router has as
    well, are dropped by name, whichever link they take."""
    space = lab.spaces["public"]
    for source in SPOOFED:
        target = STORAGE_HOST6 if ":" in source else STORAGE_HOST4
        before = dropped(lab)
        space.addresses("lo", source)
        _, answers, _ = probes.ping(space, target, count=PINGS,
                                    extra=["-I", source, "-W", "0.3", "-i", "0.01"])
        def look(before=before):
            now = dropped(lab)
            return now - before >= PINGS or (False, f"{before}, now {now}")
        wait_until(f"{PINGS} packets from {source} dropped as urpf-strict", look, 20)
        if answers:
            raise LabError(f"{answers} of {PINGS} pings from {source} were answered")
    return f"{len(SPOOFED)} sources, {PINGS} packets each"


def dropped(lab):
    return sum(row["packets"] for row in lab.edge.show("drops")
               if row["reason"] == "urpf-strict" and row["interface"].startswith("contoso/public/"))


def change(lab):
    filter_command(lab, "attach", "contoso", "both")
    found = until_received(lab, (STORAGE4, STORAGE6, COMPUTE4), "both services announced")
    # The core's path is 4200100003 3356, and the first of these is private (RFC 6996).
    if found[COMPUTE4] != (f"{SITE_ASN} {FOREIGN_ASN}", "(65000,5020)"):
        raise LabError(f"compute came as {found[COMPUTE4]}")
    until_let_in(lab, {COMPUTE4: (f"{COMPUTE_ASN} {FOREIGN_ASN}",
                                  "route filter both: 65000:5020 of compute-eu")})
    wait_until("the customer's prefixes at compute's core", lambda: {
        VALID4, "198.51.100.128/25"} == set(received(lab.compute)), 30)
    paths = {path for path, _ in received(lab.compute).values()}
    if paths != {str(SITE_ASN)}:
        raise LabError(f"the customer's AS number, a private one, is in {paths}")
    unchanged(lab)
    return "another service more, without private AS numbers"


def detach(lab):
    filter_command(lab, "attach", "contoso", "nothing")
    until_received(lab, (), "nothing announced by a filter that lets nothing through")
    filter_command(lab, "attach", "contoso", "storage")
    until_received(lab, (STORAGE4, STORAGE6), "storage announced again")
    filter_command(lab, "detach", "contoso")
    until_received(lab, (), "nothing announced")
    unchanged(lab)
    _, answers, _ = probes.ping(lab.spaces["public-host"], STORAGE_HOST4, count=3,
                                extra=["-W", "0.3"])
    if answers:
        raise LabError("storage answers without a filter")
    return "zero routes again, the sessions never reset"


def refused(lab):
    def must_refuse(words, *command):
        answer = lab.edge.command(*command, check=False)
        if answer.returncode == 0 or words not in answer.stderr:
            raise LabError(f"onramp {' '.join(command)}: {answer.stdout} {answer.stderr}")
    must_refuse("fabrikam has no public peering", "filter", "attach", "fabrikam", "storage")
    must_refuse('"storrage" is no route filter', "filter", "attach", "contoso", "storrage")
    must_refuse("has no route filter", "filter", "detach", "contoso")
    must_refuse("filter attach", "peering", "set", "contoso/public", "{route_filter: storage}")
    lab.edge.command("circuit", "create", "wingtip", "--port-pair", "shared", "--bandwidth", "1G",
                     "--s-tag", "102")
    must_refuse("wingtip has no public peering", "filter", "attach", "wingtip", "storage")
    lab.edge.command("peering", "set", "wingtip/public", "{c_tag: 5, peer_asn: 65009, "
                     "link_subnets: [203.0.113.8/29]}")
    must_refuse("provider has to provision it first", "filter", "attach", "wingtip", "storage")
    lab.edge.provision()
    lab.edge.command("circuit", "disable", "wingtip")
    must_refuse("wingtip is disabled", "filter", "attach", "wingtip", "storage")
    unchanged(lab)
    return "each missing step is named"


def checks():
    yield from session_checks()
    yield "without validated prefixes the sessions stay down", unvalidated
    yield "validated prefixes alone are taken", validated
    yield "without a filter nothing is announced", no_filter
    yield "a filter attached", attach
    yield "sources that are not validated", spoofed
    yield "a filter changed", change
    yield "a filter detached", detach
    yield "filters that cannot be attached", refused
    yield "ledgers", ledger
    yield "buffers", buffers


if __name__ == "__main__":
    sys.exit(run_in_lab("pb", checks()))
