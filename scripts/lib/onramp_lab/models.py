# SPDX-License-Identifier: BSD-3-Clause
"""Every way to be connected, on one edge, as docs/connectivity-models.md draws them. The site's
file is docs/examples/models.yaml; here is what stands around the edge: customers' routers, a cloud
exchange with a switch and a managed router, an IPVPN with three sites, and the cloud's router.

  acme-ce    ==acme-a, acme-b========================================== EDGE ==core, VLAN 10== core
  contoso-ce ==contoso-nid (C-tags)==switch (S-tags)==exchange-a, -b=== EDGE
  fabrikam-ce -- exchange-pe (FRR) ==switch (S-tags)==exchange-a, -b=== EDGE
  wingtip-ce ==ethernet, S-tags 50 and 51============================== EDGE
  site-1, site-2, site-3 -- ipvpn-pe (FRR) ==ipvpn-a, ipvpn-b========== EDGE
"""

import os

from .bird import Bird
from .edge import Edge
from .frr import Frr
from .namespace import ROUTER_SETTINGS, join
from .rig import Rig
from .shell import wait_until
from .splice import Splice
from .topology import LINK_NAMES, SITE_ASN, bird_base, bird_session

SITE_FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                         "../../../docs/examples/models.yaml")
PORTS = ("acme-a", "acme-b", "exchange-a", "exchange-b", "ethernet", "ipvpn-a", "ipvpn-b", "core")
CORE_ASN, EXCHANGE_ASN, IPVPN_ASN = 4200100002, 64600, 64700
CLOUD4, CLOUD6 = "10.1.0.10", "fd00:b::10"
CORE_LINK = (("10.255.0.1", "fd00:ff:a::1"), ("10.255.0.2", "fd00:ff:a::2"))


class Party:
    """A router with a network of its own behind it, which is an address of its loopback."""

    def __init__(self, name, number, asn):
        self.name, self.number, self.asn = name, number, asn
        self.own = (f"10.{10 + number}.0.10", f"fd00:{10 + number}::10")


def link(circuit, half, side):
    """(IPv4, IPv6) of a circuit's primary (0) or secondary link, side 1 (theirs) or 2 (edge)."""
    return f"192.0.2.{8 * circuit + 4 * half + side}", f"2001:db8:{circuit}::{4 * half + side:x}"


def access(number, side):
    """The same between a provider's router (side 1) and the customer behind it (2)."""
    return f"198.51.100.{4 * number + side}", f"2001:db8:a{number}::{side}"


ACME, CONTOSO = Party("acme-ce", 1, 65001), Party("contoso-ce", 2, 65002)
FABRIKAM, WINGTIP = Party("fabrikam-ce", 3, 65003), Party("wingtip-ce", 4, 65004)
# Two sites of the IPVPN share an AS number, as is usual there: the PE overrides it.
SITES = (Party("site-1", 5, 65101), Party("site-2", 6, 65102), Party("site-3", 7, 65101))
PARTIES = (ACME, CONTOSO, FABRIKAM, WINGTIP, *SITES)
SESSIONS = 5 * 4 + 2  # as the edge counts them: circuits x links x families, and the core


