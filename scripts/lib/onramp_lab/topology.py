# SPDX-License-Identifier: BSD-3-Clause
"""The lab: two customers with the same addresses, two virtual networks with the same addresses,
and one edge between them (or a pair of edges, which share the links between them).

  contoso-host --- contoso (FRR) ====cust-a, cust-b==== EDGE ==core, VLAN 10== vnet-a-router (BIRD) --- vnet-a-host
  fabrikam-host -- fabrikam (BIRD) ==cust-a, cust-b==== EDGE ==core, VLAN 20== vnet-b-router -------- vnet-b-host
"""

import os

from . import hugepages
from .bird import Bird
from .edge import Edge
from .frr import Frr
from .namespace import HOST_SETTINGS, ROUTER_SETTINGS, join
from .rig import Rig
from .shell import LabError, wait_until
from .splice import Splice

SITE_ASN = 4200100001
VNET_A_ASN = 4200100002
MEMORY_MB = 512
CORE_MTU = 1400  # smaller than the customers' 1500: the edge must fragment and say "too big"

CUSTOMER_PREFIX4, CUSTOMER_PREFIX6 = "10.0.0.0/16", "fd00:a::/48"
CUSTOMER_HOST4, CUSTOMER_HOST6 = "10.0.0.10", "fd00:a::10"
VNET_PREFIX4, VNET_PREFIX6 = "10.1.0.0/16", "fd00:b::/48"
VNET_HOST4, VNET_HOST6 = "10.1.0.10", "fd00:b::10"
# Announced by contoso beside its network, to be withdrawn by a check; an address of its host.
EXTRA_PREFIX4, EXTRA_PREFIX6 = "10.66.0.0/16", "fd00:66::/48"
EXTRA_HOST4, EXTRA_HOST6 = "10.66.0.10", "fd00:66::10"


class Customer:
    """What one tenant looks like from outside; links: port -> (net4, net6), the first usable
    addresses are the customer's, the second the edge's."""

    def __init__(self, name, asn, vnet, s_tag, c_tag, only4, only6, net4, net6):
        self.name, self.asn, self.vnet, self.s_tag, self.c_tag = name, asn, vnet, s_tag, c_tag
        self.only4, self.only6 = only4, only6  # addresses that no other tenant has
        self.net4, self.net6 = net4, net6      # stem and first host number of the /29 and /125

    def addresses(self, half, side):
        """(IPv4, IPv6) of half 0 (primary) or 1, side 1 (customer) or 2 (edge)."""
        stem4, first4 = self.net4
        return f"{stem4}{first4 + 4 * half + side}", f"{self.net6}{4 * half + side:x}"


CONTOSO = Customer("contoso", 65001, "vnet-a", 100, 200, "10.200.0.1", "fd00:200::1",
                   ("192.0.2.", 0), "2001:db8:1::")
FABRIKAM = Customer("fabrikam", 65002, "vnet-b", 0, 300, "10.201.0.1", "fd00:201::1",
                    ("192.0.2.", 8), "2001:db8:2::")
CUSTOMERS = (CONTOSO, FABRIKAM)
LINK_NAMES = ("primary", "secondary")
# Where the two links of each peering end, as (edge, port): on one edge, or on each of a pair.
ONE_EDGE = (("edge", "cust-a"), ("edge", "cust-b"))
PAIR_OF_EDGES = (("edge-a", "cust"), ("edge-b", "cust"))
PORTS = tuple(port for _, port in ONE_EDGE)


class VirtualNetwork:
    def __init__(self, name, vlan, net4, net6, customer, only4, only6):
        self.name, self.vlan, self.customer = name, vlan, customer
        self.net4, self.net6 = net4, net6
        self.router4, self.router6 = self.addresses(0, 1)
        self.edge4, self.edge6 = self.addresses(0, 2)
        self.only4, self.only6 = only4, only6

    def addresses(self, edge, side):
        """(IPv4, IPv6) on the wire to the edge of that number, side 1 (router) or 2 (edge)."""
        return f"{self.net4}{4 * edge + side}", f"{self.net6}{4 * edge + side:x}"


