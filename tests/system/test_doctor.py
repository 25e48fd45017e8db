# SPDX-License-Identifier: BSD-3-Clause
"""`onramp doctor` names the fault, whose side it is on and what to do next: one fault after
another, in every layer it lists, and after each cure the circuit is healthy again."""

import json
import os
import re
import sys
from contextlib import contextmanager

from apply_kit import Document, retag
from support import ROOT, LabError, run_in_lab
from test_guide import Reader, commands
from test_public_peering import PEERING as PUBLIC
from test_public_peering import AFTER, SERVICES, VALIDATED, build

from onramp_lab.checks_ledger import buffers, ledger
from onramp_lab.checks_reach import session_checks
from onramp_lab.flow import Flow
from onramp_lab.process import Process
from onramp_lab.shell import wait_until
from onramp_lab.topology import CONTOSO, FABRIKAM, PORTS, VNET_HOST4

CIRCUIT, PRIMARY = "fabrikam", "fabrikam/private/primary"
SESSION = f"{PRIMARY} ipv4"
DOMAIN = "private.fabrikam"
FIELDS = f"vlan: {FABRIKAM.c_tag}\n        peer_asn: {FABRIKAM.asn}\n"
CONNECTION = "    connections: [{circuit: fabrikam, weight: 100}]\n"
WRONG_VLAN, WRONG_ASN, WRONG_ADDRESS = 301, 65099, "192.0.2.77"
LIMIT = 10  # IPv4 prefixes
SPOOFED = "172.16.9.9"
KEY, OTHER_KEY = "Agreedkey1", "Otherkey2"


# ---- asking ----

def examine(lab, address):
    """(exit status, what it says)"""
    done = lab.edge.command("-j", "doctor", address, check=False)
    try:
        return done.returncode, json.loads(done.stdout)
    except ValueError:
        raise LabError(f"doctor {address} said {done.stdout!r} {done.stderr!r}") from None


def until_named(lab, layer, side, words, where, address=CIRCUIT, verdict="wrong"):
    """Until that is what it says is first, with a next step and the right exit status."""
    def look():
        status, said = examine(lab, address)
        first = said["first"] or {}
        found = (first.get("layer"), first.get("side"), first.get("verdict"), first.get("where"))
        if found != (layer, side, verdict, where) or words not in first["text"]:
            return False, f"first is {first}"
        if status != (verdict == "wrong") or said["healthy"] == status or len(first["next"]) < 10:
            raise LabError(f"{layer}: status {status}, {said}")
        return first
    first = wait_until(f"doctor names {layer} of {where}, {side}", look, 60)
    return f"{first['where']}: {first['text']} ({side})"


def until_healthy(lab, address=CIRCUIT):
    def look():
        status, said = examine(lab, address)
        return (said["healthy"] and status == 0 and said) or (False, f"first is {said['first']}")
    return wait_until(f"{address} healthy", look, 60)


def clear(lab):
    """bgpd begins the IPv4 sessions anew."""
    for half in (0, 1):
        lab.edge.frr.command(f"clear bgp vrf {DOMAIN} {FABRIKAM.addresses(half, 1)[0]}", "bgpd")


def in_domain(lab, *words):
    lab.edge_space.run("nsenter", f"--net={lab.edge.domain_path(DOMAIN)}", "--", *words)


# ---- the customer's router ----

def configure(lab, *edits):
    """BIRD runs what it had at first, with these replacements."""
    text = lab.bird
    for old, new in edits:
        if not re.search(old, text):
            raise LabError(f"the test's own edit: no {old!r}")
        text = re.sub(old, new, text)
    with open(lab.fabrikam.config, "w", encoding="utf-8") as file:
        file.write(text)
    if "Reconfigur" not in lab.fabrikam.command("configure", timeout=60):
        raise LabError("BIRD does not take the test's configuration")


@contextmanager
def customer_with(lab, *edits):
    configure(lab, *edits)
    yield
    configure(lab)
    until_healthy(lab)


# ---- checks, in the order of the layers ----

def healthy(lab):
    lab.document = Document(lab)
    with open(lab.fabrikam.config, encoding="utf-8") as file:
        lab.bird = file.read()
    def all_ok():
        said = examine(lab, CIRCUIT)[1]
        return (not said["first"] and said) or (False, f"first is {said['first']}")
    said = wait_until("nothing to say", all_ok, 60)
    layers = list(dict.fromkeys(row["layer"] for row in said["findings"]))
    text = lab.edge.command("doctor", CIRCUIT).stdout
    if len(layers) != 13 or "Nothing is wrong" not in text:
        raise LabError(f"not healthy: {said}, {text}")
    wrong = lab.edge.command("doctor", "fabricam", check=False)
    if wrong.returncode != 1 or 'did you mean "fabrikam"' not in wrong.stderr:
        raise LabError(f"a circuit that is not there: {wrong}")
    return f"{len(said['findings'])} findings in {len(layers)} layers, all ok"


