/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/config/schema.h"

#include <stddef.h>
#include <string.h>

#include "control/model/site.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define G UINT64_C(1000000000)
#define TAG .kind = FIELD_INTEGER, .minimum = 1, .maximum = 4094
#define PREFIXES .kind = FIELD_PREFIX, .shape = SHAPE_LIST
#define MD5_SENTENCE                                                                              \
	"TCP-MD5 (RFC 2385) on the sessions: a file of one line, at most 25 letters and digits, " \
	"that belongs to root and that others cannot read. A changed file is taken within "       \
	"seconds, and the sessions begin anew with it."
#define ASN .kind = FIELD_ASN, .minimum = 1, .maximum = 4294967294

static const struct choice roles[] = {{"customer", PORT_CUSTOMER}, {"core", PORT_CORE}, {NULL, 0}};
static const struct choice speeds[] = {
	{"10G", 10 * G}, {"100G", 100 * G}, {"400G", 400 * G}, {NULL, 0}};
static const struct choice ethertypes[] = {
	{"0x8100", 0x8100}, {"0x88a8", 0x88a8}, {"0x9100", 0x9100}, {NULL, 0}};
static const struct choice rss_ways[] = {
	{"auto", RSS_AUTO}, {"hardware", RSS_HARDWARE}, {"software", RSS_SOFTWARE}, {NULL, 0}};
static const struct choice tiers[] = {
	{"local", TIER_LOCAL}, {"standard", TIER_STANDARD}, {"premium", TIER_PREMIUM}, {NULL, 0}};
static const struct choice families[] = {
	{"metered", FAMILY_METERED}, {"unlimited", FAMILY_UNLIMITED}, {NULL, 0}};
static const struct choice states[] = {{"enabled", 1}, {"disabled", 0}, {NULL, 0}};
static const struct choice provider_states[] = {{"not-provisioned", PROVIDER_NOT_PROVISIONED},
	{"provisioning", PROVIDER_PROVISIONING}, {"provisioned", PROVIDER_PROVISIONED},
	{"deprovisioning", PROVIDER_DEPROVISIONING}, {NULL, 0}};
static const struct choice peering_types[] = {{"private", PEERING_PRIVATE},
	{"public", PEERING_PUBLIC}, {"microsoft", PEERING_PUBLIC}, {NULL, 0}};

static const struct choice managers[] = {{"customer", PRINCIPAL_CUSTOMER},
	{"provider", PRINCIPAL_PROVIDER}, {"operator", PRINCIPAL_OPERATOR}, {NULL, 0}};

static const struct field port_fields[] = {
	[PORT_NAME] = {"name", FIELD_NAME, .required = true, .example = "cust",
		.sentence = "Name of the port, unique on its edge."},
	[PORT_DEVICE] = {"device", FIELD_TEXT, .required = true, .example = "\"0000:17:00.0\"",
		.sentence = "The DPDK device: a PCI address or the arguments of a virtual device."},
	[PORT_ROLE] = {"role", FIELD_CHOICE, .required = true, .choices = roles,
		.example = "customer",
		.sentence = "Whether customers or virtual networks are behind the port."},
	[PORT_SPEED] = {"speed", FIELD_CHOICE, .required = true, .choices = speeds,
		.unit = "bits per second", .example = "100G",
		.sentence = "The port's speed; it decides which direct bandwidths there are."},
	[PORT_MTU] = {"mtu", FIELD_INTEGER, .preset = "1500", .minimum = 1280, .maximum = 9216,
		.unit = "bytes of IP packet", .example = "9000",
		.sentence = "Largest IP packet on every link of the port; tags do not count."},
	[PORT_ETHERTYPE] = {"outer_ethertype", FIELD_CHOICE, .preset = "0x8100",
		.choices = ethertypes, .example = "0x88a8",
		.sentence =
			"EtherType of the outer tag (S-tag) of QinQ. The inner tag and the tag of "
			"802.1Q are always 0x8100."},
	[PORT_RSS] = {"rss", FIELD_CHOICE, .preset = "auto", .choices = rss_ways,
		.example = "software",
		.sentence =
			"How packets come to several workers. `auto`: packets that the device "
			"hashed stay where it put them, workers hand the others (all, where it has "
			"too few queues) to each other by flow; `hardware`: its queues are trusted "
			"though it does not tell its hash; `software`: it is not trusted. "
			"`onramp show ports` says which way is taken."},
};
static const struct schema port_schema = {
	"a port of an edge", "An Ethernet port.", port_fields, COUNT(port_fields), PORT_NAME};