VNET_A = VirtualNetwork("vnet-a", 10, "10.255.0.", "fd00:ff:a::", CONTOSO, "10.210.0.1",
                        "fd00:210::1")
VNET_B = VirtualNetwork("vnet-b", 20, "10.255.1.", "fd00:ff:b::", FABRIKAM, "10.211.0.1",
                        "fd00:211::1")
VNETS = (VNET_A, VNET_B)


def slash(address, length):
    return f"{address}/{length}"


class Lab(Rig):
    """One run. ends: ONE_EDGE or PAIR_OF_EDGES; hold_s: the hold time that customers and core
    routers ask for; workers: the CPUs of each edge's workers; control_options: more of
    onramp-control's; bfd_ms: BFD's interval on both sides of every session; contoso_bfd: whether
    contoso asks for any."""

    def __init__(self, name, build, *, ethertype=0x8100, use_hugepages=True, say=print,
                 extra_vnets="", memory_mb=MEMORY_MB, ends=ONE_EDGE, hold_s=30, workers=(1,),
                 control_options=(), bfd_ms=300, contoso_bfd=True):
        super().__init__(name, build, say)
        self.ethertype, self.ends, self.hold_s, self.bfd_ms = ethertype, ends, hold_s, bfd_ms
        self.edge_names = list(dict.fromkeys(edge for edge, _ in ends))
        self.core_links = [f"core{suffix}" for suffix in self.edge_suffixes()]
        self.extra_vnets, self.memory_mb, self.workers = extra_vnets, memory_mb, list(workers)
        self.control_options, self.contoso_bfd = control_options, contoso_bfd
        self.splices = []
        self.hugepages = False
        if use_hugepages:
            self.hugepages, text = hugepages.reserve(self.manifest,
                                                     memory_mb * len(self.edge_names))
            say(f"hugepages: {text}" + ("" if self.hugepages else "; going on without them"))
        else:
            say("hugepages: not asked for; the dataplane runs with --no-huge")

    def edge_suffixes(self):
        """What tells the edges' things apart: nothing while there is one, else -a and -b."""
        return [""] if len(self.edge_names) == 1 else [name[-2:] for name in self.edge_names]

    # ---- building ----

    def build_networks(self):
        """Every namespace and wire, but the ports: those come with the dataplane."""
        # The edge's own kernel must not speak on the ports' netdevs.
        self.edge_spaces = {name: self.space(name, {"net/ipv6/conf/default/disable_ipv6": 1,
                                                    "net/ipv6/conf/all/disable_ipv6": 1})
                            for name in self.edge_names}
        self.edge_space = self.edge_spaces[self.edge_names[0]]
        for customer in CUSTOMERS:
            self._build_customer(customer)
        for vnet in VNETS:
            self._build_vnet(vnet)
        self._build_withdrawable()

    def _build_customer(self, customer):
        router = self.space(customer.name, ROUTER_SETTINGS)
        host = self.space(f"{customer.name}-host", HOST_SETTINGS)
        self._join_host(router, host, ("10.0.0.1", CUSTOMER_HOST4), ("fd00:a::1", CUSTOMER_HOST6))
        router.addresses("lo", slash(customer.only4, 32), slash(customer.only6, 128))
        for half, (edge, port) in enumerate(self.ends):
            link = LINK_NAMES[half]
            veth = f"{customer.name}-{'ab'[half]}"
            join(router, link, self.edge_spaces[edge], veth)
            own4, own6 = customer.addresses(half, 1)
            router.addresses(link, slash(own4, 30), slash(own6, 126))
            self.splice(port, veth, customer.s_tag, customer.c_tag, edge)

    def _build_vnet(self, vnet):
        router = self.space(f"{vnet.name}-router", ROUTER_SETTINGS)
        host = self.space(f"{vnet.name}-host", HOST_SETTINGS)
        self._join_host(router, host, ("10.1.0.1", VNET_HOST4), ("fd00:b::1", VNET_HOST6))
        router.addresses("lo", slash(vnet.only4, 32), slash(vnet.only6, 128))
        for index, (edge, link) in enumerate(zip(self.edge_names, self.core_links)):
            join(router, link, self.edge_spaces[edge], vnet.name, mtu=CORE_MTU)
            own4, own6 = vnet.addresses(index, 1)
            router.addresses(link, slash(own4, 30), slash(own6, 126))
            self.splice("core", vnet.name, 0, vnet.vlan, edge)
        self._last_resort(router, vnet)

    def _last_resort(self, router, vnet):
        """Default routes to every edge, so that traffic for withdrawn routes still meets one; a
        static network has no others."""
        for family, index in ((4, 0), (6, 1)):
            hops = [word for edge in range(len(self.edge_names))
                    for word in ("nexthop", "via", vnet.addresses(edge, 2)[index])]
            router.ip(f"-{family}", "route", "add", "default", "metric", "4096", *hops)

    def _join_host(self, router, host, addresses4, addresses6):
        join(router, "lan", host, "lan")
        router.addresses("lan", slash(addresses4[0], 16), slash(addresses6[0], 48))
        host.addresses("lan", slash(addresses4[1], 16), slash(addresses6[1], 48))
        host.route("default", addresses4[0])
        host.route("default", addresses6[0])

    def _build_withdrawable(self):
        host = self.spaces["contoso-host"]
        host.addresses("lo", slash(EXTRA_HOST4, 32), slash(EXTRA_HOST6, 128))
        router = self.spaces["contoso"]
        router.route(EXTRA_PREFIX4, CUSTOMER_HOST4)
        router.route(EXTRA_PREFIX6, CUSTOMER_HOST6)

    def splice(self, port, veth, s_tag, c_tag, edge=None):
        space = self.edge_spaces[edge] if edge else self.edge_space
        self.splices.append(Splice(self, space, port, veth, s_tag=s_tag, c_tag=c_tag,
                                   ethertype=self.ethertype, priority=len(self.splices) + 1))

    def customer_ports(self, edge_name):
        return [port for edge, port in self.ends if edge == edge_name]

    def connect_ports(self, timeout=30, edges=None):
        """As soon as each dataplane has made its netdevs; of all edges, or of those given."""
        edges = self.edges if edges is None else edges
        def look(edge, port):
            edge.dataplane.require_alive()
            return edge.namespace.has_link(port)
        for edge in edges:
            for port in (*self.customer_ports(edge.name), "core"):
                wait_until(f"the dataplane's {port}",
                           lambda edge=edge, port=port: look(edge, port), timeout)
        for splice in self.splices:
            if splice.edge in [edge.namespace for edge in edges]:
                splice.connect()

    def start_peers(self):
        # The kernel drops nexthop objects of a link without carrier, and FRR 8.4 does not give them
        # back: plain multipath routes come back.
        self.contoso = Frr(self, "contoso", self.spaces["contoso"],
                           {"zebra": "no zebra nexthop kernel enable\n",
                            "bfdd": f"bfd\n profile lab\n  transmit-interval {self.bfd_ms}\n"
                                    f"  receive-interval {self.bfd_ms}\n",
                            "bgpd": contoso_bgpd(self, CONTOSO)}).start()
        self.fabrikam = Bird(self, "fabrikam", self.spaces["fabrikam"],
                             fabrikam_bird(self, FABRIKAM)).start()
        self.vnet_a = Bird(self, "vnet-a", self.spaces["vnet-a-router"], vnet_a_bird(self)).start()

    def start_edge(self):
        """Every edge of the site, each with the same file."""
        self.edges = [Edge(self, self.edge_spaces[name], self.build, name, suffix,
                           self.control_options)
                      for name, suffix in zip(self.edge_names, self.edge_suffixes())]
        self.edge = self.edges[0]
        self.yaml = os.path.join(self.run_dir, "lab.yaml")
        with open(self.yaml, "w", encoding="utf-8") as file:
            file.write(site_yaml(self))
        for edge in self.edges:
            edge.start()
            edge.apply(self.yaml)
            edge.provision()
        self.connect_ports()
        for edge in self.edges:
            edge.wait_synced()

    def start(self):
        self.say("building namespaces and wires")
        self.build_networks()
        self.say("starting the edge: dataplane, control, FRR")
        self.start_edge()
        for edge in self.edges:
            edge.buffer_baseline = edge.buffers_used()
        self.say("starting the customers' and the core's routers")
        self.start_peers()
        return self

    def supervise(self):
        """Starts what has ended again, as systemd would. Returns the names."""
        ended = [process for edge in self.edges for process in edge.processes()
                 if not process.alive()]
        for process in ended:
            process.start()
        return [process.name for process in ended]


