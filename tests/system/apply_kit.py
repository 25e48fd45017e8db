# SPDX-License-Identifier: BSD-3-Clause
"""For tests of live changes: a third customer with its virtual network, the document in force and
its edits, and what must not move while something else does."""

import os
import re
from contextlib import contextmanager

from onramp_lab import probes
from onramp_lab.bird import Bird
from onramp_lab.checks_failure import established_counts
from onramp_lab.checks_reach import host
from onramp_lab.namespace import HOST_SETTINGS, ROUTER_SETTINGS, join
from onramp_lab.process import Process
from onramp_lab.shell import LabError, wait_until
from onramp_lab.topology import (CONTOSO, CORE_MTU, LINK_NAMES, PORTS, SITE_ASN, VNET_HOST4,
                                 VNET_HOST6, Customer, bird_base)

TAILSPIN = Customer("tailspin", 65003, "vnet-c", 0, 400, "10.202.0.1", "fd00:202::1",
                    ("192.0.2.", 16), "2001:db8:3::")
MOVED = Customer("tailspin", 65003, "vnet-c", 0, 400, "10.202.0.1", "fd00:202::1",
                 ("192.0.2.", 24), "2001:db8:4::")
CUSTOMER4, CUSTOMER6 = "10.0.0.10", "fd00:a::10"
VNET_C_ASN, VNET_C_VLAN = 4200100003, 30
VNET_C_PREFIX4, VNET_C_PREFIX6 = "10.3.0.0/16", "fd00:c::/48"
VNET_C_HOST4, VNET_C_HOST6 = "10.3.0.10", "fd00:c::10"
ROUTER_C, EDGE_C = ("10.255.2.1", "fd00:ff:c::1"), ("10.255.2.2", "fd00:ff:c::2")

CIRCUIT = """  - name: tailspin
    port_pair: shared
    bandwidth: 1G
    tier: standard
    peerings:
      - {type: private, vlan: 400, peer_asn: 65003, link_subnets: [192.0.2.16/29, "2001:db8:3::/125"]}
"""
VNET = f"""  - name: vnet-c
    core: {{port: core, vlan: {VNET_C_VLAN}, bgp: {{peer_asn: {VNET_C_ASN}, link_subnets: [10.255.2.0/30, "fd00:ff:c::/126"]}}}}
    connections: [{{circuit: tailspin, weight: 100}}]
"""
DOMAINS = ("private.tailspin", "vnet.vnet-c")
QUIET = re.compile(r"\[(LINK|ADDR|ROUTE)\]|Deleted")


# ---- the third customer ----

def build_tailspin(lab):
    router, inner = lab.space("tailspin", ROUTER_SETTINGS), lab.space("tailspin-host", HOST_SETTINGS)
    lan(router, inner, ("10.0.0.1", CUSTOMER4, 16), ("fd00:a::1", CUSTOMER6, 48))
    for half, port in enumerate(PORTS):
        join(router, LINK_NAMES[half], lab.edge_space, f"tailspin-{port[-1]}")
        lab.splice(port, f"tailspin-{port[-1]}", 0, TAILSPIN.c_tag)
        lab.splices[-1].connect()
    address_tailspin(lab, TAILSPIN)
    lab.tailspin = Bird(lab, "tailspin", router, tailspin_bird(TAILSPIN)).start()

    core, inner = lab.space("vnet-c-router", ROUTER_SETTINGS), lab.space("vnet-c-host", HOST_SETTINGS)
    lan(core, inner, ("10.3.0.1", VNET_C_HOST4, 16), ("fd00:c::1", VNET_C_HOST6, 48))
    join(core, "core", lab.edge_space, "vnet-c", mtu=CORE_MTU)
    core.addresses("core", f"{ROUTER_C[0]}/30", f"{ROUTER_C[1]}/126")
    lab.splice("core", "vnet-c", 0, VNET_C_VLAN)
    lab.splices[-1].connect()
    text = bird_base(ROUTER_C[0])
    for own, edge in zip(ROUTER_C, EDGE_C):
        text += bird_session("edge" + ("6" if ":" in own else "4"), (own, VNET_C_ASN), (edge, SITE_ASN))
    lab.vnet_c = Bird(lab, "vnet-c", core, text).start()


def lan(router, inner, net4, net6):
    join(router, "lan", inner, "lan")
    for gateway, own, length in (net4, net6):
        router.addresses("lan", f"{gateway}/{length}")
        inner.addresses("lan", f"{own}/{length}")
        inner.route("default", gateway)


