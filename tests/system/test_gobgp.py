# SPDX-License-Identifier: BSD-3-Clause
"""A customer that runs GoBGP, which connects and does not listen: routes of both families both ways
over sessions signed with TCP-MD5, GRACEFUL_SHUTDOWN (RFC 8326) in both directions, and a prefix
limit that closes sessions with the right notification."""

import os
import sys

from apply_kit import (CIRCUIT, TAILSPIN, VNET_C_HOST4, VNET_C_HOST6,
                       VNET_C_PREFIX4, VNET_C_PREFIX6, Document, build_tailspin, must_say)
from support import LabError, run_in_lab

from onramp_lab import probes
from onramp_lab.checks_ledger import buffers, ledger
from onramp_lab.checks_reach import session_checks
from onramp_lab.gobgp import GoBgp
from onramp_lab.shell import wait_until
from onramp_lab.topology import LINK_NAMES, SITE_ASN

DOMAIN = "private.tailspin"
OWN4, OWN6 = "10.0.0.0/16", "fd00:a::/48"
LIMIT = 10
KEY = "Gokey1"
GRACEFUL_SHUTDOWN = 0xffff0000
PEERING = """      - type: private
        vlan: 400
        peer_asn: 65003
        link_subnets: [192.0.2.16/29, "2001:db8:3::/125"]
        prefix_limit: {{ipv4: 10}}
        md5_file: {}
"""


def edges(half):
    return TAILSPIN.addresses(half, 2)


def rows(lab):
    return {(row["link"], row["family"]): row for row in lab.edge.show("bgp", "tailspin/private")}


def until_rows(lab, what, wanted, timeout=120):
    """wanted(link, family, row) of each session."""
    def look():
        found = rows(lab)
        wrong = {key: row for key, row in found.items() if not wanted(*key, row)}
        return (len(found) == 4 and not wrong) or (False, f"{len(found)} of 4 sessions: {wrong}")
    wait_until(what, look, timeout)


def up(lab):
    until_rows(lab, "4 sessions with GoBGP", lambda link, family, row:
               row["state"] == "Established")


def until_links(lab, prefix, links):
    """The edge sends what is for prefix over exactly these links."""
    def look():
        found = {hop["link"].rsplit("/", 1)[-1] for row in lab.edge.show("routes", DOMAIN)
                 if row["prefix"] == prefix for hop in row["next_hops"]}
        return found == set(links) or (False, f"by {found}")
    wait_until(f"{prefix} by {links}", look, 30)


def until_received(lab, half, wanted, what):
    """wanted({prefix: (path, communities)}) of each of a link's neighbours."""
    for edge in edges(half):
        def look(edge=edge):
            found = lab.gobgp.received(edge)
            return wanted(found) or (False, f"from {edge}: {found}")
        wait_until(what, look, 30)


def begin(lab, **options):
    """With other settings than before."""
    lab.gobgp.write({address: KEY for half in (0, 1) for address in edges(half)}, **options)
    if lab.gobgp.process.alive():
        lab.gobgp.process.stop()
    lab.gobgp.start()
    lab.gobgp.announce(OWN4, OWN6)


def build(lab):
    """BIRD gives its place to GoBGP, which asks for the primary link to be left from the beginning."""
    build_tailspin(lab)
    lab.tailspin.stop()
    lab.gobgp = GoBgp(lab, "tailspin", lab.spaces["tailspin"], TAILSPIN.asn, "10.202.0.1",
                      [(address, SITE_ASN) for half in (0, 1) for address in edges(half)])
    begin(lab, asked_to_leave=edges(0))
    path = os.path.join(lab.run_dir, "tailspin.md5")
    with open(path, "w", encoding="utf-8") as file:
        file.write(KEY + "\n")
    os.chmod(path, 0o600)
    document = Document(lab)
    (line, circuits), vnet = document.with_tailspin()
    head = CIRCUIT[:CIRCUIT.index("      - {")]
    said = document.apply((line, circuits.replace(CIRCUIT, head + PEERING.format(path))), vnet)
    must_say(said, "+ tailspin/private", "tailspin/private/primary ipv4")


