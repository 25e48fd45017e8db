# SPDX-License-Identifier: BSD-3-Clause
"""The ways to be connected, each with real routers around one edge (docs/connectivity-models.md):
direct, cloud exchange (L2, and managed L3), point-to-point Ethernet over one port, any-to-any
IPVPN."""

import os
import subprocess
import sys

from support import BUILD, lab_name, run_checks_in

from onramp_lab import models, probes
from onramp_lab.checks_reach import route_links, uses_links
from onramp_lab.models import (ACME, CLOUD4, CLOUD6, CONTOSO, FABRIKAM, PARTIES, SESSIONS, SITES,
                               WINGTIP, ModelsLab)
from onramp_lab.shell import LabError, wait_until

CLOUD = (f"{CLOUD4}/32", f"{CLOUD6}/128")
CLOUD_HOSTS = (CLOUD4, CLOUD6)
LINKS = ("primary", "secondary")


def settle(lab):
    def look():
        rows = lab.edge.show("bgp")
        down = [f"{row['peering']}/{row['link']} {row['neighbour']} {row['state']}" for row in rows
                if row["state"] != "Established"]
        return (len(rows) == SESSIONS and not down) or (False, f"{len(rows)}, down: {down}")
    wait_until(f"{SESSIONS} sessions", look, 60)
    return f"{SESSIONS} sessions Established"


def answers(lab, party, addresses, source=None):
    """Both families, from the party's own network to these addresses."""
    own = source or party.own
    for address, mine in zip(addresses, own):
        wait_until(f"an answer from {address} to {party.name}",
                   lambda: probes.ping(lab.spaces[party.name], address, count=1,
                                       extra=("-I", mine))[1], 30)


def both_links(lab, space):
    uses_links(lab.spaces[space], CLOUD, LINKS)


def direct(lab):
    both_links(lab, "acme-ce")
    answers(lab, ACME, CLOUD_HOSTS)
    rows = {row["name"]: row for row in lab.edge.show("circuits")}
    if rows["acme-prod"]["provider_state"] is not None or not rows["acme-prod"]["forwards"]:
        raise LabError(f"a direct circuit: {rows['acme-prod']}")
    return "both links, both families, and no provider's state"


def refused(lab, *words, says, **options):
    done = subprocess.run([lab.edge.onramp, "--run-dir", lab.edge.run_dir, *words], text=True,
                          capture_output=True, timeout=30, check=False, **options)
    if done.returncode == 0 or says not in done.stderr:
        raise LabError(f"{' '.join(words)}: no \"{says}\" in: {done.stdout + done.stderr}")


def authorized(lab):
    """acme lets globex have a circuit on its ports, once."""
    edge = lab.edge
    said = edge.command("port-pair", "authorize", "acme", "globex", "--bandwidth", "2G", "--as",
                        "customer:acme").stdout
    key = os.path.join(lab.run_dir, "key")
    with open(key, "w", encoding="utf-8") as file:
        file.write(said.split("shown this once: ")[1])
    create = ("circuit", "create", "--authorization", key, "--as", "customer:globex", "--s-tag",
              "20")
    refused(lab, *create, "globex", "--bandwidth", "5G", says="5G is more than authorization")
    edge.command(*create, "globex", "--bandwidth", "2G")
    refused(lab, *create, "more", "--bandwidth", "1G", says="was used for circuit globex already")
    state = [row["state"] for row in edge.show("authorizations", "acme")]
    edge.command("circuit", "delete", "globex")
    state += [row["state"] for row in edge.show("authorizations", "acme")]
    edge.command("port-pair", "revoke", "acme", "globex", "--as", "customer:acme")
    if state != ["used", "spent"] or edge.show("authorizations"):
        raise LabError(f"authorizations were {state}")
    return "issued, redeemed once, revoked"


def exchange_l2(lab):
    both_links(lab, "contoso-ce")
    answers(lab, CONTOSO, CLOUD_HOSTS)
    return "C-tag 200 is the customer's, S-tag 100 the switch's"


def managed_l3(lab):
    both_links(lab, "exchange-pe")
    answers(lab, FABRIKAM, CLOUD_HOSTS)
    edge = lab.edge
    key = next(row["service_key"] for row in edge.show("circuits") if row["name"] == "fabrikam")
    refused(lab, "peering", "set", "fabrikam/private", "--as", "customer:fabrikam",
            "{peer_asn: 65003}", says="belongs to the provider")
    edge.command("peering", "set", f"{key}/private", "{bfd: {interval: 400ms}}")
    seen = edge.show("service-key", key)
    if [(row["s_tag"], row["managed"]) for row in seen] != [(110, ["private"])] * 2:
        raise LabError(f"the provider sees {seen}")
    settle(lab)
    return "the customer is behind the provider's router, and only the provider writes the peering"