static const struct field edge_fields[] = {
	[EDGE_NAME] = {"name", FIELD_NAME, .required = true, .example = "fra1-a",
		.sentence = "Name of the edge; `edge` of `edge.yaml`, or `onramp-control --self`, "
			    "selects by it."},
	[EDGE_ZONE] = {"zone", FIELD_NAME, .example = "a",
		.sentence = "Zone the edge stands in, for people."},
	[EDGE_CORES] = {"cores", FIELD_MAPPING, .schema = &cores_schema,
		.example = "{workers: [2, 3], control: [0, 1]}",
		.sentence = "CPUs of the dataplane; needed here where the machine's own file "
			    "(`edge.yaml`) has none."},
	[EDGE_MEMORY] = {"memory", FIELD_MAPPING, .schema = &memory_schema, .example = "{size: 4G}",
		.sentence = "Memory of the dataplane."},
	[EDGE_PORTS] = {"ports", FIELD_MAPPING, SHAPE_LIST, .required = true,
		.schema = &port_schema, .example = "see below",
		.sentence = "The edge's ports, at most 32."},
};
static const struct schema edge_schema = {"an edge",
	"A machine that runs the dataplane. A site is one edge, or a pair of them.", edge_fields,
	COUNT(edge_fields), EDGE_NAME};

static const struct choice bfd_words[] = {{"off", 0}, {NULL, 0}};

static const struct choice urpf_ways[] = {
	{"strict", URPF_STRICT}, {"loose", URPF_LOOSE}, {"off", URPF_OFF}, {NULL, 0}};

