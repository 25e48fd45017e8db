# SPDX-License-Identifier: BSD-3-Clause
"""Wrong configurations applied to a running system: each is refused whole, with a message that
names line, field, value and what is right, and nothing that runs changes."""

import os
import re
import sys

from support import LabError, run_in_lab

from onramp_lab import probes
from onramp_lab.checks_failure import dataplane_table, established_counts, owner
from onramp_lab.checks_reach import established, first_answer, host
from onramp_lab.topology import CUSTOMERS, VNET_HOST4, VNET_HOST6

# name, what is replaced (a pattern, once), by what, words that the message must have.
MISTAKES = [
    ("no asn", r"asn: 4200100001\n", "", ["asn", "missing|required|must"]),
    ("the site's asn is no number", r"asn: 4200100001\n", "asn: twelve\n", ["asn", "twelve"]),
    ("unknown field", r"site: lab\n", "site: lab\ncolour: blue\n", ["colour"]),
    ("bfd twice", r"peer_asn: 65001\n", "peer_asn: 65001\n        bfd: {interval: 300ms}\n",
     ["bfd"]),
    ("no path of a key file", r"peer_asn: 65001\n", "peer_asn: 65001\n        md5_file: key\n",
     ["md5_file", "key"]),
    ("MACsec comes later", r"peer_asn: 65001\n", "peer_asn: 65001\n        macsec: true\n",
     ["MACsec"]),
    ("S-tag above 4094", r"s_tag: 100", "s_tag: 4095", ["s_tag", "4095", "4094"]),
    ("VLAN 0", r"vlan: 300", "vlan: 0", ["vlan", "0", "4094"]),
    ("VLAN used as S-tag by another", r"vlan: 300", "vlan: 100", ["100", "contoso|fabrikam"]),
    ("unknown port pair", r"port_pair: shared\n", "port_pair: shred\n", ["shred", "shared"]),
    ("unknown circuit in a connection", r"circuit: fabrikam,", "circuit: fabrican,",
     ["fabrican", "fabrikam"]),
    ("unknown port in a pair", r"primary: edge/cust-a", "primary: edge/cust-z", ["cust-z"]),
    ("unknown port of a vnet", r"vlan: 10, bgp", "vlan: 20, bgp", ["20"]),
    ("bandwidth that is not sold", r"bandwidth: 1G", "bandwidth: 3G", ["bandwidth", "3G"]),
    ("unknown tier", r"tier: standard", "tier: gold", ["tier", "gold", "standard"]),
    ("subnet too small to split", r"192\.0\.2\.0/29", "192.0.2.0/30", ["192.0.2.0/30", "/29"]),
    ("subnet with host bits", r"192\.0\.2\.0/29", "192.0.2.3/29", ["192.0.2.3/29"]),
    ("overlapping link subnets in a peering", r'link_subnets: \[192\.0\.2\.8/29, "2001:db8:2::/125"\]',
     'primary: [192.0.2.8/30]\n        secondary: [192.0.2.8/30]', ["192.0.2.8/30"]),
    ("not an address", r"192\.0\.2\.8/29", "192.0.2.300/29", ["192.0.2.300"]),
    ("the customer has the site's own asn", r"peer_asn: 65002", "peer_asn: 4200100001",
     ["peer_asn", "4200100001"]),
    ("two circuits of one name", r"- name: fabrikam\n", "- name: contoso\n", ["contoso"]),
    ("MTU too large", r"mtu: 1400", "mtu: 99999", ["mtu", "99999", "9216"]),
    ("two sizes of mistake at once", r"(?s)s_tag: 100(.*)vlan: 300", r"s_tag: 5000\1vlan: 5001",
     ["5000", "5001"]),
    ("not YAML", r"port_pairs:\n", "port_pairs: [\n", []),
    ("a service key that is none", r"s_tag: 100\n", "s_tag: 100\n    service_key: abc\n",
     ["service_key", "abc"]),
]


def fingerprint(lab):
    """Everything of the running system that an apply could touch and traffic does not."""
    edge = lab.edge
    return {
        "revision": edge.show("status").get("revision"),
        "stored": edge.command("export").stdout,
        "routes": {domain: dataplane_table(lab, domain) for domain in edge.domains()},
        "sessions": established_counts(lab),
        "processes": [process.pid for process in edge.processes()],
        "frr": edge.frr.command("show running-config", "bgpd"),
        "interfaces": sorted(owner(row) for row in edge.show("stats")),
    }


def settle(lab):
    established("contoso", lab.contoso.sessions, 4)
    established("fabrikam", lab.fabrikam.sessions, 4)
    established("vnet-a", lab.vnet_a.sessions, 2)
    for customer in CUSTOMERS:
        for address in (VNET_HOST4, VNET_HOST6):
            first_answer(host(lab, customer), address)
    lab.before = fingerprint(lab)
    with open(lab.yaml, encoding="utf-8") as file:
        lab.good = file.read()
    return f"{len(lab.before['sessions'])} sessions, revision {lab.before['revision']}"


def refused(lab, name, pattern, replacement, words):
    text, count = re.subn(pattern, replacement, lab.good, count=1)
    if count != 1:
        raise LabError(f"the test's own pattern {pattern!r} is not in the lab's YAML")
    path = os.path.join(lab.run_dir, "wrong.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    for verb in ("check", "apply"):
        done = lab.edge.command(verb, path, check=False)
        said = done.stdout + done.stderr
        if done.returncode == 0:
            raise LabError(f"`onramp {verb}` took it: {said.strip()[-300:]}")
        if not re.search(r"wrong\.yaml:\d+: error: ", said):
            raise LabError(f"`onramp {verb}` gave no FILE:LINE: error: {said.strip()[-300:]}")
        lost = [word for word in words if not re.search(word, said)]
        if lost:
            raise LabError(f"`onramp {verb}` does not say {lost}: {said.strip()[-300:]}")
    errors = [line for line in said.splitlines() if ": error: " in line]
    return errors[0].split(": error: ", 1)[1]


def untouched(lab):
    after = fingerprint(lab)
    differ = [key for key in after if after[key] != lab.before[key]]
    if differ:
        raise LabError(f"after {len(MISTAKES)} refusals these are not as before: {differ}")
    return f"revision, document, routes, sessions, FRR's configuration as before"


def traffic(lab):
    with probes.RunningPing(lab, host(lab, CUSTOMERS[0]), VNET_HOST4) as ping:
        for mistake in MISTAKES[:5]:
            refused(lab, *mistake)
        ping.wait_more(20)
        sent, received = ping.end()
    if sent != received:
        raise LabError(f"{sent - received} of {sent} pings lost while wrong files were applied")
    return f"0 of {sent} pings lost while wrong files were applied"


def checks():
    yield "the lab is up", settle
    for mistake in MISTAKES:
        yield f"refused: {mistake[0]}", lambda lab, mistake=mistake: refused(lab, *mistake)
    yield "the running system is untouched", untouched
    yield "no packet lost", traffic


if __name__ == "__main__":
    sys.exit(run_in_lab("m", checks(), use_hugepages=False))
