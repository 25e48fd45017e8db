# SPDX-License-Identifier: BSD-3-Clause
"""What a private peering promises, with BIRD and FRR as customers: prefix limits, soft and hard,
with their alarm; a flood of prefixes that costs only its own sessions; and TCP-MD5, with a key that
is rotated by writing its file."""

import ipaddress
import os
import sys

from apply_kit import Document, must_say, others_undisturbed
from support import LabError, run_in_lab

from onramp_lab.checks_failure import established_counts
from onramp_lab.checks_ledger import buffers, ledger
from onramp_lab.checks_reach import (core_routes, established, next_hops, route_checks,
                                     session_checks)
from onramp_lab.shell import wait_until
from onramp_lab.topology import CONTOSO, FABRIKAM, LINK_NAMES, VNET_A_ASN

LIMITS = {"ipv4": 4000, "ipv6": 100}
FLOOD = 100_000
FLOOD_RANGE = "101.0.0.0/8"
PEERING = f"vlan: {FABRIKAM.c_tag}\n        peer_asn: {FABRIKAM.asn}\n"
SOFT = PEERING + "        prefix_limit: {mode: soft}\n"
DOMAIN = "private.fabrikam"


def prefix(family, number):
    if family == "ipv4":
        return f"100.{64 + number // 65536}.{number // 256 % 256}.{number % 256}/32"
    return f"2001:db8:ff:{number:x}::/64"