static const struct field peering_fields[] = {
	[PEERING_TYPE] = {"type", FIELD_CHOICE, .required = true, .choices = peering_types,
		.example = "private",
		.sentence = "`private` leads into virtual networks, `public` to public services; "
			    "`microsoft` is a synonym of `public`. Each once in a circuit."},
	[PEERING_MANAGED_BY] = {"managed_by", FIELD_CHOICE, .choices = managers,
		.example = "provider",
		.sentence = "Who writes the peering's other fields: `customer`, `provider` (of "
			    "circuits on provider pairs, whose provider runs the BGP side) or "
			    "`operator`. Without it the circuit's `customer`, and the operator "
			    "where there is none."},
	[PEERING_C_TAG] = {"c_tag", TAG, .unit = "VLAN id", .example = "100",
		.sentence = "Inner tag, of a circuit with `s_tag` (QinQ) and only there; unique in "
			    "the circuit."},
	[PEERING_VLAN] = {"vlan", TAG, .unit = "VLAN id", .example = "300",
		.sentence =
			"The tag, of a circuit without `s_tag` (802.1Q) and only there; unique on "
			"the port pair, S-tags included."},
	[PEERING_ASN] = {"peer_asn", ASN, .required = true, .example = "65001",
		.sentence = "The customer's AS number, another than the site's."},
	[PEERING_BFD] = {"bfd", FIELD_MAPPING, .choices = bfd_words, .schema = &bfd_schema,
		.example = "{interval: 50ms, multiplier: 3}",
		.sentence = "BFD on both links; on, with the defaults, when it is not named."},
	[PEERING_URPF] = {"urpf", FIELD_CHOICE, .choices = urpf_ways, .example = "strict",
		.sentence =
			"Which source addresses are believed. `strict`: those that the customer "
			"announces on this edge, by either link, and the links' own; `loose`: "
			"those that the peering has any route to, a virtual network's included; "
			"`off`: all. Others are dropped as `urpf-strict` or `urpf-loose`. When it "
			"is not named: `strict` where one edge has all links of the peering; "
			"`off` where two have them, because neither knows what is announced to "
			"the other: `strict` there asks the customer to announce everything to "
			"both."},
	[PEERING_TTL_SECURITY] = {"ttl_security", FIELD_FLAG, .preset = "false", .example = "true",
		.sentence =
			"Whether BGP is believed only when it comes straight from the link, with "
			"a TTL of 255 (RFC 5082), which the customer's router must be set to "
			"send; other BGP is dropped as `bgp-ttl`. Ours leaves with it too."},
	[PEERING_MD5] = {"md5_file", FIELD_TEXT, .example = "/etc/onramp/keys/acme-md5",
		.sentence = MD5_SENTENCE},
	[PEERING_LIMIT] = {"prefix_limit", FIELD_MAPPING, .schema = &limit_schema,
		.example = "{ipv4: 8000, mode: soft}",
		.sentence = "How many prefixes the customer may announce."},
	[PEERING_VALIDATED] = {"validated_prefixes", PREFIXES, .example = "[198.51.100.0/24]",
		.sentence = "Of a public peering: the public prefixes that the customer may "
			    "announce, parts of them too, down to a /29 or a /64. Without any its "
			    "sessions stay down."},
	[PEERING_ORIGIN] = {"origin_asn", ASN, .example = "64500",
		.sentence =
			"Of a public peering whose `peer_asn` is a private one: the AS that the "
			"validated prefixes belong to, which `validation` asks for, and which "
			"may stand in the paths too. Default: `peer_asn`."},
	[PEERING_FILTER] = {"route_filter", FIELD_NAME, .example = "storage",
		.sentence = "Of a public peering: which services it is announced, and reaches. "
			    "Without one none. `onramp filter attach` sets it too."},
	[PEERING_LINK_SUBNETS] = {"link_subnets", PREFIXES,
		.example = "[192.0.2.0/29, \"2001:db8:1::/125\"]",
		.sentence = "One /29 and/or one /125, split in halves: the first is the primary "
			    "link's. The customer takes the first usable address, the edge the "
			    "second."},
	[PEERING_PRIMARY] = {"primary", PREFIXES, .example = "[192.0.2.0/30]",
		.sentence = "Instead of `link_subnets`: the primary link's /30 and/or /126."},
	[PEERING_SECONDARY] = {"secondary", PREFIXES, .example = "[192.0.2.4/30]",
		.sentence = "With `primary`: the secondary link's /30 and/or /126."},
};
static const struct schema peering_schema = {"a peering of a circuit",
	"A routing domain on a circuit, with one BGP session for each link and family.",
	peering_fields, COUNT(peering_fields), PEERING_TYPE};