def point_to_point(lab):
    both_links(lab, "wingtip-ce")
    answers(lab, WINGTIP, CLOUD_HOSTS)
    circuits = {row["name"]: row["redundancy"] for row in lab.edge.show("circuits")}
    if (circuits["wingtip"], circuits["contoso"]) != ("one port", "pair"):
        raise LabError(f"redundancy of circuits: {circuits}")
    rows = [row for row in lab.edge.show("peerings") if row["name"] == "wingtip/private"]
    tags = {(each["port"], each["s_tag"]) for each in rows[0]["links"]}
    if tags != {("ethernet", 50), ("ethernet", 51)}:
        raise LabError(f"wingtip's links: {tags}")
    for name, other in (LINKS, LINKS[::-1]):
        lab.splices[f"wingtip-ce/{name}"].cut()
        uses_links(lab.spaces["wingtip-ce"], CLOUD, (other,))
        answers(lab, WINGTIP, CLOUD_HOSTS)
        lab.splices[f"wingtip-ce/{name}"].connect()
        both_links(lab, "wingtip-ce")
    return "two links by their S-tags on one port; each carries alone when the other is cut"


def ipvpn(lab):
    both_links(lab, "ipvpn-pe")
    for site in SITES:
        answers(lab, site, CLOUD_HOSTS)
        for other in SITES:
            if other is not site:
                answers(lab, site, other.own)
                # By the provider alone: its router is the one hop between.
                def look(site=site, other=other):
                    hops = lab.spaces[site.name].run(
                        "traceroute", "-n", "-q", "1", "-w", "2", "-m", "4", "-s", site.own[0],
                        other.own[0]).stdout.splitlines()
                    return (len(hops) == 3 and other.own[0] in hops[2]) or (False, f"{hops}")
                wait_until(f"two hops from {site.name} to {other.name}", look, 30)
    return "three sites reach the cloud, and each other by the provider alone"


def native_routes(lab):
    """What the edge learned from the PE itself, of both families."""
    return {row["prefix"] for row in lab.edge.show("routes", "private.northwind")
            if row["origin"] == "bgp" and not row["leaked_from"]}


def loop_free(lab):
    """The PE hands the cloud's routes back by its other link; the edge knows its own AS number in
    them and takes none. So they go everywhere when the cloud withdraws them."""
    told = lab.ipvpn.json(
        f"show bgp ipv4 unicast neighbors {models.link(5, 1, 2)[0]} advertised-routes json")
    if CLOUD[0] not in told.get("advertisedRoutes", {}):
        raise LabError(f"the PE does not hand {CLOUD[0]} back, so this shows nothing: {told}")
    wanted = {f"{own}/{length}" for site in SITES for own, length in zip(site.own, (32, 128))}
    if native_routes(lab) != wanted:
        raise LabError(f"the edge learned {native_routes(lab)} from the PE, not {wanted}")
    for family in "46":
        lab.birds["core"].command("disable", f"s0_{family}")
    for space in ("ipvpn-pe", *(site.name for site in SITES)):
        for prefix, family in zip(CLOUD, (4, 6)):
            wait_until(f"{prefix} gone from {space}",
                       lambda: not route_links(lab.spaces[space], prefix, family), 30)
    for family in "46":
        lab.birds["core"].command("enable", f"s0_{family}")
    settle(lab)
    answers(lab, SITES[0], CLOUD_HOSTS)
    return "handed back and not taken; withdrawn, they are gone at the PE and at every site"


def apart(lab):
    """One virtual network with five circuits is no way from one to another, not even for who sends
    packets there unasked."""
    groups = ((ACME,), (CONTOSO,), (FABRIKAM,), (WINGTIP,), SITES)
    pairs = [(party, other) for group in groups for party in group
             for each in groups if each is not group for other in each]
    for party, other in pairs:
        for address, family in zip(other.own, (4, 6)):
            if route_links(lab.spaces[party.name], address, family):
                raise LabError(f"{party.name} was told of {address}, which is {other.name}'s")
    space = lab.spaces[ACME.name]
    for address, mine, edge in zip(CONTOSO.own, ACME.own, models.link(1, 0, 2)):
        space.route(address, edge, "src", mine)
        _, received, _ = probes.ping(space, address, count=1, extra=("-I", mine))
        if received:
            raise LabError(f"acme reaches {address}, which is contoso's")
    def dropped():
        rows = [row for row in lab.edge.show("drops", "acme-prod") if row["reason"] == "no-route"]
        return sum(row["packets"] for row in rows) >= 2 or (False, f"dropped: {rows}")
    wait_until("both counted as no-route", dropped, 10)
    return "nobody is told of another customer, and what is sent there unasked is dropped"


def checks():
    yield "all sessions", settle
    yield "direct", direct
    yield "an authorization on direct ports", authorized
    yield "cloud exchange, L2 cross-connect", exchange_l2
    yield "cloud exchange, managed L3", managed_l3
    yield "point-to-point Ethernet, one port", point_to_point
    yield "any-to-any IPVPN", ipvpn
    yield "no loop through the IPVPN", loop_free
    yield "customers are apart", apart


if __name__ == "__main__":
    sys.exit(run_checks_in("m", lambda: ModelsLab(lab_name("m"), BUILD), checks()))