class ModelsLab(Rig):
    hold_s = 30  # what routers ask for; topology.bird_session reads it

    def build_networks(self):
        self.edge_space = self.space("edge", {"net/ipv6/conf/default/disable_ipv6": 1,
                                              "net/ipv6/conf/all/disable_ipv6": 1})
        self.splices = {}
        self.wires = []
        self._number = 0
        for party in PARTIES:
            router = self.space(party.name, ROUTER_SETTINGS)
            self._own(router, party.own)
        self._own(self.space("core", ROUTER_SETTINGS), (CLOUD4, CLOUD6))
        self.space("exchange-pe", ROUTER_SETTINGS)
        self.space("ipvpn-pe", ROUTER_SETTINGS)
        self._build_core()
        self._build_tagged("acme-ce", 1, ("acme-a", "acme-b"), (10, 10), 100)
        self._build_tagged("wingtip-ce", 4, ("ethernet", "ethernet"), (50, 51), 100)
        self._build_tagged("ipvpn-pe", 5, ("ipvpn-a", "ipvpn-b"), (70, 70), 100)
        self._build_exchange()
        for number, (provider, party) in enumerate((("exchange-pe", FABRIKAM),
                                                    *(("ipvpn-pe", site) for site in SITES))):
            self._join(provider, party.name, party.name, "provider")
            self._address(provider, party.name, access(number, 1))
            self._address(party.name, "provider", access(number, 2))

    def _own(self, router, addresses):
        router.addresses("lo", f"{addresses[0]}/32", f"{addresses[1]}/128")

    def _join(self, left, left_ifname, right, right_ifname):
        join(self.spaces[left], left_ifname, self.spaces[right], right_ifname)

    def _address(self, space, ifname, addresses):
        self.spaces[space].addresses(ifname, f"{addresses[0]}/30", f"{addresses[1]}/126")

    def _splice(self, name, space, port, veth, **tags):
        self._number += 1
        self.splices[name] = Splice(self, self.spaces[space], port, veth, priority=self._number,
                                    **tags)

    def _build_core(self):
        self._join("core", "edge", "edge", "cloud")
        self._address("core", "edge", CORE_LINK[0])
        self._splice("core", "edge", "core", "cloud", c_tag=10)

    def _build_tagged(self, router, circuit, ports, s_tags, c_tag):
        """Both links of a circuit, whose router sets both tags."""
        for half, name in enumerate(LINK_NAMES):
            veth = f"{router[:8]}-{'ab'[half]}"
            self._join(router, name, "edge", veth)
            self._address(router, name, link(circuit, half, 1))
            self._splice(f"{router}/{name}", "edge", ports[half], veth, s_tag=s_tags[half],
                         c_tag=c_tag)

    def _build_exchange(self):
        """The exchange's switch pushes an S-tag by the port that a frame came in; what is inside is
        the customer's. contoso sets its C-tags in a box of its own, the PE likewise."""
        quiet = {"net/ipv6/conf/default/disable_ipv6": 1, "net/ipv6/conf/all/disable_ipv6": 1}
        self.space("switch", quiet)
        for half, name in enumerate(LINK_NAMES):
            self._join("switch", f"trunk-{name}", "edge", f"wire-{'ab'[half]}")
            self.wires.append((f"exchange-{'ab'[half]}", f"wire-{'ab'[half]}"))
        for router, circuit, s_tag, c_tag in (("contoso-ce", 2, 100, 200),
                                              ("exchange-pe", 3, 110, 300)):
            nid = f"{router.split('-', maxsplit=1)[0]}-nid"
            self.space(nid, quiet)
            for half, name in enumerate(LINK_NAMES):
                self._join(router, name, nid, f"lan-{name}")
                self._address(router, name, link(circuit, half, 1))
                self._join(nid, name, "switch", f"{nid[:4]}-{name}")
                self._splice(f"{nid}/{name}", nid, name, f"lan-{name}", c_tag=c_tag)
                self._splice(f"switch/{nid}/{name}", "switch", f"trunk-{name}",
                             f"{nid[:4]}-{name}", s_tag=s_tag, any_inner=True)

    def connect_ports(self):
        def look(port):
            self.edge.dataplane.require_alive()
            return self.edge_space.has_link(port)
        for port in PORTS:
            wait_until(f"the dataplane's {port}", lambda port=port: look(port), 30)
        for splice in self.splices.values():
            splice.connect()
        for pair in self.wires:
            for one, other in (pair, pair[::-1]):
                self.edge_space.run("tc", "qdisc", "replace", "dev", one, "clsact")
                self.edge_space.run("tc", "filter", "add", "dev", one, "ingress", "protocol", "all",
                                    "u32", "match", "u32", "0", "0", "action", "mirred", "egress",
                                    "redirect", "dev", other)

    def start_peers(self):
        customers = {ACME: 1, CONTOSO: 2, WINGTIP: 4}
        self.birds = {"core": Bird(self, "core", self.spaces["core"], self._bird(
            CORE_LINK[0][0], [(CORE_LINK[0], CORE_ASN, CORE_LINK[1], SITE_ASN)])).start()}
        for party, circuit in customers.items():
            sessions = [(link(circuit, half, 1), party.asn, link(circuit, half, 2), SITE_ASN)
                        for half in (0, 1)]
            self._start_bird(party, sessions)
        for number, (party, provider) in enumerate(((FABRIKAM, EXCHANGE_ASN),
                                                    *((site, IPVPN_ASN) for site in SITES))):
            self._start_bird(party, [(access(number, 2), party.asn, access(number, 1), provider)])
        self.exchange = self._start_pe("exchange-pe", EXCHANGE_ASN, 3, {FABRIKAM: 0})
        self.ipvpn = self._start_pe("ipvpn-pe", IPVPN_ASN, 5,
                                    {site: 1 + number for number, site in enumerate(SITES)})

    def _bird(self, router_id, sessions):
        text = bird_base(router_id)
        for number, (own, asn, neighbour, neighbour_asn) in enumerate(sessions):
            for family, (local, remote) in enumerate(zip(own, neighbour)):
                text += bird_session(self, f"s{number}_{'46'[family]}", (local, asn),
                                     (remote, neighbour_asn))
        return text

    def _start_bird(self, party, sessions):
        self.birds[party.name] = Bird(self, party.name, self.spaces[party.name],
                                      self._bird(party.own[0], sessions)).start()

    def _start_pe(self, name, asn, circuit, customers):
        """A provider's router: two links to the edge, and its customers. What one tells it goes to
        all others, the edge's other link included: nothing filters but BGP itself."""
        neighbours = [(link(circuit, half, 2), SITE_ASN) for half in (0, 1)]
        neighbours += [(access(number, 2), party.asn) for party, number in customers.items()]
        lines = [f"router bgp {asn}", " bgp router-id " + link(circuit, 0, 1)[0],
                 " no bgp ebgp-requires-policy", " no bgp default ipv4-unicast"]
        for addresses, neighbour in neighbours:
            for address in addresses:
                lines += [f" neighbor {address} remote-as {neighbour}",
                          f" neighbor {address} timers 10 30",
                          f" neighbor {address} timers connect 2", f" neighbor {address} bfd",
                          # FRR 8.4 makes one update for a group of neighbours, and overrides the
                          # AS number of the group's first: each here is a group of its own.
                          f" neighbor {address} solo"]
        for index, family in enumerate(("ipv4", "ipv6")):
            lines += [f" address-family {family} unicast", "  maximum-paths 2"]
            for addresses, neighbour in neighbours:
                lines.append(f"  neighbor {addresses[index]} activate")
                if neighbour != SITE_ASN:
                    lines.append(f"  neighbor {addresses[index]} as-override")
            lines.append(" exit-address-family")
        return Frr(self, name, self.spaces[name],
                   {"zebra": "no zebra nexthop kernel enable\n",
                    "bgpd": "\n".join(lines) + "\n"}).start()

    def start(self):
        self.say("building namespaces and wires")
        self.build_networks()
        self.say("starting the edge: dataplane, control, FRR")
        self.edge = Edge(self, self.edge_space, self.build)
        self.yaml = SITE_FILE
        self.edge.start()
        self.edge.apply(self.yaml)
        self.edge.provision()
        self.connect_ports()
        self.edge.wait_synced()
        self.say("starting the routers around it")
        self.start_peers()
        return self

    @property
    def edges(self):
        return [self.edge]

    def edge_suffixes(self):
        return [""]