static const struct field circuit_fields[] = {
	[CIRCUIT_NAME] = {"name", FIELD_NAME, .required = true, .example = "acme-prod",
		.sentence = "Name of the circuit, unique in the site."},
	[CIRCUIT_CUSTOMER] = {"customer", FIELD_NAME, .example = "acme",
		.sentence = "Whose circuit it is. The peerings of a circuit that names its "
			    "customer are his to write (`onramp peering set`), see `managed_by`."},
	[CIRCUIT_AUTHORIZATION] = {"authorization", FIELD_NAME, .example = "globex",
		.sentence = "The authorization of its port pair that it was made with (`onramp "
			    "circuit create --authorization`); its `circuit` is this one."},
	[CIRCUIT_PAIR] = {"port_pair", FIELD_NAME, .required = true, .example = "acme",
		.sentence = "The port pair the circuit is on."},
	[CIRCUIT_BANDWIDTH] = {"bandwidth", FIELD_RATE, .required = true, .example = "10G",
		.unit = "bits per second",
		.sentence =
			"Provider: 50M, 100M, 200M, 500M, 1G, 2G, 5G, 10G. Direct on 10G ports: "
			"1G, "
			"2G, 5G, 10G; on 100G ports: 5G, 10G, 40G, 100G; on 400G ports also 200G, "
			"400G. The circuits of a direct pair may sum to twice the port's speed."},
	[CIRCUIT_LIMIT] = {"rate_limit", FIELD_FLAG, .example = "true",
		.sentence =
			"Whether the bandwidth is enforced, on each link and in each direction, "
			"for all peerings of the circuit together. Always on provider pairs; on "
			"direct pairs only when this is `true`."},
	[CIRCUIT_BURST] = {"burst", FIELD_DURATION, .preset = "10ms", .minimum = 1000,
		.maximum = 1000000, .unit = "`us` or `ms`, 1ms to 1000ms", .example = "50ms",
		.sentence = "How much of the bandwidth may come at once after a pause: the bytes "
			    "of that long, but at least 18524 (two frames of the largest MTU)."},
	[CIRCUIT_OVERHEAD] = {"overhead", FIELD_INTEGER, .preset = "0", .maximum = 24,
		.unit = "bytes a frame", .example = "24",
		.sentence = "What counts against the bandwidth besides layer 2 from the MAC "
			    "addresses to the payload: 4 for the check sequence, 24 for preamble "
			    "and gap too."},
	[CIRCUIT_TIER] = {"tier", FIELD_CHOICE, .preset = "standard", .choices = tiers,
		.example = "premium",
		.sentence =
			"The tier that was sold: which virtual networks it may be connected with. "
			"`local`: those of the site's `location`; `standard`: those of its "
			"`region`; "
			"`premium`: all. `standard` and `premium` may change into each other and "
			"`local` into them, but never back to it."},
	[CIRCUIT_FAMILY] = {"family", FIELD_CHOICE, .preset = "metered", .choices = families,
		.example = "unlimited",
		.sentence = "How it is billed; `metered` may become `unlimited`, and never back."},
	[CIRCUIT_STATE] = {"state", FIELD_CHOICE, .preset = "enabled", .choices = states,
		.example = "disabled",
		.sentence = "Whether the operator lets it forward (`onramp circuit disable`)."},
	[CIRCUIT_PROVIDER_STATE] = {"provider_state", FIELD_CHOICE, .choices = provider_states,
		.example = "provisioned",
		.sentence = "Of a circuit on a provider pair, which forwards only when it is "
			    "`provisioned`. It is the provider's (`onramp circuit provision`), "
			    "`not-provisioned` at first, and stands in a file only because "
			    "`onramp export` writes it there."},
	[CIRCUIT_S_TAG] = {"s_tag", TAG, .unit = "VLAN id", .example = "100",
		.sentence = "Outer tag of a QinQ circuit, unique on the port pair. Required on a "
			    "`qinq` pair, refused on a `dot1q` pair. It stays for the circuit's "
			    "life."},
	[CIRCUIT_SECONDARY_S_TAG] = {"secondary_s_tag", TAG, .unit = "VLAN id", .example = "101",
		.sentence = "Outer tag of the secondary links, of a circuit whose port pair is one "
			    "port twice and only there; unique like `s_tag`."},
	[CIRCUIT_KEY] = {"service_key", FIELD_UUID,
		.example = "\"2f1c3a52-6a0e-5c0f-9a3b-0d8c5d1f7e11\"",
		.sentence =
			"The circuit's service key; when absent it is made from the names of site "
			"and circuit (UUID version 5), the same on each edge."},
	[CIRCUIT_PEERINGS] = {"peerings", FIELD_MAPPING, SHAPE_LIST, .schema = &peering_schema,
		.example = "see below", .sentence = "The circuit's peerings."},
};
static const struct schema circuit_schema = {"a circuit", "What a customer bought.", circuit_fields,
	COUNT(circuit_fields), CIRCUIT_NAME};