def state(lab):
    key = next(row["service_key"] for row in lab.edge.show("circuits") if row["name"] == CIRCUIT)
    lab.edge.command("circuit", "disable", CIRCUIT)
    said = until_named(lab, "circuit", "ours", "disabled", CIRCUIT)
    lab.edge.command("circuit", "enable", CIRCUIT)
    lab.edge.command("circuit", "deprovision", key)
    said += "; " + until_named(lab, "circuit", "provider", "not-provisioned", CIRCUIT)
    lab.edge.command("circuit", "provision", key)
    until_healthy(lab)
    return said


def link_test(lab):
    lab.edge.command("link", "test", PRIMARY, "--for", "10m")
    said = until_named(lab, "port", "ours", "failure test", PRIMARY)
    lab.edge.command("link", "test", PRIMARY, "--stop")
    until_healthy(lab)
    return said


def carrier_then_address(lab):
    """While the light is off the customer gives the interface another address: neighbours are
    looked for anew when it comes back."""
    customer, (own, _) = lab.spaces["fabrikam"], FABRIKAM.addresses(0, 1)
    lab.edge_space.ip("link", "set", PORTS[0], "down")
    said = until_named(lab, "carrier", "provider", "no light", PRIMARY)
    customer.ip("address", "del", f"{own}/30", "dev", "primary")
    customer.ip("address", "add", f"{WRONG_ADDRESS}/24", "dev", "primary")
    lab.edge_space.ip("link", "set", PORTS[0], "up")
    said += "; " + until_named(lab, "neighbour", "customer", f"{own} does not answer ARP", SESSION)
    customer.ip("address", "del", f"{WRONG_ADDRESS}/24", "dev", "primary")
    customer.ip("address", "add", f"{own}/30", "dev", "primary")
    until_healthy(lab)
    return said


def tag(lab):
    retag(lab, "fabrikam", WRONG_VLAN)
    said = until_named(lab, "tag", "customer", f"VLAN {WRONG_VLAN}", PRIMARY)
    retag(lab, "fabrikam", FABRIKAM.c_tag)
    until_healthy(lab)
    return said


def bfd(lab):
    with customer_with(lab, (" bfd on;", "")):
        return until_named(lab, "bfd", "customer", "", SESSION)


def wrong_asn(lab):
    """At contoso, whose router keeps BFD up without BGP. bgpd tells errors of the connections that
    it opened itself, which it does only while BFD is up."""
    def local_as(word):
        lab.contoso.command("configure terminal", f"router bgp {CONTOSO.asn}",
                            f"{word}neighbor {CONTOSO.addresses(0, 2)[0]} local-as {WRONG_ASN}"
                            + " no-prepend replace-as" * (not word), "bgpd")
    local_as("")
    said = until_named(lab, "bgp", "customer", "Bad Peer AS", "contoso/private/primary ipv4",
                       "contoso")
    local_as("no ")
    until_healthy(lab, "contoso")
    return said


def wrong_key(lab):
    """And the limit of the next one."""
    path = os.path.join(lab.run_dir, "fabrikam.md5")
    with open(path, "w", encoding="utf-8") as file:
        file.write(KEY + "\n")
    os.chmod(path, 0o600)
    lab.document.apply((FIELDS, f"{FIELDS}        md5_file: {path}\n"
                                f"        prefix_limit: {{ipv4: {LIMIT}}}\n"))
    lab.bird = lab.bird.replace("\thold time", f'\tpassword "{KEY}"; hold time')
    with customer_with(lab, (KEY, OTHER_KEY)):
        return until_named(lab, "bgp", "customer", "another key than", SESSION)


def prefix_limit(lab):
    many = "".join(f"route 100.64.{number}.0/24 blackhole; " for number in range(LIMIT))
    configure(lab, ("protocol direct",
                    "protocol static many { ipv4; " + many + "}\nprotocol direct"),
              ("export where source = RTS_DEVICE;",
               "export where source ~ [RTS_DEVICE, RTS_STATIC];"))
    said = until_named(lab, "bgp", "customer", f"more than {LIMIT} prefixes", SESSION)
    configure(lab)
    # bgpd tries again within a minute by itself; that is test_private_peering.py's.
    clear(lab)
    until_healthy(lab)
    return said


def nothing_announced(lab):
    with customer_with(lab, ("export where source = RTS_DEVICE;", "export none;")):
        return until_named(lab, "routes", "customer", "announces nothing", PRIMARY)


def no_connection(lab):
    before = lab.document.text
    lab.document.apply((CONNECTION, ""))
    said = until_named(lab, "routes", "ours", "no virtual network", "fabrikam/private")
    lab.document.apply((lab.document.text, before))
    until_healthy(lab)
    return said


