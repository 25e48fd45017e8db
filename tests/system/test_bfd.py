# SPDX-License-Identifier: BSD-3-Clause
"""BFD at 50 ms x 3 with FRR and BIRD: a silent cut, packets that must not be believed, a peer that
takes BFD away, a bfdd that dies, and a peer with timers of its own."""

import json
import re
import sys

from apply_kit import Document
from support import LabError, run_in_lab

from onramp_lab import checks_bfd
from onramp_lab.checks_bfd import LINK, sessions, stream
from onramp_lab.checks_failure import established_counts
from onramp_lab.checks_ledger import buffers, ledger
from onramp_lab.checks_reach import next_hops
from onramp_lab.process import Process
from onramp_lab.shell import wait_until
from onramp_lab.spoof import COPIES, KEPT, PEER_PROGRAM, Liar
from onramp_lab.topology import CONTOSO

INTERVAL_MS = 50
CUSTOMER, EDGE = CONTOSO.addresses(0, 1)[0], CONTOSO.addresses(0, 2)[0]
STRANGERS = ("198.51.100.9", "2001:db8:ffff::9")
# The scripted peer's.
MIN_TX_US, MIN_RX_US, MULTIPLIER = 100000, 400000, 5
INTERVALS = 12


def spoofed(lab):
    """Each would take the session down if it were believed. Each breaks one rule."""
    liars = [Liar(lab, lab.spaces["contoso"], LINK, family) for family in (4, 6)]
    for liar, stranger, other_link in zip(liars, STRANGERS, CONTOSO.addresses(1, 2)):
        ours = liar.before["discriminator"]
        # RFC 5880 4.3: keyed SHA1, which nobody asked for here.
        signed = liar.payload(flags=4, length=52) + bytes([4, 28, 1, 0]) + bytes(24)
        liar.tell("ttl", "primary", ttl=254)
        liar.tell("version", "primary", payload=liar.payload(version=2))
        liar.tell("length", "primary", payload=liar.payload(length=23))
        liar.tell("multiplier", "primary", payload=liar.payload(multiplier=0))
        liar.tell("multipoint", "primary", payload=liar.payload(flags=1))
        liar.tell("my-discriminator", "primary", payload=liar.payload(mine=0))
        liar.tell("your-discriminator", "primary", payload=liar.payload(yours=ours ^ 0x5a5a))
        liar.tell("source", "primary", source=stranger)
        liar.tell("interface", "secondary", target=other_link)
        liar.tell("auth-unwanted", "primary", payload=signed)
        liar.tell("echo", "primary", port=3785)
    for liar in liars:
        liar.untouched()
    return (f"{liars[0].told} ways to lie in IPv4, {liars[1].told} in IPv6, {COPIES} packets each: "
            "all counted, the sessions as before")


def admin_down(lab):
    """RFC 5882 3.2: the peer takes BFD out of use. That is no news of the path."""
    resets = established_counts(lab)
    with stream(lab) as running:
        lab.contoso.command("configure terminal", "bfd", "profile lab", "shutdown", "bfdd")
        def down():
            rows = [row for (link, _), row in sessions(lab).items() if link.startswith("contoso/")]
            done = [row for row in rows if row["remote_state"] == "admin-down"]
            return len(done) == 4 and done or (False, f"{len(done)} of 4 are told so")
        rows = wait_until("contoso's sessions admin-down at its side", down, 10)
        if any(row["path_down"] for row in rows):
            raise LabError("a path was taken out of use")
        came = running.came()
        wait_until("1000 packets more", lambda: running.came() >= came + 1000, 10)
        lab.contoso.command("configure terminal", "bfd", "profile lab", "no shutdown", "bfdd")
        checks_bfd.all_up(lab)
        result = running.end()
    if result["lost"] or established_counts(lab) != resets:
        raise LabError(f"{result['lost']} packets lost; BGP before {resets}, "
                       f"after {established_counts(lab)}")
    return "0 packets lost, no BGP session reset, up again when it was taken back"


def told_up(edge):
    """Does the edge's bfdd have all sessions, and was it told that they are up?"""
    states = [row["status"] for domain in edge.domains()
              for row in edge.frr.json(f"show bfd vrf {domain} peers json", "bfdd")]
    return states == ["up"] * checks_bfd.SESSIONS or (False, f"states {states}")


def bfdd_dies(lab):
    """The dataplane's sessions do not know of it, and bgpd makes nothing of it."""
    resets = established_counts(lab)
    before = {key: [row[name] for name in KEPT] for key, row in sessions(lab).items()}
    edge = lab.edge
    edge.frr.processes["bfdd"].kill()
    def forgotten():
        text = edge.frr.command("show running-config", "bgpd")
        return " bfd" not in text or (False, "bgpd still has BFD in its configuration")
    edge.dataplane.wait_output("bfdd left; 10 sessions go on")
    wait_until("bgpd told to do without BFD", forgotten, 10)
    received = {key: row["rx"] for key, row in sessions(lab).items()}
    wait_until("they are heard all the same", lambda: all(
        row["rx"] > received[key] + 10 for key, row in sessions(lab).items()), 10)
    edge.frr.processes["bfdd"].start()
    wait_until("bfdd knows them as up", lambda: told_up(edge), 30)
    after = {key: [row[name] for name in KEPT] for key, row in sessions(lab).items()}
    if after != before:
        raise LabError(f"sessions before {before}, after {after}")
    if established_counts(lab) != resets:
        raise LabError(f"BGP sessions before {resets}, after {established_counts(lab)}")
    next_hops(lab, CONTOSO)
    return f"{len(after)} sessions kept state and discriminators, no BGP session was reset"