def address_tailspin(lab, customer):
    for half, link in enumerate(LINK_NAMES):
        own4, own6 = customer.addresses(half, 1)
        lab.spaces["tailspin"].addresses(link, f"{own4}/30", f"{own6}/126")


def tailspin_bird(customer):
    text = bird_base("10.202.0.1")
    for half, link in enumerate(LINK_NAMES):
        for own, edge in zip(customer.addresses(half, 1), customer.addresses(half, 2)):
            text += bird_session(link + ("6" if ":" in own else "4"), (own, customer.asn),
                                 (edge, SITE_ASN))
    return text


def move_tailspin(lab):
    """To other link subnets, at the customer's side."""
    for link in LINK_NAMES:
        lab.spaces["tailspin"].ip("address", "flush", "dev", link, "scope", "global")
    address_tailspin(lab, MOVED)
    with open(lab.tailspin.config, "w", encoding="utf-8") as file:
        file.write(tailspin_bird(MOVED))
    lab.tailspin.command("configure")


def bird_session(name, local, neighbour):
    channel = "ipv6" if ":" in neighbour[0] else "ipv4"
    return f"""protocol bgp {name} {{
	local {local[0]} as {local[1]}; neighbor {neighbour[0]} as {neighbour[1]};
	hold time 30; connect retry time 2; connect delay time 1; error wait time 1, 4;
	{channel} {{ import all; export where source = RTS_DEVICE; }};
}}
"""


def splices_of(lab, name):
    return [splice for splice in lab.splices if splice.veth.startswith(name)]


def retag(lab, name, vlan):
    for splice in splices_of(lab, name):
        splice.c_tag = vlan
        splice.connect()


# ---- the document ----

class Document:
    """What is in force, and the next one as edits of it."""

    def __init__(self, lab):
        self.lab = lab
        self.path = os.path.join(lab.run_dir, "next.yaml")
        with open(lab.yaml, encoding="utf-8") as file:
            self.text = file.read()

    def edited(self, *edits):
        text = self.text
        for old, new in edits:
            if text.count(old) != 1:
                raise LabError(f"the test's own edit: {old!r} is there {text.count(old)} times")
            text = text.replace(old, new)
        return text

    def write(self, text):
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(text)

    def apply(self, *edits, wait=True):
        """Makes the store what the text is, with the provider's part before and after. What the
        commands said."""
        text = self.edited(*edits)
        self.write(text)
        said = self.lab.edge.deprovision(*(set(self.circuits()) - set(circuits_of(text))))
        said += self.lab.edge.apply(self.path, "--prune").stdout
        said += self.lab.edge.provision()
        self.text = text
        if wait:
            self.lab.edge.wait_synced()
        return said

    def with_tailspin(self):
        return [("vnets:\n", CIRCUIT + "vnets:\n"), ("  - name: vnet-b\n", VNET + "  - name: vnet-b\n")]

    def circuits(self):
        return circuits_of(self.text)

    def without(self, *names):
        """The text without these circuits and virtual networks, whatever was made of them."""
        return re.sub(rf"(?ms)^  - name: ({'|'.join(names)})\n.*?(?=^  - |^\w|\Z)", "", self.text)

    def without_tailspin(self):
        return [(self.text, self.without("tailspin", "vnet-c"))]


def circuits_of(text):
    """Their names in a document that is written as the lab's is."""
    part = re.search(r"(?ms)^circuits:\n(.*?)^\w", text)
    return re.findall(r"(?m)^  - name: (\S+)$", part[1]) if part else []


def sessions_in(said):
    """{"contoso/private/primary ipv4": "reset"}: of apply's answer."""
    return dict(re.findall(r"^(\S+ ipv[46])\s+(\w+)\s*$", said, re.MULTILINE))


def must_say(said, *words):
    lost = [word for word in words if word not in said]
    if lost:
        raise LabError(f"apply does not say {lost}: {said}")


def touched_only(said, owners, effect, count):
    sessions = sessions_in(said)
    wrong = {name: what for name, what in sessions.items()
             if not name.startswith(owners) or what != effect}
    if wrong or len(sessions) != count:
        raise LabError(f"apply touches {sessions}, {count} x {effect} of {owners} were expected")


# ---- what must not move ----