class Announcer:
    """BIRD's configuration, with numbered prefixes beside the lab's own."""

    def __init__(self, lab):
        self.lab = lab
        with open(lab.fabrikam.config, encoding="utf-8") as file:
            text = file.read().replace("export where source = RTS_DEVICE;",
                                       "export where source ~ [RTS_DEVICE, RTS_STATIC];")
        # The flood is not for the primary link. Its filter is this one from the beginning: BIRD
        # would announce all again by another.
        before, after = text.split("protocol bgp primary4 {", 1)
        after = after.replace("export where ", f"export where net !~ [{FLOOD_RANGE}+] && ", 1)
        self.base = f"log stderr {{ remote }};\n{before}protocol bgp primary4 {{{after}"
        self.own = {row["family"]: row["accepted"] for row in sessions(lab).values()}

    def announce(self, wanted, more=()):
        """{family: numbers} beside its own prefixes, and any more of IPv4."""
        lines = [self.base]
        for family, numbers in wanted.items():
            lines.append(f"protocol static many_{family} {{ {family};")
            lines += [f"route {prefix(family, number)} blackhole;" for number in numbers]
            lines.append("}")
        lines += ["protocol static flood { ipv4;",
                  *(f"route {address}/32 blackhole;" for address in more), "}"]
        with open(self.lab.fabrikam.config, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        must_say(self.lab.fabrikam.command("configure", timeout=60), "Reconfigur")

    def up_to(self, more=0, but=(), flood=()):
        """As many as the limits allow, and so many more."""
        self.announce({family: [number for number in range(limit - self.own[family] + more)
                                if number not in but] for family, limit in LIMITS.items()}, flood)

    def flood(self):
        """One more than the limits, and by the secondary link very many more."""
        network = ipaddress.ip_network(FLOOD_RANGE)
        self.up_to(more=1, flood=(network[number] for number in range(FLOOD)))

    def last(self, family):
        """The number of the first that is above the limit."""
        return LIMITS[family] - self.own[family]


def sessions(lab, peering="fabrikam/private"):
    return {(row["link"], row["family"]): row for row in lab.edge.show("bgp", peering)}


def until_sessions(lab, what, wanted, timeout=30, peering="fabrikam/private"):
    """wanted(row) of each session is true."""
    def look():
        rows = sessions(lab, peering)
        wrong = {key: {name: row[name] for name in ("state", "accepted", "refused", "last_error")}
                 for key, row in rows.items() if not wanted(row)}
        return (len(rows) == 4 and not wrong) or (False, f"{len(rows)} of 4 sessions, {wrong}")
    wait_until(what, look, timeout)


def learned(lab, domain):
    """{family: prefixes by BGP} in the dataplane."""
    found = {"ipv4": set(), "ipv6": set()}
    for row in lab.edge.show("routes", domain):
        if row["origin"] == "bgp":
            found["ipv6" if ":" in row["prefix"] else "ipv4"].add(row["prefix"])
    return found


def rejected(lab):
    return {(row["link"], row["prefix"]): row["reason"]
            for row in lab.edge.show("routes", "--rejected", "fabrikam")}


def at_the_limit(lab):
    lab.document = Document(lab)
    lab.announcer = Announcer(lab)
    said = lab.document.apply((PEERING, SOFT))
    must_say(said, "prefix_limit.mode hard -> soft", "No BGP session is touched")
    lab.counts = established_counts(lab)
    lab.announcer.up_to()
    until_sessions(lab, "all prefixes accepted, and the alarm", lambda row: row["refused"] == 0
                   and row["accepted"] == row["limit"] == LIMITS[row["family"]] and row["alarm"])
    if rejected(lab):
        raise LabError(f"refused at the limit: {rejected(lab)}")
    return f"{LIMITS['ipv4']} IPv4 and {LIMITS['ipv6']} IPv6 prefixes by each link"


def surplus_refused(lab):
    announcer = lab.announcer
    announcer.up_to(more=1)
    until_sessions(lab, "one refused", lambda row: row["refused"] == 1
                   and row["accepted"] == LIMITS[row["family"]] and row["state"] == "Established")
    names = {prefix(family, announcer.last(family)) for family in LIMITS}
    found = rejected(lab)
    if set(found) != {(link, name) for link in LINK_NAMES for name in names}:
        raise LabError(f"refused are {found}, not {names}")
    if not all("limit of" in reason for reason in found.values()):
        raise LabError(f"the reasons: {found}")
    for domain in (DOMAIN, "vnet.vnet-b"):
        both = learned(lab, domain)
        if names & (both["ipv4"] | both["ipv6"]):
            raise LabError(f"{names} reached {domain}")
    if {family: len(found) for family, found in learned(lab, DOMAIN).items()} != LIMITS:
        raise LabError("the dataplane's routes are not as many as the limit")
    # Room for one: what waited comes in.
    announcer.up_to(more=1, but=[5])
    until_sessions(lab, "none refused", lambda row: row["refused"] == 0
                   and row["accepted"] == LIMITS[row["family"]])
    wait_until("what waited in the dataplane", lambda: names <= learned(lab, DOMAIN)["ipv4"]
               | learned(lab, DOMAIN)["ipv6"], 20)
    if established_counts(lab) != lab.counts:
        raise LabError(f"sessions began anew: {established_counts(lab)}, not {lab.counts}")
    return f"{sorted(names)} refused by name, sessions never reset"


def hard_limit(lab):
    """Closed with the right notification, whether it is one too many or far too many (the
    secondary link's IPv4); nobody else notices. The customer may not see the notification of a
    session that still sends: a TCP connection that is closed while more data comes in is reset, and
    what it had to say may be lost with it. They are back when they can be: bgpd tries each minute, so that is
    checked at the end."""
    announcer = lab.announcer
    announcer.up_to()
    until_sessions(lab, "at the limit", lambda row: row["refused"] == 0
                   and row["accepted"] == LIMITS[row["family"]])
    with others_undisturbed(lab, "fabrikam"):
        said = lab.document.apply((SOFT, PEERING))
        must_say(said, "No BGP session is touched")
        if established_counts(lab) != lab.counts:
            raise LabError("sessions at the limit did not survive the change to hard")
        announcer.flood()
        until_sessions(lab, "closed by the limit", lambda row: row["state"] == "Idle"
                       and f"more than {LIMITS[row['family']]} prefixes" in str(row["last_error"]))
        wait_until("nothing of fabrikam in the dataplane",
                   lambda: not any(learned(lab, DOMAIN).values()), 20)
    wait_until("BIRD told so", lambda: "Received: Maximum number of prefixes reached" in
               lab.fabrikam.process.output(), 150)
    return f"4 sessions closed with CEASE 1, one after {FLOOD} prefixes; nothing else moved"


def back_below(lab):
    lab.announcer.announce({})
    until_sessions(lab, "up again by themselves", lambda row: row["state"] == "Established"
                   and row["accepted"] == lab.announcer.own[row["family"]] and not row["alarm"], 100)
    return "sessions restored"


# ---- TCP-MD5 ----

def write_key(lab, name, text):
    path = os.path.join(lab.run_dir, f"{name}.md5")
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(text + "\n")
    os.chmod(path + ".new", 0o600)
    os.rename(path + ".new", path)
    return path


def customer_key(lab, text):
    neighbours = [address for half in (0, 1) for address in CONTOSO.addresses(half, 2)]
    lab.contoso.command("configure terminal", f"router bgp {CONTOSO.asn}",
                        *(f"neighbor {address} password {text}" for address in neighbours), "bgpd")


def all_up(lab):
    until_sessions(lab, "contoso up", lambda row: row["state"] == "Established", 60,
                   "contoso/private")
    established("contoso", lab.contoso.sessions, 4)
    next_hops(lab, CONTOSO)
    core_routes(lab)


def down_for(lab, words):
    until_sessions(lab, f"contoso down, because {words}", lambda row: row["state"] != "Established"
                   and words in str(row["last_error"]), 60, "contoso/private")


def core_key(lab, text):
    with open(lab.vnet_a.config, encoding="utf-8") as file:
        config = file.read()
    with open(lab.vnet_a.config, "w", encoding="utf-8") as file:
        file.write(config.replace("\thold time", f'\tpassword "{text}"; hold time'))
    must_say(lab.vnet_a.command("configure"), "Reconfigur")


def signed(lab):
    customer, core = f"c_tag: {CONTOSO.c_tag}\n", f"bgp: {{peer_asn: {VNET_A_ASN}, "
    paths = write_key(lab, "contoso", "Firstkey1"), write_key(lab, "vnet-a", "Corekey1")
    said = lab.document.apply((customer, customer + f"        md5_file: {paths[0]}\n"),
                              (core, core + f"md5_file: {paths[1]}, "))
    must_say(said, "md5_file", "contoso/private/primary ipv4", "vnet-a/core ipv4")
    down_for(lab, "the neighbour does not sign")
    customer_key(lab, "Firstkey1")
    core_key(lab, "Corekey1")
    all_up(lab)
    return "4 sessions of contoso and 2 of the core up with the same keys"


def wrong_key(lab):
    """A file that cannot be used (the core's) is named, costs nothing, and keeps no other from
    being taken."""
    core = os.path.join(lab.run_dir, "vnet-a.md5")
    os.chmod(core, 0o644)
    counts = established_counts(lab)
    write_key(lab, "contoso", "Secondkey2")
    down_for(lab, "the neighbour has another key than")
    customer_key(lab, "Secondkey2")
    all_up(lab)
    must_say(lab.edge.control.output(), f"{core} can be read or changed by others (mode 0644)")
    moved = {key: count for key, count in established_counts(lab).items()
             if "vnet-a" in key[0] and count != counts[key]}
    if moved or not any("vnet-a" in key[0] for key in counts):
        raise LabError(f"sessions of the core began anew: {moved} of {counts}")
    return "down with the reason while keys differed; the file was enough to rotate it"


def no_secret_shown(lab):
    log = lab.edge.control.output()
    texts = [log] + [lab.edge.command("show", what).stdout for what in ("bgp", "status")]
    texts.append(lab.edge.command("export").stdout)
    if any(secret in text for secret in ("Firstkey1", "Secondkey2", "Corekey1") for text in texts):
        raise LabError("a key is shown")
    if "contoso/private/primary" not in log:
        raise LabError("control's log is not what was looked at")
    return "in no log and no answer"


def checks():
    yield from session_checks()
    yield from route_checks()
    yield "4,000 IPv4 and 100 IPv6 prefixes are allowed", at_the_limit
    yield "soft: one more is refused by name, and let in when there is room", surplus_refused
    yield "hard: one more closes the session, and so does a flood", hard_limit
    yield "TCP-MD5: both sides sign", signed
    yield "TCP-MD5: a key rotated, and what is said of a wrong one", wrong_key
    yield "TCP-MD5: no key is shown", no_secret_shown
    yield "hard: below the limit the sessions come back by themselves", back_below
    yield "ledgers", ledger
    yield "buffers", buffers


if __name__ == "__main__":
    sys.exit(run_in_lab("pp", checks()))