# ---- configurations ----

def edge_yaml(lab, number, name):
    outer = f"0x{lab.ethertype:04x}"
    def port(index, ifname, more):
        device = f"net_tap{index},iface={ifname},persist=1,mac=02:00:00:00:{number}{index + 1}:00"
        return f'      - {{name: {ifname}, device: "{device}", {more}}}\n'
    ports = lab.customer_ports(name)
    customer = f"role: customer, speed: 10G, outer_ethertype: {outer}"
    return f"""\
  - name: {name}
    cores: {{workers: {lab.workers}, control: [0], idle: 50us}}
    memory: {{size: {lab.memory_mb}M, hugepages: {str(lab.hugepages).lower()}}}
    ports:
""" + "".join([*(port(index, ifname, customer) for index, ifname in enumerate(ports)),
               port(len(ports), "core", f"role: core, speed: 10G, mtu: {CORE_MTU}")])


def site_yaml(lab):
    edges = "".join(edge_yaml(lab, *row) for row in enumerate(lab.edge_names))
    primary, secondary = (f"{edge}/{port}" for edge, port in lab.ends)
    gateways = ", ".join(f'"{address}"' for edge in range(len(lab.edge_names))
                         for address in VNET_B.addresses(edge, 1))
    bfd = f"{{interval: {lab.bfd_ms}ms, multiplier: 3}}"
    return f"""# The lab's site; written by scripts/lab.
site: lab
asn: {SITE_ASN}
edges:
{edges}port_pairs:
  - {{name: shared, model: provider, encapsulation: mixed, primary: {primary}, secondary: {secondary}}}
circuits:
  - name: contoso
    port_pair: shared
    bandwidth: 1G
    tier: standard
    s_tag: {CONTOSO.s_tag}
    peerings:
      - type: private
        c_tag: {CONTOSO.c_tag}
        peer_asn: {CONTOSO.asn}
        bfd: {bfd}
        link_subnets: [192.0.2.0/29, "2001:db8:1::/125"]
  - name: fabrikam
    port_pair: shared
    bandwidth: 1G
    tier: standard
    peerings:
      - type: private
        vlan: {FABRIKAM.c_tag}
        peer_asn: {FABRIKAM.asn}
        bfd: {bfd}
        link_subnets: [192.0.2.8/29, "2001:db8:2::/125"]
vnets:
  - name: vnet-a
    core: {{port: core, vlan: {VNET_A.vlan}, bgp: {{peer_asn: {VNET_A_ASN}, bfd: {bfd}, link_subnets: [10.255.0.0/29, "fd00:ff:a::/125"]}}}}
    connections: [{{circuit: contoso, weight: 100}}]
  - name: vnet-b
    core:
      port: core
      vlan: {VNET_B.vlan}
      static:
        prefixes: [{VNET_PREFIX4}, "{VNET_PREFIX6}", {VNET_B.only4}/32, "{VNET_B.only6}/128"]
        gateway: [{gateways}]
        link_subnets: [10.255.1.0/29, "fd00:ff:b::/125"]
    connections: [{{circuit: fabrikam, weight: 100}}]
{lab.extra_vnets}"""