@contextmanager
def others_undisturbed(lab, *touched):
    """No ping of contoso's is lost, and no session is reset but those of the domains touched."""
    before = established_counts(lab)
    refused_before = lab.edge.show("status")["dataplane"]["refused"]
    space = host(lab, CONTOSO)
    with probes.RunningPing(lab, space, VNET_HOST4, "0.02") as ping4, \
            probes.RunningPing(lab, space, VNET_HOST6, "0.02") as ping6:
        yield
        for ping in (ping4, ping6):
            ping.wait_more(10)
        lost = [missing_answers(ping) for ping in (ping4, ping6)]
    if any(lost):
        raise LabError(f"pings of contoso lost (their numbers): {lost}")
    after = established_counts(lab)
    moved = {key: (count, after.get(key)) for key, count in before.items()
             if not key[0].endswith(touched or ("\n",)) and after.get(key) != count}
    if moved:
        raise LabError(f"sessions were reset: {moved}")
    refused = lab.edge.show("status")["dataplane"]
    if refused["refused"] != refused_before or refused["error"]:
        raise LabError(f"the dataplane refused something: {refused}")


def missing_answers(ping, most=10):
    """Numbers between the first answer and the last; what is on its way when a ping is ended is
    not lost."""
    answered = {int(number) for number in re.findall(r"icmp_seq=(\d+) ", ping.process.output())}
    return sorted(set(range(1, max(answered))) - answered)[:most]


@contextmanager
def domains_quiet(lab):
    """Not a link, address, route or neighbour of any domain is changed or deleted."""
    monitors = {domain: Process(lab, f"monitor-{domain}-{lab.next_number()}",
                                ["ip", "monitor", "all"], netns=lab.edge.domain_path(domain))
                for domain in lab.edge.domains()}
    try:
        for domain, monitor in monitors.items():
            monitor.start()
        for domain, monitor in monitors.items():
            lab.edge_space.run("nsenter", f"--net={lab.edge.domain_path(domain)}", "--",
                               "ip", "route", "add", "blackhole", "203.0.113.1", "proto", "99")
            monitor.wait_output("203.0.113.1")
            monitor.heard = len(monitor.output())
        yield
        for domain, monitor in monitors.items():
            heard = [line for line in monitor.output()[monitor.heard:].splitlines()
                     if QUIET.search(line) and "ff02:" not in line]
            if heard:
                raise LabError(f"{domain}: {len(heard)} changes, first: {heard[0]}")
    finally:
        for monitor in monitors.values():
            monitor.stop()
        for domain in monitors:
            lab.edge_space.run("nsenter", f"--net={lab.edge.domain_path(domain)}", "--",
                               "ip", "route", "del", "blackhole", "203.0.113.1", "proto", "99",
                               check=False)


# ---- looking ----

def all_established(lab, count):
    def look():
        rows = lab.edge.show("bgp")
        down = [f"{row['link']} {row['family']} {row['state']}" for row in rows
                if row["state"] != "Established"]
        return (len(rows) == count and not down) or (False, f"{len(rows)} of {count}, not up: {down}")
    wait_until(f"{count} sessions Established", look, 60)


def routes(lab, domain, *prefixes):
    return [row for row in lab.edge.show("routes", domain) if not prefixes or row["prefix"] in prefixes]


def links_of(row):
    return {hop["link"] for hop in row["next_hops"]}


def until_links(lab, domain, prefix, links, timeout=20):
    """Until the prefix is there and its packets leave by exactly these links."""
    def look():
        rows = routes(lab, domain, prefix)
        found = links_of(rows[0]) if rows else None
        return found == links or (False, f"by {found}")
    wait_until(f"{prefix} in {domain} by {sorted(links) or 'nothing'}", look, timeout)


def until_gone(lab, domain, *prefixes, timeout=20):
    wait_until(f"{prefixes} gone from {domain}", lambda: not routes(lab, domain, *prefixes), timeout)


def traces(lab, *words):
    """Where any of the words still stands: the dataplane's tables, FRR, namespaces."""
    edge = lab.edge
    texts = {
        "show routes": edge.command("show", "routes").stdout,
        "show stats": edge.command("show", "stats").stdout,
        "show arp": edge.command("show", "arp").stdout,
        "show bgp": edge.command("show", "bgp").stdout,
        "show peerings": edge.command("show", "peerings").stdout,
        "show memory": edge.command("show", "memory").stdout,
        "bgpd": edge.frr.command("show running-config", "bgpd"),
        "staticd": edge.frr.command("show running-config", "staticd"),
        "zebra's VRFs": edge.frr.command("show vrf", "zebra"),
        "namespaces": " ".join(edge.domains()),
    }
    return [where for where, text in texts.items() if any(word in text for word in words)]