def both_ways(lab):
    """The customer's kernel has one route to what is announced: GoBGP keeps what it learns."""
    build(lab)
    up(lab)
    for half in (0, 1):
        for edge, prefix in zip(edges(half), (VNET_C_PREFIX4, VNET_C_PREFIX6)):
            wait_until(f"{prefix} from {edge}", lambda edge=edge, prefix=prefix:
                       lab.gobgp.received(edge).get(prefix, ([None],))[0][0] == SITE_ASN, 30)
    space, host = lab.spaces["tailspin"], lab.spaces["tailspin-host"]
    for prefix, via in zip((VNET_C_PREFIX4, VNET_C_PREFIX6), edges(0)):
        space.route(prefix, via)
    for address in (VNET_C_HOST4, VNET_C_HOST6):
        wait_until(f"{address} answers", lambda address=address: probes.ping(
            host, address, count=1, extra=["-W", "1"])[1] or (False, "no answer"), 20)
    if KEY in lab.edge.control.output() + lab.edge.command("export").stdout:
        raise LabError("the key is shown")
    return "4 signed sessions, prefixes and pings of both families"


def customer_leaves(lab):
    """Packets leave by the link that it does not ask to leave, and by both when it asks no more."""
    for prefix in (OWN4, OWN6):
        until_links(lab, prefix, LINK_NAMES[1:])
    begin(lab)
    up(lab)
    for prefix in (OWN4, OWN6):
        until_links(lab, prefix, LINK_NAMES)
    return "GRACEFUL_SHUTDOWN honoured in both families"


def we_leave(lab):
    primary = f"tailspin/private/{LINK_NAMES[0]}"
    lab.edge.command("link", "drain", primary, timeout=120)
    until_received(lab, 0, lambda found: found and all(
        GRACEFUL_SHUTDOWN in communities and path.count(SITE_ASN) > 1
        for path, communities in found.values()), "GRACEFUL_SHUTDOWN on the drained link")
    until_received(lab, 1, lambda found: found and not any(
        GRACEFUL_SHUTDOWN in communities for _, communities in found.values()), "not on the other")
    lab.edge.command("link", "undrain", primary, timeout=120)
    until_received(lab, 0, lambda found: found and not any(
        GRACEFUL_SHUTDOWN in communities for _, communities in found.values()), "welcome again")
    return "seen by GoBGP on the drained link alone, and gone with the drain"


def hard_limit(lab):
    """One more than the limit closes the sessions of its family, with the notification that says so."""
    more = [f"10.77.{number}.0/24" for number in range(LIMIT)]
    lab.gobgp.announce(*more[:-1])
    until_rows(lab, "at the limit", lambda link, family, row: row["state"] == "Established"
               and (family == "ipv6" or (row["accepted"] == LIMIT and row["alarm"])))
    lab.gobgp.announce(more[-1])
    until_rows(lab, "closed", lambda link, family, row: row["state"] == "Established"
               if family == "ipv6" else row["state"] == "Idle"
               and f"more than {LIMIT} prefixes" in str(row["last_error"]))
    lab.gobgp.process.wait_output(r'"Code":6,.*"Subcode":1,', 30)
    return f"closed at {LIMIT + 1} with CEASE 1; IPv6 never noticed"


def checks():
    yield from session_checks()
    yield "GoBGP: routes of both families both ways", both_ways
    yield "GoBGP: it asks for a link to be left", customer_leaves
    yield "GoBGP: a link is drained", we_leave
    yield "GoBGP: hard limit", hard_limit
    yield "ledgers", ledger
    yield "buffers", buffers


if __name__ == "__main__":
    sys.exit(run_in_lab("gb", checks()))