def contoso_paths(lab):
    return {(row["link"], row["peer"]): row for row in lab.edge.show("paths", "contoso/private")}


def switched_off(lab):
    """The customer takes BFD away without a word, which is silence; the operator follows, and the
    links are in use again at once: whose session was taken back by an order is not held."""
    neighbours = [address for half in (0, 1) for address in CONTOSO.addresses(half, 2)]
    bgp = ("configure terminal", f"router bgp {CONTOSO.asn}")
    lab.contoso.command(*bgp, *(f"no neighbor {address} bfd" for address in neighbours), "bgpd")
    wait_until("contoso's paths down", lambda: all(
        row["causes"] == ["bfd"] for row in contoso_paths(lab).values()) or (
            False, f"{contoso_paths(lab)}"), 10)
    document = Document(lab)
    with_bfd = f"{CONTOSO.asn}\n        bfd: {{interval: {INTERVAL_MS}ms, multiplier: 3}}\n"
    document.apply((with_bfd, f"{CONTOSO.asn}\n        bfd: off\n"))
    def let_go():
        left = [key for key in sessions(lab) if key[0].startswith("contoso/")]
        down = [key for key, row in contoso_paths(lab).items() if row["causes"]]
        return not left and not down or (False, f"sessions {left}, paths down {down}")
    wait_until("contoso's sessions gone and its paths live", let_go, 10)
    next_hops(lab, CONTOSO)
    document.apply((f"{CONTOSO.asn}\n        bfd: off\n", with_bfd))
    lab.contoso.command(*bgp, *(f"neighbor {address} bfd profile lab" for address in neighbours),
                        "bgpd")
    checks_bfd.all_up(lab)
    return "off at both sides and on again"


def scripted_peer(lab):
    """Slower than we ask in one direction, with a multiplier of its own in the other."""
    lab.contoso.processes["bfdd"].kill()
    wait_until(f"{LINK} down", lambda: sessions(lab)[LINK, 4]["state"] == "down", 10)
    peer = Process(lab, "bfd-peer", ["/usr/bin/python3", PEER_PROGRAM, "speak", CUSTOMER, EDGE,
                                     *map(str, (MIN_TX_US, MIN_RX_US, MULTIPLIER, INTERVALS))],
                   netns=lab.spaces["contoso"].path)
    peer.start()
    try:
        wait_until(f"{LINK} up", lambda: sessions(lab)[LINK, 4]["state"] == "up", 20)
        def agreed():
            row = sessions(lab)[LINK, 4]
            found = (row["tx_interval_us"], row["rx_interval_us"], row["detection_us"])
            # RFC 5880 6.8.4 and 6.8.7: the slower of both, the other side's multiplier.
            return found == (MIN_RX_US, MIN_TX_US, MULTIPLIER * MIN_TX_US) or (False, str(found))
        wait_until("the timers agreed on", agreed, 10)
        intervals = json.loads(peer.wait_output(r"^\{.*\}$", 30)[0])["intervals_ms"]
        # It is silent now.
        text = lab.edge.dataplane.wait_output(
            rf"{LINK}: {CUSTOMER} is down: silent for (5\d\d)\.\d ms", 10)
    finally:
        peer.stop()
        lab.contoso.processes["bfdd"].start()
    # RFC 5880 6.8.7: 75 to 100 % of the interval; what the machine adds is not the sender's.
    low, high = 0.75 * MIN_RX_US / 1000 - 15, MIN_RX_US / 1000 + 15
    if not all(low <= interval <= high for interval in intervals):
        raise LabError(f"intervals of {intervals} ms, not {low} to {high} ms")
    checks_bfd.all_up(lab)
    return (f"intervals of {min(intervals):.0f} to {max(intervals):.0f} ms, down after "
            f"{re.sub('[^0-9]', '', text[1])} ms of silence")


def checks():
    yield from checks_bfd.checks()
    yield "spoofed packets: refused by name, the session untouched", spoofed
    yield "AdminDown of the peer: traffic and BGP stay", admin_down
    yield "bfdd killed: sessions go on", bfdd_dies
    yield "BFD switched off: links in use at once", switched_off
    yield "a scripted peer: timers agreed on, silence noticed", scripted_peer
    yield "ledgers", ledger
    yield "buffers", buffers


if __name__ == "__main__":
    sys.exit(run_in_lab("b", checks(), bfd_ms=INTERVAL_MS))