def fib(lab):
    """Somebody put a route into the domain's kernel that leads out of no link."""
    in_domain(lab, "ip", "route", "add", "198.18.77.0/24", "dev", "lo", "proto", "bgp")
    said = until_named(lab, "fib", "ours", "learned routes, the dataplane", "fabrikam/private")
    in_domain(lab, "ip", "route", "del", "198.18.77.0/24", "dev", "lo", "proto", "bgp")
    until_healthy(lab)
    return said


def bandwidth(lab):
    lab.edge.command("circuit", "set-bandwidth", CIRCUIT, "50M")
    with Flow(lab, lab.spaces["fabrikam-host"], lab.spaces["vnet-b-host"], VNET_HOST4, 12000,
              payload_bytes=1200, sources=1):
        def look():
            status, said = examine(lab, CIRCUIT)
            first = said["first"] or {}
            return (status == 1 and first["layer"] == "policer" and first["side"] == "customer"
                    and first["where"].endswith(" in") and first) or (False, f"first is {first}")
        first = wait_until("doctor names the policer", look, 30)
    lab.edge.command("circuit", "set-bandwidth", CIRCUIT, "1G")
    until_healthy(lab)
    return f"{first['where']}: {first['text']} (customer)"


def spoofed(lab):
    """Worth a look, and not wrong."""
    space = lab.spaces["fabrikam-host"]
    space.ip("address", "add", f"{SPOOFED}/32", "dev", "lo")
    ping = Process(lab, "spoofer", ["ping", "-n", "-i", "0.05", "-I", SPOOFED, VNET_HOST4],
                   netns=space.path)
    ping.start()
    try:
        def look():
            status, said = examine(lab, CIRCUIT)
            first = said["first"] or {}
            return (status == 0 and first.get("layer") == "drops" and "urpf-strict" in
                    first["text"] and first) or (False, f"first is {first}")
        first = wait_until("doctor warns of spoofed sources", look, 30)
    finally:
        ping.stop()
    space.ip("address", "del", f"{SPOOFED}/32", "dev", "lo")
    return first["text"]


def public_peering(lab):
    build(lab)
    public = "contoso/public"
    without_bfd = PUBLIC + "        bfd: off\n"
    said = lab.document.apply((AFTER, AFTER + without_bfd), ("vnets:\n", SERVICES + "vnets:\n"))
    if "+ contoso/public" not in said:
        raise LabError(f"apply said {said}")
    said = until_named(lab, "bgp", "ours", "no public prefix is validated",
                       f"{public}/primary ipv4", public)
    lab.document.apply((without_bfd, without_bfd + VALIDATED))
    said += "; " + until_named(lab, "filter", "ours", "no route filter", public, public)
    lab.edge.command("filter", "attach", "contoso", "storage")
    until_named(lab, "filter", "customer", "refused", public, public, verdict="warn")
    until_healthy(lab, public)
    return said


def troubleshooting(lab):
    """Each command of docs/troubleshooting.md, as somebody would type it who reads it."""
    reader = Reader(lab)
    with open(os.path.join(ROOT, "docs/troubleshooting.md"), encoding="utf-8") as file:
        typed = list(commands(file.read()))
    for command, comment in typed:
        reader.type(command, comment)
    until_healthy(lab, "contoso")
    if len(typed) < 20:
        raise LabError(f"only {len(typed)} commands were found")
    return f"{len(typed)} commands"


def programs(lab):
    edge = lab.edge
    edge.control.kill()
    said = until_named(lab, "edge", "ours", "control does not run", "this edge")
    edge.control.start()
    edge.wait_synced()
    until_healthy(lab)
    edge.frr.processes["bgpd"].kill()
    said += "; " + until_named(lab, "edge", "ours", "bgpd does not answer", "this edge")
    edge.frr.processes["bgpd"].start()
    until_healthy(lab)
    return said


def dataplane(lab):
    """The last: nothing is there after it."""
    lab.edge.dataplane.kill()
    return until_named(lab, "edge", "ours", "the dataplane does not run", "this edge")


def checks():
    yield from session_checks()
    yield "healthy: every layer is ok", healthy
    yield "circuit: disabled, then not provisioned", state
    yield "port: a failure test", link_test
    yield "carrier: down; neighbour: another address", carrier_then_address
    yield "tag: another VLAN", tag
    yield "bfd: off at the customer", bfd
    yield "bgp: another AS number", wrong_asn
    yield "bgp: another key", wrong_key
    yield "bgp: too many prefixes", prefix_limit
    yield "routes: nothing announced", nothing_announced
    yield "routes: no connection", no_connection
    yield "fib: not what the kernel has", fib
    yield "policer: too little bandwidth", bandwidth
    yield "drops: spoofed sources", spoofed
    yield "filter: unvalidated, then no route filter", public_peering
    yield "docs/troubleshooting.md: its commands", troubleshooting
    yield "edge: control killed, then bgpd", programs
    yield "ledgers", ledger
    yield "buffers", buffers
    yield "edge: the dataplane killed", dataplane


if __name__ == "__main__":
    sys.exit(run_in_lab("dr", checks()))