static const struct field bgp_fields[] = {
	[BGP_ASN] = {"peer_asn", ASN, .required = true, .example = "4200100002",
		.sentence = "The core router's AS number, another than the site's."},
	[BGP_LINK_SUBNETS] = {"link_subnets", PREFIXES, .example = "[10.255.0.0/29]",
		.sentence =
			"One IPv4 block (/24 to /30) and/or one IPv6 block (/120 to /126): the "
			"n-th "
			"edge with the port takes the n-th /30 or /126. The core router takes the "
			"first usable address, the edge the second."},
	[BGP_TRANSIT] = {"transit_subnets", PREFIXES,
		.example = "[10.255.64.0/24, \"fd00:ff:64::/64\"]",
		.sentence =
			"Instead of `link_subnets`: one IPv4 subnet (/16 to /29) and/or one IPv6 "
			"subnet (/48 to /124) that all edges, the core router and machines of the "
			"network share; what a virtual network is connected to reaches the "
			"machines. The core router takes the first usable address, the n-th edge "
			"the one n further."},
	[BGP_BFD] = {"bfd", FIELD_MAPPING, .choices = bfd_words, .schema = &bfd_schema,
		.example = "{interval: 50ms, multiplier: 3}",
		.sentence = "BFD towards the core router; on, with the defaults, when it is not "
			    "named."},
	[BGP_MD5] = {"md5_file", FIELD_TEXT, .example = "/etc/onramp/keys/core-md5",
		.sentence = MD5_SENTENCE},
};
const struct schema bgp_schema = {"a core attachment by BGP",
	"The network's prefixes are learned from a core router.", bgp_fields, COUNT(bgp_fields),
	-1};

static const struct field static_fields[] = {
	[STATIC_PREFIXES] = {"prefixes", PREFIXES, .required = true, .example = "[10.1.0.0/16]",
		.sentence = "The network's prefixes; each needs a link or transit subnet of its "
			    "family."},
	[STATIC_GATEWAY] = {"gateway", FIELD_ADDRESS, SHAPE_ONE_OR_LIST, .example = "10.255.1.2",
		.sentence = "The next hop, one for each family (and edge); the edge takes the "
			    "subnet's other usable address. Default: the first usable one."},
	[STATIC_LINK_SUBNETS] = {"link_subnets", PREFIXES, .example = "[10.255.1.0/30]",
		.sentence =
			"As with `bgp`: the n-th edge with the port takes the n-th /30 or /126."},
	[STATIC_TRANSIT] = {"transit_subnets", PREFIXES,
		.example = "[10.255.64.0/24, \"fd00:ff:64::/64\"]",
		.sentence = "As with `bgp`, instead of `link_subnets`; the gateway may be any of "
			    "its addresses that no edge has."},
};
static const struct schema static_schema = {"a static core attachment",
	"The network's prefixes are written here.", static_fields, COUNT(static_fields), -1};

static const struct field core_fields[] = {
	[CORE_PORT] = {"port", FIELD_NAME, .required = true, .example = "core",
		.sentence =
			"Name of the core port; every edge that has a core port of that name is "
			"attached."},
	[CORE_VLAN] = {"vlan", FIELD_INTEGER, .preset = "0", .maximum = 4094, .unit = "VLAN id",
		.example = "10",
		.sentence =
			"802.1Q tag, unique on the port; 0 is untagged, for one network a port."},
	[CORE_BGP] = {"bgp", FIELD_MAPPING, .schema = &bgp_schema,
		.example = "{peer_asn: 4200100002, link_subnets: [10.255.0.0/29]}",
		.sentence = "Attachment by BGP. Either this or `static`."},
	[CORE_STATIC] = {"static", FIELD_MAPPING, .schema = &static_schema,
		.example = "{prefixes: [10.1.0.0/16], link_subnets: [10.255.1.0/30]}",
		.sentence = "Static attachment. Either this or `bgp`."},
};
static const struct schema core_schema = {"the core attachment of a virtual network",
	"Where the network's own routers are.", core_fields, COUNT(core_fields), -1};