def contoso_bgpd(lab, customer):
    neighbours = [customer.addresses(half, 2) for half in (0, 1)]
    sessions = "".join(f" neighbor {address} remote-as {SITE_ASN}\n"
                       f" neighbor {address} timers {lab.hold_s // 3} {lab.hold_s}\n"
                       f" neighbor {address} timers connect 2\n"
                       + f" neighbor {address} bfd profile lab\n" * lab.contoso_bfd
                       for pair in neighbours for address in pair)
    def family(name, index, networks):
        lines = [f" address-family {name} unicast"]
        lines += [f"  network {network}" for network in networks]
        for pair in neighbours:
            other = pair[1 - index]
            lines.append(f"  neighbor {pair[index]} activate")
            if index == 1:
                lines.append(f"  no neighbor {other} activate")
        return "\n".join([*lines, "  maximum-paths 2", " exit-address-family", ""])
    return (f"router bgp {customer.asn}\n bgp router-id {neighbours[0][0][:-1]}1\n"
            " no bgp ebgp-requires-policy\n no bgp default ipv4-unicast\n"
            + sessions
            + family("ipv4", 0, [CUSTOMER_PREFIX4, EXTRA_PREFIX4, customer.only4 + "/32"])
            + family("ipv6", 1, [CUSTOMER_PREFIX6, EXTRA_PREFIX6, customer.only6 + "/128"]))