static const struct field vnet_fields[] = {
	[VNET_NAME] = {"name", FIELD_NAME, .required = true, .example = "acme-vnet",
		.sentence = "Name of the virtual network, unique in the site."},
	[VNET_LOCATION] = {"location", FIELD_NAME, .example = "amsterdam",
		.sentence = "The metropolitan area where its own routers are. Without it the "
			    "site's, unless its `region` is another."},
	[VNET_REGION] = {"region", FIELD_NAME, .example = "america",
		.sentence = "The region of the world where they are. Without it the site's."},
	[VNET_CORE] = {"core", FIELD_MAPPING, .required = true, .schema = &core_schema,
		.example = "see below", .sentence = "How it is attached to the core."},
	[VNET_CONNECTIONS] = {"connections", FIELD_MAPPING, SHAPE_LIST,
		.schema = &connection_schema, .example = "[{circuit: acme-prod, weight: 100}]",
		.sentence = "The circuits it is linked to."},
};
static const struct schema vnet_schema = {"a virtual network",
	"A tenant's network on the cloud's side.", vnet_fields, COUNT(vnet_fields), VNET_NAME};

static const struct field site_fields[] = {
	[SITE_NAME] = {"site", FIELD_NAME, .required = true, .example = "fra1",
		.sentence = "Name of the site."},
	[SITE_LOCATION] = {"location", FIELD_NAME, .example = "frankfurt",
		.sentence =
			"The metropolitan area it is in. Circuits of tier `local` reach virtual "
			"networks there alone."},
	[SITE_REGION] = {"region", FIELD_NAME, .example = "europe",
		.sentence = "The region of the world it is in. Circuits of tier `standard` reach "
			    "virtual networks there, those of tier `premium` all."},
	[SITE_ASN] = {"asn", ASN, .required = true, .example = "4200100001",
		.sentence =
			"The operator's own AS number; 23456, 65535 and 4294967295 are reserved "
			"(RFC 7607, RFC 6793, RFC 7300)."},
	[SITE_REVISION] = {"revision", FIELD_INTEGER, .minimum = 1, .maximum = 1000000000,
		.example = "17",
		.sentence =
			"The store's revision that `onramp export` wrote the file from. What was "
			"changed after it is not undone by applying the file: that is refused."},
	[SITE_EDGES] = {"edges", FIELD_MAPPING, SHAPE_LIST, .required = true,
		.schema = &edge_schema, .example = "see below",
		.sentence = "The site's edges; the same file goes on each."},
	[SITE_PAIRS] = {"port_pairs", FIELD_MAPPING, SHAPE_LIST, .schema = &pair_schema,
		.example = "see below", .sentence = "The site's port pairs."},
	[SITE_CIRCUITS] = {"circuits", FIELD_MAPPING, SHAPE_LIST, .schema = &circuit_schema,
		.example = "see below", .sentence = "The site's circuits."},
	[SITE_VNETS] = {"vnets", FIELD_MAPPING, SHAPE_LIST, .schema = &vnet_schema,
		.example = "see below", .sentence = "The site's virtual networks."},
	[SITE_GLOBAL_REACH] = {"global_reach", FIELD_MAPPING, SHAPE_LIST,
		.schema = &global_reach_schema,
		.example = "[{name: acme-sites, circuits: [acme-prod, acme-dr]}]",
		.sentence = "Which circuits reach each other."},
	[SITE_FILTERS] = {"route_filters", FIELD_MAPPING, SHAPE_LIST, .schema = &filter_schema,
		.example = "see below", .sentence = "What public peerings are announced."},
	[SITE_SERVICES] = {"services", FIELD_MAPPING, SHAPE_LIST, .schema = &service_schema,
		.example = "see below", .sentence = "The operator's public services."},
	[SITE_BUDGETS] = {"control_budgets", FIELD_MAPPING, .schema = &budgets_schema,
		.example = "{other: 100}",
		.sentence = "How much each link may ask of the edge itself."},
};
const struct schema site_schema = {
	"the site", "The whole file.", site_fields, COUNT(site_fields), -1};

static const struct {
	const char *field, *what;
} later_fields[] = {
	{"macsec", "MACsec"},
	{"ipsec", "IPsec"},
	{"reserved_asns", "a list of reserved AS numbers"},
	{"drain", "maintenance by draining"},
};

const char *schema_later(const char *field)
{
	for (size_t i = 0; i < COUNT(later_fields); i++) {
		if (strcmp(later_fields[i].field, field) == 0)
			return later_fields[i].what;
	}
	return NULL;
}