def bird_base(router_id, bfd_ms=300):
    return f"""router id {router_id};
protocol device {{ }}
protocol bfd {{ interface "*" {{ interval {bfd_ms} ms; multiplier 3; }}; }}
protocol direct {{ ipv4; ipv6; interface "lan", "lo"; }}
filter leave_when_asked {{  # RFC 8326
	if (65535, 0) ~ bgp_community then bgp_local_pref = 0;
	accept;
}}
protocol kernel kernel4 {{ ipv4 {{ export where source = RTS_BGP; }}; merge paths on; }}
protocol kernel kernel6 {{ ipv6 {{ export where source = RTS_BGP; }}; merge paths on; }}
"""


def bird_session(lab, name, local, neighbour):
    channel = "ipv6" if ":" in neighbour[0] else "ipv4"
    return f"""protocol bgp {name} {{
	local {local[0]} as {local[1]};
	neighbor {neighbour[0]} as {neighbour[1]};
	hold time {lab.hold_s}; keepalive time {lab.hold_s // 3};
	connect retry time 2; connect delay time 1; error wait time 1, 2; bfd on;
	{channel} {{ import filter leave_when_asked; export where source = RTS_DEVICE; }};
}}
"""


def fabrikam_bird(lab, customer):
    text = bird_base("192.0.2.9", lab.bfd_ms)
    for half, link in enumerate(LINK_NAMES):
        for own, edge in zip(customer.addresses(half, 1), customer.addresses(half, 2)):
            family = "6" if ":" in own else "4"
            text += bird_session(lab, link + family, (own, customer.asn), (edge, SITE_ASN))
    return text


def vnet_a_bird(lab):
    text = bird_base(VNET_A.router4, lab.bfd_ms)
    for index in range(len(lab.edge_names)):
        for own, edge in zip(VNET_A.addresses(index, 1), VNET_A.addresses(index, 2)):
            family = "6" if ":" in own else "4"
            text += bird_session(lab, f"edge{index}_{family}", (own, VNET_A_ASN), (edge, SITE_ASN))
    return text
